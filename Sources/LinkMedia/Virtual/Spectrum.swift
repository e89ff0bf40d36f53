#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the energy of some sound is spread over the frequencies.
///
/// The sound is cut into overlapping pieces, each weighted with a Hann window, transformed, and the energies are added (Welch's
/// method). The mean of each piece is left out, since a constant is not a sound.
struct Spectrum {
  /// The energy in each bin, from 0 Hz to half the sampling rate.
  let energies: [Double]
  /// The distance of two bins in Hz.
  let resolution: Double
  let total: Double

  /// - Parameters:
  ///   - size: the length of a piece, a power of two; shorter sound is one piece, filled up with zeros.
  init(of samples: [Float], sampleRate: Int, size: Int = 16_384) {
    var energies = [Double](repeating: 0, count: size / 2)
    let transform = FourierTransform(size: size)
    let length = min(size, samples.count)
    var start = 0
    while length > 0, start + length <= samples.count {
      transform.addEnergies(of: samples[start..<start + length], to: &energies)
      start += size / 2
    }
    self.energies = energies
    resolution = Double(sampleRate) / Double(size)
    total = energies.reduce(0, +)
  }

  /// Where most of the energy is, in Hz; 0 for silence.
  var dominantHz: Double {
    guard total > 0, let peak = energies.indices.max(by: { energies[$0] < energies[$1] }) else { return 0 }
    guard peak > 0, peak + 1 < energies.count else { return Double(peak) * resolution }
    // A parabola through the logarithms of three bins has its vertex close to the true frequency.
    let (left, middle, right) = (log(energies[peak - 1] + 1e-30), log(energies[peak] + 1e-30), log(energies[peak + 1] + 1e-30))
    let curvature = left - 2 * middle + right
    let shift = curvature < 0 ? 0.5 * (left - right) / curvature : 0
    return (Double(peak) + shift) * resolution
  }

  /// The share of the energy that lies near a frequency, 0…1.
  /// - Parameter width: how far from it still counts, in Hz.
  func share(near hz: Double, width: Double = 25) -> Double {
    guard total > 0 else { return 0 }
    let first = max(0, Int(((hz - width) / resolution).rounded(.up)))
    let last = min(energies.count - 1, Int(((hz + width) / resolution).rounded(.down)))
    guard first <= last else { return 0 }
    return min(1, energies[first...last].reduce(0, +) / total)
  }
}

/// The fast Fourier transform (radix 2, in place) of real sound.
private struct FourierTransform {
  private let size: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// - Parameter size: a power of two.
  init(size: Int) {
    self.size = size
    cosines = (0..<size / 2).map { cos(2 * .pi * Double($0) / Double(size)) }
    sines = (0..<size / 2).map { -sin(2 * .pi * Double($0) / Double(size)) }
  }

  func addEnergies(of samples: ArraySlice<Float>, to energies: inout [Double]) {
    var real = [Double](repeating: 0, count: size)
    var imaginary = [Double](repeating: 0, count: size)
    let count = samples.count
    let mean = Double(samples.reduce(0, +)) / Double(count)
    let turn = 2 * Double.pi / Double(count)
    for (index, sample) in samples.enumerated() {
      real[index] = (Double(sample) - mean) * (0.5 - 0.5 * cos(turn * Double(index)))
    }
    real.withUnsafeMutableBufferPointer { real in
      imaginary.withUnsafeMutableBufferPointer { imaginary in
        guard let real = real.baseAddress, let imaginary = imaginary.baseAddress else { return }
        reorder(real)
        transform(real, imaginary)
        var bin = 0
        while bin < size / 2 {
          energies[bin] += real[bin] * real[bin] + imaginary[bin] * imaginary[bin]
          bin &+= 1
        }
      }
    }
  }

  /// Puts every value where the reversed bits of its index say.
  private func reorder(_ real: UnsafeMutablePointer<Double>) {
    var target = 0
    var index = 1
    while index < size {
      var bit = size >> 1
      while target & bit != 0 {
        target ^= bit
        bit >>= 1
      }
      target |= bit
      if index < target { (real[index], real[target]) = (real[target], real[index]) }
      index &+= 1
    }
  }

  // `while` and pointers, because this has to be quick in debug builds as well.
  private func transform(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>) {
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
        var half = 1
        while half < size {
          let stride = size / (2 &* half)
          var start = 0
          while start < size {
            var offset = 0
            while offset < half {
              let (upper, lower) = (start &+ offset, start &+ offset &+ half)
              let (c, s) = (cosines[offset &* stride], sines[offset &* stride])
              let re = real[lower] * c - imaginary[lower] * s
              let im = real[lower] * s + imaginary[lower] * c
              real[lower] = real[upper] - re
              imaginary[lower] = imaginary[upper] - im
              real[upper] += re
              imaginary[upper] += im
              offset &+= 1
            }
            start &+= 2 &* half
          }
          half &*= 2
        }
      }
    }
  }
}
