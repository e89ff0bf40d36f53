import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct ReconnectTests {
  @Test(.spec("D-05", "R-CONN-654", "D-23")) func aLostSocketIsOpenedAgainAtTheSameURL() async throws {
    let fixture = ClientFixture()
    let first = try await fixture.connect()
    let second = fixture.transport.expectSocket()
    first.end(code: nil)
    #expect(try await second.url() == first.url())
    #expect(await second.nextSent() == #"{"message_type":"ping"}"#)
    #expect(try fixture.client.getConnection().isConnected)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-573", "R-CONN-302")) func aSocketThatCannotBeOpenedAgainEndsTheConnection() async throws {
    let fixture = ClientFixture(["connectivity": ["reconnectLimit": 1]])
    let socket = try await fixture.connect()
    fixture.transport.expectSocket(refusing: TransportError(.handshake, "no"))
    let events = fixture.client.events
    socket.end(code: 1006)
    var seen: [Event] = []
    for await event in events where event.name != .mediaInitialize {
      seen.append(event)
      if event.name == .authChange { break }
    }
    #expect(seen == [.wsChange, .wsChange, .authChange(Disconnection(reason: .lostConnection))])
    #expect(try fixture.client.getConnection() == ConnectionState())
    #expect(try fixture.client.connection.getSocketState()?.connected == false)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-622", "R-CONN-631")) func keepalivesAreSentWhileTheyAreWanted() async throws {
    let fixture = ClientFixture(["connectivity": ["pingInterval": 10_000]])
    let socket = try await fixture.connect()
    for _ in 0..<3 {
      _ = await socket.nextSent()
      await fixture.clock.advance(by: .seconds(10))
    }
    _ = await socket.nextSent()
    fixture.client.connection.enableConnectivityChecking(false)
    await fixture.clock.advance(by: .seconds(30))
    #expect(socket.sent.count == 4)
    fixture.client.connection.enableConnectivityChecking(true)
    _ = await socket.nextSent()
    #expect(socket.sent.count == 5)
    await fixture.client.destroy()
  }

  @Test func aKeepaliveThatCannotBeSentIsALoss() async throws {
    let fixture = ClientFixture(["connectivity": ["pingInterval": 10_000]])
    let first = try await fixture.connect()
    _ = await first.nextSent()
    let second = fixture.transport.expectSocket()
    first.failNextSend(TransportError(.closed, "broken"))
    await fixture.clock.advance(by: .seconds(10))
    _ = try await second.url()
    #expect(first.isClosedByClient)
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-571", "R-CONN-302", "R-CONN-305"))
  func goneEndsTheConnectionAlthoughTheSocketClosesWithIt() async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", ClientFixture.granted())
    let socket = fixture.transport.expectSocket()
    _ = try await fixture.next(.mediaInitialize) { try await fixture.client.connect(ClientFixture.credentials) }
    let events = fixture.client.events
    socket.push(["notificationMessage": ["eventType": "gone", "eventId": "f21d", "time": 1_700_000_000_000, "retryAfter": 5]])
    socket.end(code: 1000)
    var seen: [Event] = []
    for await event in events {
      seen.append(event)
      if event.name == .authChange { break }
    }
    #expect(seen.map(\.name) == [.notificationReceived, .wsChange, .authChange])
    #expect(seen.last == .authChange(Disconnection(reason: .gone, forced: true, retryAfter: 5)))
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-751")) func aClientThatTookOverEndsTheConnection() async throws {
    let fixture = ClientFixture()
    let socket = try await fixture.connect()
    let events = fixture.client.events
    socket.push(["notificationMessage": ["eventType": "websocketOverridden", "eventId": "e1"]])
    socket.end(code: 1000)
    for await event in events where event.name == .authChange {
      #expect(event == .authChange(Disconnection(reason: .webSocketOverridden)))
      break
    }
    #expect(try fixture.client.getConnection() == ConnectionState())
    await fixture.client.destroy()
  }

  @Test(.spec("R-CONN-671")) func theStateOfTheSocketIsTold() async throws {
    let fixture = ClientFixture()
    #expect(try fixture.client.connection.getSocketState() == nil)
    try await fixture.connect()
    let state = try #require(try fixture.client.connection.getSocketState())
    #expect(
      JSONValue.of(state) == [
        "connected": true, "pinging": false, "method": ["type": "keepAlive", "responsibleParty": "client"], "platform": "link",
        "pingInterval": 30_000, "reconnectLimit": 5, "reconnectDelay": 5_000, "reconnectTimeMultiplier": 1,
        "reconnectTimeLimit": 640_000, "autoReconnect": true, "maxMissedPings": 3, "webSocketOAuthMode": "query",
        "wsInfo": [
          "protocol": "wss", "server": "kl.example.com", "port": "443",
          "url": "/notification/alice@example.com/websocket/9b7e41aa",
        ],
        "lastContact": 1_700_000_000_000,
      ])
    await fixture.disconnect()
    #expect(try fixture.client.connection.getSocketState().map { JSONValue.of($0) } == ["connected": false, "pinging": false])
    await fixture.client.destroy()
  }

  /// Connecting and disconnecting from many tasks at once: everybody gets an answer, and nothing is left behind.
  @Test(.timeLimit(.minutes(1)), arguments: 0..<20) func racesEndCleanly(round: Int) async throws {
    let fixture = ClientFixture()
    fixture.transport.always(.post, "subscription") { _ in ClientFixture.granted() }
    fixture.transport.always(.delete, "subscription/6d1f0c2e") { _ in ClientFixture.deleted }
    let sockets = (0..<40).map { _ in fixture.transport.expectSocket() }
    await withTaskGroup { group in
      for index in 0..<24 {
        group.addTask {
          for _ in 0..<(index * 7 + round) % 5 { await Task.yield() }
          if (index + round) % 3 == 0 {
            await fixture.client.disconnect()
          } else {
            try? await fixture.client.connect(ClientFixture.credentials)
          }
        }
      }
    }
    await fixture.client.disconnect()
    #expect(try fixture.client.getConnection() == ConnectionState())
    let created = fixture.transport.requests(.post, "subscription").count
    while fixture.transport.requests(.delete, "subscription/6d1f0c2e").count < created { await Task.yield() }
    await fixture.client.destroy()
    #expect(sockets.allSatisfy { !$0.isOpen || $0.sent.isEmpty })
    #expect(fixture.clock.sleepers == 0)
  }
}
