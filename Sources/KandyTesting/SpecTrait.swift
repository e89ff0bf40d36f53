public import Testing

/// Ties a test, or a whole suite, to the numbered rules of the specification that it proves:
///
/// ```swift
/// @Test(.spec("R-CALL-213")) func anUnansweredCallEnds() { … }
/// ```
///
/// The rules appear as comments of the test in the test report, so `grep` finds who proves what. A misspelt rule fails the test.
public struct SpecTrait: TestTrait, SuiteTrait {
  /// The rules in the order in which they were given, such as `R-CALL-213`, `D-12` or `TV-96`.
  public let rules: [String]

  /// - Parameter rules: at least one rule.
  public init(_ rules: [String]) {
    self.rules = rules
  }

  public var isRecursive: Bool { true }

  public var comments: [Comment] { rules.map { Comment(rawValue: "proves \($0)") } }

  /// - Throws: `MisspeltRule` when a rule cannot be one, which fails the test.
  public func prepare(for test: Test) async throws {
    if rules.isEmpty { throw MisspeltRule(rule: "") }
    for rule in rules where !Self.isWellFormed(rule) { throw MisspeltRule(rule: rule) }
  }

  /// Whether the text has the form of a rule: upper-case words and at last a number, which a small letter may follow, joined by
  /// hyphens.
  static func isWellFormed(_ rule: String) -> Bool {
    let parts = rule.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 2, let last = parts.last?.unicodeScalars else { return false }
    let digits = last.prefix { ("0"..."9").contains($0) }
    let letters = last.dropFirst(digits.count)
    return !digits.isEmpty && letters.count <= 1 && letters.allSatisfy { ("a"..."z").contains($0) }
      && parts.dropLast().allSatisfy { word in
        !word.isEmpty && word.unicodeScalars.allSatisfy { ("A"..."Z").contains($0) }
      }
  }
}

/// A rule given to `.spec(…)` that does not have the form of a rule.
public struct MisspeltRule: Error, Hashable, CustomStringConvertible {
  public let rule: String

  public var description: String { "'\(rule)' is not the number of a rule" }
}

extension Trait where Self == SpecTrait {
  /// The test proves these rules of the specification.
  public static func spec(_ rules: String...) -> SpecTrait {
    SpecTrait(rules)
  }
}
