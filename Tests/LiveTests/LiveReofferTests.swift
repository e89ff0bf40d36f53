import Kandy
import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

/// The callee of a video call holds, resumes, stops and starts its video; everything comes back, over the transports of the beginning.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LiveReofferTests {
  @Test(.spec("TV-86", "R-UP-8", "R-UP-12", "R-UP-13", "R-UP-15")) func theCalleeChangesAVideoCall() async throws {
    let (fromAlice, fromBob) = (SentDescriptions(), SentDescriptions())
    try await LivePeople.run(
      alice: { $0.call.sdpHandlers = [fromAlice.handler] }, bob: { $0.call.sdpHandlers = [fromBob.handler] }
    ) { people in
      let call = try await people.videoCall()
      #expect(await call.isHeardAndSeenBothWays())
      let changes = [people.alice.events, people.bob.events]

      try await call.answered.hold()
      #expect(await call.audio.ears.alice.hearsNothing())
      try await call.answered.unhold()
      #expect(await call.isHeardAndSeenBothWays())
      try await call.answered.stopVideo()
      #expect(await call.eyes.bob.seesMovement())
      try await call.answered.startVideo()
      #expect(await call.isHeardAndSeenBothWays())
      try await call.audio.end()

      for sent in [fromAlice, fromBob] {
        let (first, later) = (try #require(sent.all.first), sent.all.dropFirst())
        #expect(later.count == 4)
        for description in later {
          #expect(description.media.map(\.mid) == first.media.map(\.mid))
          #expect(description.media.compactMap(\.kind) == [.audio, .video])
          #expect(
            description.media.map { description.iceCredentials(of: $0) } == first.media.map { first.iceCredentials(of: $0) })
        }
      }
      for events in changes { #expect(await events.mediaStatesUntilTheCallEnds() == []) }
    }
  }
}

extension EventStream {
  /// How the media connection changed before the call was over.
  fileprivate func mediaStatesUntilTheCallEnds() async -> [MediaConnectionState] {
    var states: [MediaConnectionState] = []
    for await event in self {
      if case .callMediaStateChange(_, let state) = event, state != .completed { states.append(state) }
      if case .callStateChange(let change) = event, change.state == .ended { break }
    }
    return states
  }
}
