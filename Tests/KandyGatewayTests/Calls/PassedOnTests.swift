import KandyTesting
import LinkProtocol
import LinkSocket
import Testing

@testable import KandyGateway

/// What one user may send another has a size with which every client copes.
@Suite struct PassedOnTests {
  struct Surplus: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var members: [String: JSONValue]

    init(_ description: String, _ members: [String: JSONValue]) {
      testDescription = description
      self.members = members
    }

    static func text(_ count: Int) -> JSONValue { .string(String(repeating: "x", count: count)) }

    static let all = [
      Surplus("description", ["sdp": text(262_145)]),
      Surplus("custom parameter", ["customParameters": [["name": "X-A", "value": text(65_536)]]]),
      Surplus("custom body", ["customBodies": [["content": text(65_536)]]]),
      Surplus("candidate", ["iceCandidates": [["candidate": text(2_048), "sdpMid": "0"]]]),
      Surplus(
        "candidates",
        ["iceCandidates": .array(Array(repeating: ["candidate": text(1_900), "sdpMid": "0"], count: 40))]),
    ]
  }

  @Test(.spec("R-CALL-16"), arguments: Surplus.all)
  func moreThanAClientTakesIsRefusedAndTheFarEndHearsNothing(_ surplus: Surplus) async throws {
    try await CallBench.run { bench in
      await bench.device("alice", of: CallBench.alice)
      await bench.device("bob", of: CallBench.bob)
      let sessions = try await bench.answered()
      let before = try await bench.types(to: "bob")
      for type in ["startCallUpdate", "updateIceCandidate", "sendCustomHeaders"] {
        let members = surplus.members.merging(["type": .string(type)]) { $1 }
        let answer = try await bench.update(sessions.alice, by: CallBench.alice, members)
        #expect(answer.status == 400 && answer.statusCode == 37)
      }
      let started = try await bench.start(sdp: nil, surplus.members)
      #expect(started.status == 400 && started.statusCode == 37)
      #expect(try await bench.types(to: "bob") == before)
    }
  }

  @Test(.spec("R-CALL-43")) func theLargestDescriptionArrivesAndFitsAClient() async throws {
    try await CallBench.run { bench in
      await bench.device("alice", of: CallBench.alice)
      await bench.device("bob", of: CallBench.bob)
      // What JSON has to escape with six bytes each.
      let sdp = String(repeating: "\u{1}", count: PassedOn.descriptionLimit)
      #expect(try await bench.start(sdp: sdp).statusCode == 0)
      #expect(try await bench.last(to: "bob")?.sessionParams?.sdp == sdp)
      let text = try #require(await bench.hub.waiting["bob"]?.last)
      #expect(text.utf8.count + 6 * PassedOn.extrasLimit < WebSocketOptions.client.maximumMessageBytes)
    }
  }

  @Test func aNameThatAClientChoosesIsCut() {
    let caller = Caller(user: CallBench.carol, displayName: CallBench.carol.description)
    #expect(CallerName.of(caller, from: String(repeating: "n", count: 300) + "<sip:a@b.c>").count == 256)
  }
}
