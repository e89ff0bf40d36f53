import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

/// `updateConfig` on a running session: what it changes, and from when on.
@Suite(.timeLimit(.minutes(1)), .spec("R-CONN-150"))
struct RunningSettingsTests {
  @Test func anotherPingIntervalCountsFromTheNextKeepaliveOn() async throws {
    let fixture = ClientFixture(["connectivity": ["pingInterval": 10_000]])
    let socket = try await fixture.connect()
    _ = await socket.nextSent()
    fixture.client.updateConfig(["connectivity": ["pingInterval": 3_000]])
    await fixture.clock.advance(by: .seconds(9))
    #expect(socket.sent.count == 1)
    await fixture.clock.advance(by: .seconds(1))
    _ = await socket.nextSent()
    for count in 3...5 {
      await fixture.clock.advance(by: .seconds(3))
      _ = await socket.nextSent()
      #expect(socket.sent.count == count)
    }
    #expect(try fixture.client.connection.getSocketState()?.details?.pingInterval == 10_000)
    await fixture.client.destroy()
  }

  @Test func anotherReconnectLimitCountsFromTheNextCycleOn() async throws {
    let fixture = ClientFixture(["connectivity": ["reconnectLimit": 5]])
    let socket = try await fixture.connect()
    fixture.client.updateConfig(["connectivity": ["reconnectLimit": 1]])
    fixture.transport.expectSocket(refusing: TransportError(.handshake, "no"))
    let event = await fixture.next(.authChange) { socket.end(code: nil) }
    #expect(event == .authChange(Disconnection(reason: .lostConnection)))
    await fixture.client.destroy()
  }

  @Test func anotherReconnectDelayCountsFromTheNextCycleOn() async throws {
    let fixture = ClientFixture(["connectivity": ["reconnectDelay": 60_000]])
    let first = try await fixture.connect()
    fixture.client.updateConfig(["connectivity": ["reconnectDelay": 1_000]])
    fixture.transport.expectSocket(refusing: TransportError(.handshake, "no"))
    let second = fixture.transport.expectSocket()
    first.end(code: nil)
    while fixture.transport.outstanding.count > 1 { await Task.yield() }
    await fixture.clock.advance(by: .milliseconds(1_100))  // A second, and half of the fifth that is random.
    _ = try await second.url()
    #expect(try fixture.client.getConnection().isConnected)
    await fixture.client.destroy()
  }

  @Test func reconnectingIsSwitchedOffForTheWebSocketThatOpensNext() async throws {
    let fixture = ClientFixture()
    let first = try await fixture.connect()
    fixture.client.updateConfig(["connectivity": ["autoReconnect": false]])
    let second = fixture.transport.expectSocket()
    first.end(code: nil)
    _ = await second.nextSent()
    let event = await fixture.next(.authChange) { second.end(code: nil) }
    #expect(event == .authChange(Disconnection(reason: .lostConnection)))
    await fixture.client.destroy()
  }

  @Test func anotherCacheLengthCountsForTheNextNotification() async throws {
    let fixture = ClientFixture()
    let events = fixture.client.events
    let process = { (id: String) in
      fixture.client.notification.process(["notificationMessage": ["eventType": "custom", "eventId": .string(id)]])
    }
    process("a")
    for await case .notificationReceived in events { break }
    fixture.client.updateConfig(["notifications": ["idCacheLength": 1]])
    for id in ["b", "a", "the end"] { process(id) }
    var ids: [String?] = []
    for await case .notificationReceived(let notification) in events {
      ids.append(notification.eventId?.rawValue)
      if ids.last == "the end" { break }
    }
    #expect(ids == ["b", "a", "the end"])
    await fixture.client.destroy()
  }
}
