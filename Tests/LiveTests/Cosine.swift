#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cosine of a number of turns.
func cosine(_ turns: Double) -> Double {
  cos(2 * .pi * turns)
}
