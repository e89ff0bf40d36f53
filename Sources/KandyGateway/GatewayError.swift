/// Why the gateway cannot do what its operator asks. The message is a sentence that says what would have worked.
public struct GatewayError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is. New codes do not break code that switches over the known ones.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// A value in the configuration has no meaning.
    public static let invalidConfiguration = Code(rawValue: "gateway:invalidConfiguration")
    /// The address or port cannot be listened on.
    public static let cannotListen = Code(rawValue: "gateway:cannotListen")
    /// The certificate or key cannot be used.
    public static let invalidCertificate = Code(rawValue: "gateway:invalidCertificate")
    /// The database cannot be opened, read or written.
    public static let databaseUnusable = Code(rawValue: "gateway:databaseUnusable")
    /// The database was written by a newer version.
    public static let databaseTooNew = Code(rawValue: "gateway:databaseTooNew")
    /// A user's properties are not acceptable.
    public static let invalidUser = Code(rawValue: "gateway:invalidUser")
    /// The address or authorization name is taken.
    public static let userExists = Code(rawValue: "gateway:userExists")
    /// There is no such user.
    public static let userNotFound = Code(rawValue: "gateway:userNotFound")
  }

  public let code: Code
  public let message: String
  /// The error that led to this one.
  public let cause: (any Error)?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String { message }
}
