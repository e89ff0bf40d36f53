import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Synchronization
import Testing

@testable import Kandy

/// Part 03 §18.2 at the client: what SDP handlers are run for, and in which order.
@Suite struct HandlerVectorTests {
  /// What happens in a call, and what the handlers that were set in it have seen.
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let runs: [String]
    let play: @Sendable (CallFixture, Seen) async throws -> Void

    init(_ what: String, runs: [String], play: @escaping @Sendable (CallFixture, Seen) async throws -> Void) {
      testDescription = what
      self.runs = runs
      self.play = play
    }
  }

  @Test(.spec("R-SDP-23", "R-SDP-28", "R-SDP-31", "R-SDP-150"), arguments: rows)
  func handlersSee(_ row: Row) async throws {
    try await CallFixture.run { calls in
      let seen = Seen()
      try await row.play(calls, seen)
      #expect(seen.runs == row.runs)
    }
  }

  static let rows: [Row] = [
    Row(
      "TV-18 an outgoing call",
      runs: ["PRE_SET_LOCAL START_CALL offer", "PRE_SEND_LOCAL START_CALL offer", "PRE_SET_REMOTE START_CALL answer"]
    ) { calls, seen in
      seen.watch(calls)
      _ = try await calls.talking()
    },
    Row(
      "TV-19 an incoming call",
      runs: ["PRE_SET_REMOTE ANSWER_CALL offer", "PRE_SET_LOCAL ANSWER_CALL answer", "PRE_SEND_LOCAL ANSWER_CALL answer"]
    ) { calls, seen in
      seen.watch(calls)
      let id = try await calls.isCalled()
      calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      try await calls.client.call.answer(id).answered()
    },
    Row(
      "TV-20 an incoming call without an offer",
      runs: ["PRE_SET_LOCAL ANSWER_CALL offer", "PRE_SEND_LOCAL ANSWER_CALL offer", "PRE_SET_REMOTE ANSWER_CALL answer"]
    ) { calls, seen in
      seen.watch(calls)
      calls.notify("call", sdp: nil, ["actions": ["answer", "reject"]])
      let id: CallID = try await calls.first { if case .callReceive(let id) = $0 { id } else { nil } }
      let answer = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      let call = try calls.client.call.answer(id, AnswerOptions(isVideoEnabled: false))
      calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(try await answer.request()))
      try await call.answered()
    },
    Row(
      "TV-21 this end holds and resumes",
      runs: [
        "PRE_SET_LOCAL HOLD offer", "PRE_SEND_LOCAL HOLD offer", "PRE_SET_REMOTE HOLD answer",
        "PRE_SET_LOCAL UNHOLD offer", "PRE_SEND_LOCAL UNHOLD offer", "PRE_SET_REMOTE UNHOLD answer",
      ]
    ) { calls, seen in
      let call = try await calls.talking()
      seen.watch(calls)
      _ = try await CallOperationTests.agree(calls) { try await call.hold() }
      _ = try await CallOperationTests.agree(calls) { try await call.unhold() }
    },
    Row(
      "TV-22 the far end holds",
      runs: ["PRE_SET_REMOTE HOLD offer", "PRE_SET_LOCAL HOLD answer", "PRE_SEND_LOCAL HOLD answer"]
    ) { calls, seen in
      _ = try await calls.talking(MakeOptions(isVideoEnabled: false))
      seen.watch(calls)
      try await calls.farEnd.setDirection(.audio, .sendonly)
      try await calls.farEnd.setLocalDescription(.offer, try await calls.farEnd.createOffer(iceRestart: false))
      let reply = calls.transport.expect(.put, CallFixture.session, CallFixture.accepted)
      calls.notify("startCallUpdate", sdp: try await calls.farEnd.localDescription())
      _ = try await reply.request()
      _ = try await calls.sees(.onRemoteHold)
      let operation: CallOperationChange = try await calls.first { event in
        if case .callOperation(let change) = event, !change.isLocal, change.transition == .finish { change } else { nil }
      }
      #expect(operation.operation == "hold")
    },
    Row(
      "TV-23 this end starts video",
      runs: ["PRE_SET_LOCAL UPDATE offer", "PRE_SEND_LOCAL UPDATE offer", "PRE_SET_REMOTE RESPOND answer"]
    ) { calls, seen in
      let call = try await calls.talking()
      seen.watch(calls)
      _ = try await CallOperationTests.agree(calls) { try await call.startVideo() }
    },
    Row(
      "TV-26 other handlers from the next operation on",
      runs: ["PRE_SET_LOCAL HOLD offer", "PRE_SEND_LOCAL HOLD offer", "PRE_SET_REMOTE HOLD answer"]
    ) { calls, seen in
      let call = try await calls.talking()
      seen.watch(calls)
      _ = try await CallOperationTests.agree(calls) { try await call.hold() }
      calls.client.updateConfig { $0.call.sdpHandlers = [] }
      _ = try await CallOperationTests.agree(calls) { try await call.unhold() }
    },
  ]

  /// Remembers what an SDP handler was run for.
  final class Seen: Sendable {
    private let kept = Mutex<[String]>([])
    var runs: [String] { kept.withLock { $0 } }

    /// From now on.
    func watch(_ calls: CallFixture) {
      let handler = SDPHandler("seen") { [self] _, info, _ in
        kept.withLock { $0.append("\(info.step.rawValue) \(info.operation.rawValue) \(info.type.rawValue)") }
        return nil
      }
      calls.client.updateConfig { $0.call.sdpHandlers = [handler] }
    }
  }
}
