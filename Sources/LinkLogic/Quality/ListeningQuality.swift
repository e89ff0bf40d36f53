import Foundation

/// How well speech can be listened to, estimated from what the network did to it: the E-model of ITU-T G.107 (06/2015) with all
/// parameters that the far end's room and telephone determine at their defaults (R-CALL-754).
///
///     R = 93.2 − Idd − Ie,eff                                       93.2: G.107 with all defaults
///     Idd = 25 · ((1 + X⁶)^⅙ − 3 · (1 + (X/3)⁶)^⅙ + 2)              G.107 §7.4, X = log₂(Ta / 100 ms); 0 up to 100 ms
///     Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl)                   G.107 §7.5 for random loss, Ppl in per cent
///     MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7 · 10⁻⁶           G.107 Annex B, from 1 to 4.5
///
/// Ta is the delay from mouth to ear, Ppl the share of speech that did not arrive in time. The scale is that of telephone speech, whose
/// best is 4.41: that Opus sounds better than a telephone is not rewarded. Echo, noise and levels are not looked at.
public struct ListeningQuality: Sendable, Hashable, Codable {
  /// What is put in.
  public struct Conditions: Sendable, Hashable {
    /// From the far end's mouth to this end's ear, in seconds.
    public var delay: Double
    /// The share of speech that was not there when it had to be played, 0…1.
    public var loss: Double
    public var codec: Codec

    public init(delay: Double, loss: Double, codec: Codec = .opus) {
      self.delay = delay
      self.loss = loss
      self.codec = codec
    }

    /// The delay of one direction of a call, in seconds: half the round trip, the jitter buffer, and what the codec takes.
    public static func delay(roundTripTime: Double, jitterBuffer: Double, codec: Codec) -> Double {
      roundTripTime / 2 + jitterBuffer + codec.delay
    }
  }

  /// A codec as the E-model sees it.
  public struct Codec: Sendable, Hashable {
    /// Ie: how much it takes away without any loss.
    public var impairment: Double
    /// Bpl: how well it bears loss; the higher the better.
    public var robustness: Double
    /// Packet and look-ahead, in seconds.
    public var delay: Double

    public init(impairment: Double, robustness: Double, delay: Double) {
      self.impairment = impairment
      self.robustness = robustness
      self.delay = delay
    }

    /// G.113 has no values for Opus. Ie is ours: at the engine's bit rates it is no worse than a telephone. Bpl rounds what
    /// M. Alahmadi's measurements of Opus (2021) give for random loss at 22 to 40 kbit/s, 9.8 to 11.3. Packets of 20 ms and 6.5 ms of
    /// look-ahead (RFC 6716 §2.1.4, §3.2).
    public static let opus = Codec(impairment: 0, robustness: 10, delay: 0.0265)
    /// G.711 with concealment of lost packets: G.113 Appendix I, Table I.4. Packets of 20 ms.
    public static let g711 = Codec(impairment: 0, robustness: 25.1, delay: 0.020)

    /// The codec with this MIME type, such as `audio/opus`. Others are estimated as Opus is.
    public init(mimeType: String?) {
      switch mimeType?.lowercased() {
      case "audio/pcmu", "audio/pcma": self = .g711
      default: self = .opus
      }
    }
  }

  /// R, the transmission rating: 0…93.2. Below 60 nearly everybody is dissatisfied, from 80 on hardly anybody (G.109).
  public var rating: Double
  /// What the delay, and what the codec with the loss takes away of R.
  public var delayImpairment: Double
  public var lossImpairment: Double

  public init(_ conditions: Conditions) {
    delayImpairment = Self.delayImpairment(conditions.delay)
    lossImpairment = Self.lossImpairment(conditions.loss, conditions.codec)
    rating = min(max(93.2 - delayImpairment - lossImpairment, 0), 93.2)
  }

  /// The mean opinion score that this would get: 1 is bad, 4.41 is as good as a telephone can be.
  public var mos: Double {
    max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
  }

  /// Idd.
  private static func delayImpairment(_ delay: Double) -> Double {
    guard delay > 0.1 else { return 0 }
    let x = log2(delay / 0.1)
    func root(_ value: Double) -> Double { pow(1 + pow(value, 6), 1.0 / 6) }
    return 25 * (root(x) - 3 * root(x / 3) + 2)
  }

  /// Ie,eff.
  private static func lossImpairment(_ loss: Double, _ codec: Codec) -> Double {
    let percent = 100 * min(max(loss, 0), 1)
    return codec.impairment + (95 - codec.impairment) * percent / (percent + codec.robustness)
  }
}
