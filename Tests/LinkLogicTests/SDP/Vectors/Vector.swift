import LinkLogic
import LinkProtocol
import Testing

/// A numbered test vector of part 03 §18, and how it is shown. A number may have several rows.
struct Vector: Sendable, CustomTestStringConvertible {
  /// The number and the input in short: `TV-31 remove rtx`.
  let testDescription: String
  let show: @Sendable () throws -> Void

  init(_ what: String, _ show: @escaping @Sendable () throws -> Void) {
    testDescription = what
    self.show = show
  }

  /// What stands behind `TV-`; 0 if nothing does.
  var number: Int {
    guard testDescription.hasPrefix("TV-") else { return 0 }
    return Int(testDescription.dropFirst(3).prefix { $0.isNumber }) ?? 0
  }
}

// What most rows are made of.

extension Vector {
  /// What becomes of a description of this end before it is set.
  static func set(
    _ sdp: SessionDescription, _ options: SDPOptions = SDPOptions(), type: DescriptionType = .offer, trickle: Bool = false
  ) throws -> SessionDescription {
    let context = LocalDescriptionPipeline.Context(
      callId: nil, type: type, operation: .startCall, advertisesTrickle: trickle)
    return try #require(LocalDescriptionPipeline(options).prepareToSet(sdp.text, context).description)
  }

  /// What becomes of the first offer of a far end.
  static func received(_ offer: SessionDescription, _ options: SDPOptions = SDPOptions()) throws -> SessionDescription {
    let context = RemoteDescriptionPipeline.Context(callId: "c", type: .offer, operation: .answerCall, isOriginator: false)
    return try #require(try RemoteDescriptionPipeline(options).prepareToSet(offer.text, context).description)
  }

  /// What becomes of the answer to an offer of this end.
  static func answered(
    _ answer: SessionDescription, to offer: SessionDescription = SDPFixtures.offer, _ options: SDPOptions = SDPOptions()
  ) throws -> SessionDescription {
    let context = RemoteDescriptionPipeline.Context(
      callId: "c", type: .answer, operation: .startCall, isOriginator: true, localOffer: offer)
    return try #require(try RemoteDescriptionPipeline(options).prepareToSet(answer.text, context).description)
  }
}
