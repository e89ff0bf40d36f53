import Foundation
import KandyGateway
import LinkProtocol

/// A user in the file that `kandy gateway --users` names.
struct ListedUser: Decodable {
  let user: User
  let password: String?

  /// Why a file is no list of users, as the rest of a sentence that begins with its name.
  struct Problem: Error {
    var text: String
  }

  private enum CodingKeys: String, CodingKey {
    case password
  }

  init(from decoder: any Decoder) throws {
    user = try User(from: decoder)
    password = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .password)
  }

  static func read(_ json: Data) throws(Problem) -> [ListedUser] {
    guard let values = (try? JSONDecoder().decode(JSONValue.self, from: json))?.arrayValue else {
      throw Problem(
        text: "is not a list of users such as [{\"address\": \"alice@example.com\", \"password\": \"…\"}].")
    }
    var users: [ListedUser] = []
    for (index, value) in values.enumerated() { users.append(try read(value, number: index + 1)) }
    return users
  }

  private static func read(_ value: JSONValue, number: Int) throws(Problem) -> ListedUser {
    let known = User.memberNames + [CodingKeys.password.rawValue]
    if let unknown = value.objectValue?.keys.sorted().first(where: { !known.contains($0) }) {
      throw Problem(text: "has a user, number \(number), with \"\(unknown)\"; there are \(known.joined(separator: ", ")).")
    }
    do {
      return try JSONDecoder().decode(ListedUser.self, from: JSONEncoder().encode(value))
    } catch {
      throw Problem(
        text: "has a user, number \(number), that is not of the form {\"address\": \"alice@example.com\", \"password\": \"…\"}."
      )
    }
  }
}
