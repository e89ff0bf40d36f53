import Testing

@testable import KandyTesting

@Suite struct SpecTraitTests {
  @Test(.spec("R-CALL-213", "TV-96"))
  func aTestCarriesItsRules() throws {
    let trait = try #require(Test.current?.traits.compactMap { $0 as? SpecTrait }.first)
    #expect(trait.rules == ["R-CALL-213", "TV-96"])
    #expect(trait.comments == ["proves R-CALL-213", "proves TV-96"])
  }

  @Test(arguments: ["R-CALL-213", "R-SDP-96", "D-12", "TV-96", "S-DS-5", "R-SDP-69a"])
  func aRuleIsWellFormed(_ rule: String) {
    #expect(SpecTrait.isWellFormed(rule))
  }

  @Test(arguments: ["", "R", "R-", "R-CALL", "r-call-213", "R-CALL-213 ", "213", "R--213", "R-CALL 213"])
  func aMisspeltRuleIsNot(_ rule: String) {
    #expect(!SpecTrait.isWellFormed(rule))
  }

  @Test func aMisspeltRuleFailsTheTest() async throws {
    let test = try #require(Test.current)
    await #expect(throws: MisspeltRule(rule: "R-CALL")) { try await SpecTrait(["R-CALL-1", "R-CALL"]).prepare(for: test) }
    await #expect(throws: MisspeltRule(rule: "")) { try await SpecTrait([]).prepare(for: test) }
    try await SpecTrait(["R-CALL-1"]).prepare(for: test)
  }
}
