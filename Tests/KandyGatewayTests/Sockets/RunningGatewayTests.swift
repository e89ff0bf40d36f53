import Foundation
import GRDB
import KandyTesting
import LinkProtocol
import LinkSocket
import NIOCore
import NIOWebSocket
import Testing

@testable import KandyGateway

/// A gateway as it runs, on a port, with clients that are connected to it.
@Suite(.timeLimit(.minutes(1))) struct RunningGatewayTests {
  private static let users: [UserAddress] = ["alice@example.com", "bob@example.com"]

  @Test(.spec("R-CALL-60", "R-CALL-193", "R-CALL-212")) func anUpdateTravelsToTheFarEndAndItsAnswerBack() async throws {
    try await SocketBench.run(users: Self.users) { bench in
      let alice = try await SocketClient.connect("alice@example.com", to: bench.port)
      let bob = try await SocketClient.connect("bob@example.com", to: bench.port)
      let sessions = try await alice.call(bob)
      #expect(try await bob.next().eventType == .callCancel)  // all his devices stop ringing

      let offered = try await alice.control(
        "PUT", "/callSessions/\(sessions.own)", #""type": "startCallUpdate", "sdp": "A2""#)
      #expect(offered.statusCode == 0)
      let offer = try await bob.next()
      #expect(offer.eventType == .startCallUpdate)
      #expect(offer.sessionParams?.sdp == "A2")
      #expect(offer.sessionParams?.sessionData == sessions.callees)
      try await bob.control("PUT", "/callSessions/\(sessions.callees)", #""type": "respondCallUpdate", "sdp": "B2""#)
      let answer = try await alice.next()
      #expect(answer.eventType == .respondCallUpdate)
      #expect(answer.sessionParams?.sdp == "B2")
      #expect(answer.sessionParams?.sessionData == sessions.own)

      try await alice.control("DELETE", "/callSessions/\(sessions.own)")
      #expect(try await bob.next().eventType == .callEnd)
      #expect(try await alice.next().eventType == .callEnd)
      for client in [alice, bob] { await (try client.socket).close() }
    }
  }

  /// His subscription expires, and for a while he might still come back.
  @Test(.spec("R-CONN-547", "R-CALL-213")) func whoeverDiesInACallIsMissedByTheFarEnd() async throws {
    let clock = ManualClock()
    var configuration = GatewayConfiguration()
    configuration.limits.ringTime = 3_600
    try await SocketBench.run(users: Self.users, configuration: configuration, clock: clock) { bench in
      let alice = try await SocketClient.connect("alice@example.com", to: bench.port)
      let bob = try await SocketClient.connect("bob@example.com", to: bench.port, expires: 60)
      let sessions = try await alice.call(bob)
      try await bob.die()
      let probe = LinkProtocol.Notification(eventType: .ringing, eventId: nil)
      while await bench.gateway.hub.post(probe, to: bob.user, service: .call).connected > 0 {
        try Task.checkCancellation()
        await Task.yield()
      }
      await clock.waitForSleepers(4)  // the keeper's beat, the ring time, and an audit for each
      await clock.advance(by: .seconds(59))
      #expect(try await alice.control("PUT", "/callSessions/\(sessions.own)", #""type": "audit""#).statusCode == 0)
      await clock.waitForSleepers(4)
      await clock.advance(by: .seconds(1))
      while await !bench.gateway.hub.subscriptions(of: bob.user, service: .call).isEmpty {
        try Task.checkCancellation()
        await Task.yield()
      }
      await clock.waitForSleepers(5)  // and for how long he may be absent
      #expect(try await alice.control("GET", "/callSessions/\(sessions.own)").state == .answered)
      await clock.advance(by: .seconds(10))
      let end = try await alice.next()
      #expect(end.eventType == .callEnd)
      #expect(end.sessionParams?.sessionData == sessions.own)
      #expect(end.sessionParams?.statusCode == 480)
      #expect(try await alice.control("GET", "/callSessions/\(sessions.own)").statusCode == 47)
      await (try alice.socket).close()
    }
  }

  @Test(.spec("R-CONN-654", "R-CONN-572", "R-CALL-477")) func aRestartEndsCallsAndLosesNothingElse() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kandy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = GatewayConfiguration()
    configuration.database = .file(folder.appendingPathComponent("gateway.sqlite").path)

    let (alice, bob, session) = try await InProcessGateway.run(users: Self.users, configuration: configuration) { gateway in
      let alice = try await SocketClient.connect("alice@example.com", to: gateway.port)
      let bob = try await SocketClient.connect("bob@example.com", to: gateway.port)
      let sessions = try await alice.call(bob)
      #expect(try await bob.next().eventType == .callCancel)
      // Bob's network is gone when the operator stops the gateway.
      await (try bob.socket).close(code: .goingAway)
      while await gateway.gateway.hub.waiting[bob.subscription] == nil {
        try Task.checkCancellation()
        await Task.yield()
        await gateway.gateway.hub.post(
          LinkProtocol.Notification(eventType: .ringing, eventId: "kept"), to: bob.user, service: .call)
      }
      return (alice, bob, sessions.own)
    }
    #expect(try await alice.types(until: .gone) == [.callEnd, .gone])
    let socket = try alice.socket
    #expect(await socket.closed.code == .normal)

    try await InProcessGateway.run(configuration: configuration) { gateway in
      let http = try await RawClient.connect(port: gateway.port)
      #expect(try await bob.refresh(over: http).status == 200)
      #expect(try await alice.refresh(over: http).status == 404)
      let socket = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(gateway.port)\(bob.socketPath)")
      var kept: [LinkProtocol.Notification] = []
      for await text in socket.messages {
        kept.append(try WireCoding.decode(LinkProtocol.Notification.self, from: Data(text.utf8)))
        if kept.last?.eventType == .callEnd { break }
      }
      #expect(kept.contains { $0.eventId == "kept" })
      #expect(kept.last?.sessionParams?.statusCode == 480)
      await socket.close()
      let call = "/rest/version/1/user/\(alice.user)/callControl/callSessions/\(session)"
      #expect(try await http.exchange("GET \(call)", [RawClient.basic(alice.user)]).status == 404)
    }
  }

  @Test(.spec("R-CONN-624")) func aClientThatSaysNothingIsAskedAndThenGivenUp() async throws {
    var configuration = GatewayConfiguration()
    configuration.limits.idleSocket = 1
    try await SocketBench.run(configuration: configuration) { bench in
      let silent = try await bench.abuse(try await bench.device("alice"))
      let alive = try await bench.connect(try await bench.device("bob"))
      var opcodes: [UInt8] = []
      for await frame in silent.frames {
        opcodes.append(UInt8(webSocketOpcode: frame.opcode))
        if frame.opcode == .connectionClose {
          #expect(frame.data.getInteger(at: frame.data.readerIndex, as: UInt16.self) == 1001)
          break
        }
      }
      #expect(opcodes == [0x9, 0x8])
      await bench.post(["1"], to: "bob")
      #expect(try await alive.events(until: "1") == ["1"])
      await alive.close()
    }
  }

  @Test func aClientThatNeverReadsItsSocketIsCutOff() async throws {
    var configuration = GatewayConfiguration()
    configuration.limits.unreadTime = 1
    configuration.limits.keptBytes = 1 << 26
    try await SocketBench.run(configuration: configuration) { bench in
      let alice = try await bench.device("alice")
      _ = try await bench.abuse(alice, reads: false)
      await bench.post((1...40).map { "\($0) " + String(repeating: "x", count: 1 << 20) }, to: alice)
      #expect(await bench.log.nextEnd() == "debug: a socket was closed code=1008 reason=reads too slowly")
    }
  }

  @Test func aClientThatNeverReadsItsAnswersIsCutOff() async throws {
    var configuration = GatewayConfiguration()
    configuration.limits.unreadTime = 1
    let origin = "https://" + String(repeating: "x", count: 8_000)
    configuration.allowedOrigins = .only([origin])
    try await SocketBench.run(configuration: configuration) { bench in
      let client = try await RawClient.connect(port: bench.port, reads: false, receiveBuffer: 4_096)
      let request = RawClient.request("GET /", ["Origin: \(origin)"])
      await #expect(throws: (any Error).self) {
        while true { try await client.send(request) }
      }
      #expect(await bench.log.next("does not read its answer") == "debug: a client does not read its answer and is cut off")
      let other = try await RawClient.connect(port: bench.port)
      #expect(try await other.exchange("GET /").status == 404)
    }
  }

  // MARK: - What the operator reads

  @Test func anErrorOfTheGatewaysOwnIsLoggedWhereTheOperatorSeesIt() async throws {
    try await SocketBench.run(users: Self.users) { bench in
      try await bench.gateway.database.write { try $0.execute(sql: "DROP TABLE subscription") }
      let client = try await RawClient.connect(port: bench.port)
      let answer = try await client.exchange(
        "POST /rest/version/1/user/alice@example.com/subscription", [RawClient.basic("alice@example.com")],
        body: #"{"subscribeRequest": {"service": ["call"]}}"#)
      #expect(answer.status == 500)
      #expect(answer.body.contains("26"))
      // The keeper finds out at its next beat, which may come first; it says so once.
      let errors = [await bench.log.next("error: "), await bench.log.next("error: ")].compactMap { $0 }
      #expect(
        errors.sorted() == [
          "error: a request failed error=DatabaseError route=subscription",
          "error: the subscriptions cannot be looked after error=DatabaseError",
        ])
    }
  }

  @Test(.spec("R-CONN-654")) func whatCannotBeKeptAtTheEndIsLoggedWhereTheOperatorSeesIt() async throws {
    try await SocketBench.run { bench in
      let alice = try await bench.device("alice")
      await bench.post(["1"], to: alice)
      try await bench.gateway.database.write { try $0.execute(sql: "DROP TABLE kept_notification") }
      await bench.gateway.keeper.close()
      let error = await bench.log.next("error: ")
      #expect(error == "error: the subscriptions cannot be written error=DatabaseError")
    }
  }
}
