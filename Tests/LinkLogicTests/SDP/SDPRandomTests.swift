import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Random descriptions and random damage. Every failure names the seed that repeats it.
@Suite struct SDPRandomTests {
  static let seeds: [UInt64] = [1, 2, 3, 0xC0FFEE, 0xFEED_FACE]

  @Test(.spec("R-SDP-8", "R-SDP-11"), arguments: seeds) func readingWhatWasWrittenGivesTheSameValue(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for round in 0..<200 {
      let description = Self.description(&random)
      #expect(try SessionDescription(description.text) == description, "seed \(seed), round \(round)")
    }
  }

  @Test(arguments: seeds) func damagedTextNeverStopsTheProcess(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let texts = [SDPFixtures.offerText, SDPFixtures.gatewayAnswerText, SDPFixtures.planBHoldText]
    let options = SDPOptions(
      codecsToReplace: [.init(name: "telephone-event/8000", value: 101), .init(name: "VP8/90000", value: 102)],
      opus: OpusParameters(maxPlaybackRate: 16000, fec: 0, ptime: 40), handlers: [.codecRemover(["H264", "opus"])])
    for round in 0..<300 {
      let text = Self.damaged(texts.randomElement(using: &random) ?? "", &random)
      guard let read = try? SessionDescription(text) else { continue }
      #expect((try? SessionDescription(read.text)) == read, "seed \(seed), round \(round)")
      exercise(read)
      let local = LocalDescriptionPipeline(options)
      let type: DescriptionType = Bool.random(using: &random) ? .offer : .answer
      _ = local.prepareToSend(
        local.prepareToSet(
          text, .init(callId: nil, type: type, operation: .update, localRole: .active, remoteOffer: read, current: read)
        ).text, .init(callId: nil, type: type, operation: .update))
      for localOffer in [nil, SDPFixtures.offer] {
        _ = try? RemoteDescriptionPipeline(options).prepareToSet(
          text,
          .init(
            callId: nil, type: type, operation: .update, localRole: .passive, isOriginator: true, localOffer: localOffer,
            current: read))
      }
    }
  }

  /// Everything that reads a description.
  private func exercise(_ read: SessionDescription) {
    _ = (read.origin, read.groups, read.isHold, read.offersTrickle, read.everyActiveSectionHasCandidate(), read.bandwidth)
    for section in read.media {
      _ = (section.codecs, section.candidates, section.rtcpFb, section.fmtp, section.bandwidth, section.ptime)
      _ = (read.direction(of: section), read.address(of: section), read.iceCredentials(of: section))
    }
  }

  // MARK: - Generators

  static func description(_ random: inout SplitMix64) -> SessionDescription {
    SessionDescription(
      lines: ["v=0"] + lines(&random, letters: "osituepcba", count: 0...12),
      media: (0..<Int.random(in: 0...4, using: &random)).map { _ in
        MediaSection(
          type: word(&random), port: Int.random(in: 0...65535, using: &random),
          portCount: Bool.random(using: &random) ? nil : Int.random(in: 1...9, using: &random), protocol: word(&random),
          payloads: (0..<Int.random(in: 0...6, using: &random)).map { _ in word(&random) },
          lines: lines(&random, letters: "icbka", count: 0...20))
      })
  }

  private static func lines(_ random: inout SplitMix64, letters: String, count: ClosedRange<Int>) -> [SDPLine] {
    (0..<Int.random(in: count, using: &random)).map { _ in
      let letter = letters.randomElement(using: &random) ?? "a"
      let words = (0..<Int.random(in: 1...5, using: &random)).map { _ in word(&random) }
      return SDPLine("\(letter)=\(words.joined(separator: Bool.random(using: &random) ? " " : ":"))")
    }
  }

  private static func word(_ random: inout SplitMix64) -> String {
    let alphabet = Array("abcxyzABC0123456789-/.*;=+\u{301}é漢🙂")
    return String((0..<Int.random(in: 1...8, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "x" })
  }

  /// Some bytes changed, some lines lost, doubled or swapped.
  static func damaged(_ text: String, _ random: inout SplitMix64) -> String {
    var lines = text.split(separator: "\r\n").map(String.init)
    for _ in 0..<Int.random(in: 0...6, using: &random) where lines.count > 1 {
      let index = Int.random(in: 0..<lines.count, using: &random)
      switch Int.random(in: 0...3, using: &random) {
      case 0: lines.remove(at: index)
      case 1: lines.insert(lines[index], at: Int.random(in: 0..<lines.count, using: &random))
      case 2: lines.swapAt(index, Int.random(in: 0..<lines.count, using: &random))
      default:
        var bytes = Array(lines[index].utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
          let at = Int.random(in: 0..<bytes.count, using: &random)
          if Bool.random(using: &random) {
            bytes[at] = UInt8.random(in: 0...255, using: &random)
          } else {
            bytes.remove(at: at)
          }
        }
        lines[index] = String(decoding: bytes, as: UTF8.self)
      }
    }
    return lines.joined(separator: "\r\n")
  }
}
