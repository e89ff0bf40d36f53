public import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Configuration {
  /// A configuration from a value of the document's shape.
  public init(json: JSONValue) {
    self.init()
    merge(json)
  }

  /// Reads a JSON file of the document's shape.
  /// - Throws: `BasicError` when the file cannot be read or is not JSON.
  public init(contentsOfFile path: String) throws(BasicError) {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw BasicError(.noCode, "The configuration file \(path) cannot be read.", cause: "\(error)")
    }
    guard let json = try? JSONDecoder().decode(JSONValue.self, from: data) else {
      throw BasicError(.noCode, "The configuration file \(path) is not JSON.")
    }
    self.init(json: json)
  }

  /// Takes over variables of the environment.
  ///
  /// A key's variable is `KANDY_` and the key in capitals, dots written as underscores:
  /// `KANDY_AUTHENTICATION_SUBSCRIPTION_SERVER=kl.example.com`, `KANDY_CONNECTIVITY_PINGINTERVAL=10000`. What is not text is
  /// written as JSON: `KANDY_AUTHENTICATION_SUBSCRIPTION_SERVICE=["call"]`.
  /// - Returns: what was passed over.
  @discardableResult
  public mutating func merge(environment: [String: String]) -> [ConfigurationProblem] {
    var found: [ConfigurationProblem] = []
    for key in Self.allKeys {
      guard let text = environment[Self.variable(for: key)] else { continue }
      let value = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
      found += merge(Self.nested(key.split(separator: ".").map(String.init)[...], value))
    }
    return found
  }

  /// The environment's variable for a key such as `connectivity.pingInterval`.
  static func variable(for key: String) -> String {
    "KANDY_" + key.replacing(".", with: "_").uppercased()
  }

  private static func nested(_ path: ArraySlice<String>, _ value: JSONValue) -> JSONValue {
    guard let first = path.first else { return value }
    return .object([first: nested(path.dropFirst(), value)])
  }
}
