import Crypto
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The token that an organization issues to its users (R-CONN-425): HMAC-SHA1 over a fixed text that names the user, written in
/// hexadecimal or Base64. It carries nothing else; whom it is for stands in the request's path.
enum HMACToken {
  /// The authenticated text: compact JSON, members in this order, nothing escaped but what JSON requires.
  static func message(for user: UserAddress) -> String {
    """
    {"authenticationTokenRequest":{"subscriberId":"\(escaped(user.user))","organizationId":"\(escaped(user.domain))"}}
    """
  }

  static func isValid(_ token: String, for user: UserAddress, key: String) -> Bool {
    let code = HMAC<Insecure.SHA1>.authenticationCode(
      for: Data(message(for: user).utf8), using: SymmetricKey(data: Data(key.utf8)))
    return [hexadecimal(token), base64(token)].contains { $0.map { ConstantTime.equal($0, code) } ?? false }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  /// Digits in any case.
  private static func hexadecimal(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// With or without padding, either alphabet.
  private static func base64(_ text: String) -> [UInt8]? {
    var text = text.replacing("-", with: "+").replacing("_", with: "/")
    while text.utf8.count % 4 != 0 { text += "=" }
    return Data(base64Encoded: text).map(Array.init)
  }
}
