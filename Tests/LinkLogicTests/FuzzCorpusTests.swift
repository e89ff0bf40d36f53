import Foundation
import Testing

/// What the fuzz targets start from, and what they have found, without a fuzzer: a relapse shows here first.
@Suite struct FuzzCorpusTests {
  /// One target's inputs, and what has to be so for all of them.
  struct Corpus: Sendable, CustomTestStringConvertible {
    var target: String
    var check: any FuzzCheck.Type
    var testDescription: String { target }
  }

  static let corpora = [
    Corpus(target: "FuzzCalls", check: CallCheck.self), Corpus(target: "FuzzDescriptions", check: DescriptionCheck.self),
    Corpus(target: "FuzzNotifications", check: NotificationCheck.self),
  ]

  @Test(arguments: corpora) func nothingOfTheCorpusBreaksAReader(_ corpus: Corpus) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: "Fuzz/Corpus/\(corpus.target)")
    let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(inputs.count > 30)
    for input in inputs {
      let bytes = try [UInt8](Data(contentsOf: input))
      #expect(throws: Never.self, "\(input.lastPathComponent)") { try corpus.check.examine(bytes) }
    }
  }
}
