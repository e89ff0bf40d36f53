/// Where the gateway's identifiers come from: subscriptions, channels, sessions, events.
public struct IdentifierSource: Sendable {
  /// Makes the next one. It must be safe as a path segment (R-CALL-1) and, outside tests, unguessable (R-CONN-603).
  public let next: @Sendable () -> String

  public init(_ next: @escaping @Sendable () -> String) {
    self.next = next
  }

  /// 128 random bits as 32 hexadecimal digits.
  public static let random = IdentifierSource {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
