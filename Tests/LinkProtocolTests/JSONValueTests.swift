import LinkProtocol
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct JSONValueTests {
  private func read(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  /// Found by fuzzing: the fraction is lost, and what is written is an integer.
  @Test(arguments: [
    "77777777777777777.77777", "1.0", "-0.0", "0.1", "1e300", "-9223372036854775808", "9223372036854775808", "5e-324",
    "[1, 1.5, 12345678901234567.5]",
  ])
  func aNumberThatWasReadIsTheSameWhenItIsWrittenAndReadAgain(_ text: String) throws {
    let value = try read(text)
    #expect(try read(String(decoding: JSONEncoder().encode(value), as: UTF8.self)) == value)
  }

  @Test func whatIsWholeIsAnInteger() throws {
    #expect(try read("77777777777777777.77777") == .integer(77_777_777_777_777_776))
    #expect(try read("1.0") == 1)
    #expect(try read("1.5") == 1.5)
    #expect(try read("1e300") == .number(1e300))
  }
}
