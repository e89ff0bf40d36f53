import LinkProtocol

/// What the called user reads as the caller's name.
enum CallerName {
  /// Characters of a name that a client chooses.
  private static let limit = 256

  /// The name in the directory; for users who have none there, the one that the client put before `<` in `from` (R-CALL-821), and at last
  /// the address. It is not for the client to choose another name than the directory's.
  static func of(_ caller: Caller, from: String?) -> String {
    guard caller.displayName == caller.user.description else { return caller.displayName }
    return from.flatMap(AddressRules.displayName).map { String($0.prefix(limit)) } ?? caller.displayName
  }
}
