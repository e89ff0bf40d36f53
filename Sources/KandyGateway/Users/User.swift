public import LinkProtocol

/// A user of the gateway, as the operator sees one.
public struct User: Sendable, Hashable, Codable {
  public var address: UserAddress
  /// The name to sign in with besides the address (R-CONN-422).
  public var authname: String?
  public var firstName: String
  public var lastName: String
  public var email: String
  public var phone: String
  public var photoURL: String
  /// The services that a subscription may get; `nil` grants every one.
  public var services: [ServiceName]?

  public init(
    address: UserAddress, authname: String? = nil, firstName: String = "", lastName: String = "", email: String = "",
    phone: String = "", photoURL: String = "", services: [ServiceName]? = nil
  ) {
    self.address = address
    self.authname = authname
    self.firstName = firstName
    self.lastName = lastName
    self.email = email
    self.phone = phone
    self.photoURL = photoURL
    self.services = services
  }

  /// The members of a user in JSON.
  public static var memberNames: [String] { CodingKeys.allCases.map(\.rawValue) }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case address, authname, firstName, lastName, email, phone, photoURL, services
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    address = try container.decode(UserAddress.self, forKey: .address)
    authname = try container.decodeIfPresent(String.self, forKey: .authname)
    firstName = try container.decodeIfPresent(String.self, forKey: .firstName) ?? ""
    lastName = try container.decodeIfPresent(String.self, forKey: .lastName) ?? ""
    email = try container.decodeIfPresent(String.self, forKey: .email) ?? ""
    phone = try container.decodeIfPresent(String.self, forKey: .phone) ?? ""
    photoURL = try container.decodeIfPresent(String.self, forKey: .photoURL) ?? ""
    services = try container.decodeIfPresent([ServiceName].self, forKey: .services)
  }

  /// First and last name, or the address where there is none.
  public var displayName: String {
    let name = [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
    return name.isEmpty ? address.description : name
  }
}
