import LinkProtocol

/// What the called user reads as the caller's name.
enum CallerName {
  /// Characters of a name that a client chooses.
  private static let limit = 256

  /// The name in the directory; for users who have none there, the one that the client put before `<` in `from` (R-CALL-821), and at last
  /// the address. It is not for the client to choose another name than the directory's.
  static func of(_ caller: Caller, from: String?) -> String {
    guard caller.displayName == caller.user.description else { return caller.displayName }
    return from.flatMap(displayName) ?? caller.displayName
  }

  /// `Alice Adams<sip:…>`, also with a blank before `<` and with quotes.
  static func displayName(in from: String) -> String? {
    guard from.contains(">"), let open = from.lastIndex(of: "<") else { return nil }
    var name = from[..<open]
    func strip(_ isSurplus: (Character) -> Bool) {
      while let first = name.first, isSurplus(first) { name.removeFirst() }
      while let last = name.last, isSurplus(last) { name.removeLast() }
    }
    strip(\.isWhitespace)
    strip { $0 == "\"" || $0.isWhitespace }
    return name.isEmpty ? nil : String(name.prefix(limit))
  }
}
