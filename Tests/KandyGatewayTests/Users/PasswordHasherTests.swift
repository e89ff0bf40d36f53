import Foundation
import Testing

@testable import KandyGateway

@Suite struct PasswordHasherTests {
  private let hasher = PasswordHasher(cost: 4)

  /// RFC 7914, section 12.
  @Test func scryptIsThatOfTheStandard() throws {
    let empty = try PasswordHasher.key(of: "", salt: [], cost: 4, blockSize: 1, parallelism: 1, length: 64)
    #expect(
      hexadecimal(empty)
        == "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")
    let password = try PasswordHasher.key(
      of: "password", salt: Array("NaCl".utf8), cost: 10, blockSize: 8, parallelism: 16, length: 64)
    #expect(
      hexadecimal(password)
        == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  @Test func aHashSaysHowItWasMadeAndHasASaltOfItsOwn() async throws {
    let one = try await hasher.hash("pässword")
    let other = try await hasher.hash("pässword")
    #expect(one != other)
    let fields = one.split(separator: "$").map(String.init)
    #expect(fields.count == 4)
    #expect(Array(fields.prefix(2)) == ["scrypt", "ln=4,r=8,p=1"])
    #expect(Data(base64Encoded: fields[2])?.count == 16)
    #expect(Data(base64Encoded: fields[3])?.count == 32)
    #expect(try await hasher.matches("pässword", one))
    #expect(try await hasher.matches("pässword", other))
    #expect(try await !hasher.matches("passwörd", one))
  }

  /// As an operator does who changes `limits.passwordCost`.
  @Test func aHashOfAnotherCostStillCounts() async throws {
    let hash = try await PasswordHasher(cost: 2).hash("x")
    #expect(try await hasher.matches("x", hash))
  }

  /// Computed with another implementation of scrypt, Python's `hashlib`.
  @Test func aStoredHashIsUnderstood() async throws {
    #expect(
      try await hasher.matches(
        "old", "$scrypt$ln=3,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$52OWyqI/RF+/Vy2JAt7ibg2h5u7mnQnzaMquHYnglRI="))
  }

  @Test(arguments: [
    "", "$", "x", "$scrypt$ln=4,r=8,p=1$AAAA", "$scrypt$ln=4,r=8,p=1$?$?", "$scrypt$ln=0,r=8,p=1$AAAA$AAAA",
    "$scrypt$ln=63,r=8,p=1$AAAA$AAAA", "$scrypt$ln=4,r=1,p=1$AAAA$AAAA", "$bcrypt$ln=4,r=8,p=1$AAAA$AAAA",
    "$scrypt$ln=4,r=8,p=1$AAAA$",
  ]) func aDamagedHashMatchesNothing(_ hash: String) async throws {
    #expect(try await !hasher.matches("", hash))
    #expect(try await !hasher.matches("x", hash))
  }

  @Test func nobodyWithoutAPasswordSignsIn() async throws {
    #expect(try await !hasher.matches("", nil))
  }
}
