import ArgumentParser
import LinkProtocol

/// Reads the values of options. What cannot be read is refused with an example of what can.
enum OptionValue {
  static func address(_ text: String) throws -> UserAddress {
    guard let address = UserAddress(text) else {
      throw ValidationError("an address has a user and a domain, such as alice@example.com.")
    }
    return address
  }

  /// A number that has no fraction.
  static func wholeNumber(like example: Int) -> @Sendable (String) throws -> Int {
    { text in
      guard let number = Int(text) else { throw ValidationError("it has to be a whole number such as \(example).") }
      return number
    }
  }

  static func number(like example: Int) -> @Sendable (String) throws -> Double {
    { text in
      guard let number = Double(text) else { throw ValidationError("it has to be a number such as \(example).") }
      return number
    }
  }

  static func tones(_ text: String) throws -> DTMFTones {
    guard let tones = DTMFTones(text) else {
      throw ValidationError("tones are digits, *, # and the letters A to D, such as 12#.")
    }
    return tones
  }

  /// One of these values, by its name.
  static func choice<Value: RawRepresentable<String> & Sendable>(of values: [Value]) -> @Sendable (String) throws -> Value {
    { text in
      guard let value = values.first(where: { $0.rawValue == text }) else {
        throw ValidationError("it has to be one of \(values.map(\.rawValue).joined(separator: ", ")).")
      }
      return value
    }
  }
}
