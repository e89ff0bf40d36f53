import KandyTesting
import LinkMetrics
import LinkProtocol
import Testing

@testable import Kandy

/// What a client counts.
@Suite(.timeLimit(.minutes(1))) struct ClientMetricsTests {
  /// The samples with one name that are not 0, without the name: labels and value.
  private static func samples(_ fixture: ClientFixture, _ name: String) -> Set<String> {
    Set(
      fixture.metrics.text.split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
        .map { String($0.dropFirst(name.count)) }.filter { !$0.hasSuffix(" 0") })
  }

  @Test func aCallIsMeasuredFromMakeToItsEnd() async throws {
    let calls = try await CallFixture()
    let invite = calls.transport.expect(.post, "callControl", CallFixture.started)
    let call = try calls.client.call.make("bob@example.com")
    let request = try await invite.request()
    #expect(Self.samples(calls.fixture, "kandy_client_calls") == [" 1"])
    await calls.fixture.clock.advance(by: .seconds(2))
    calls.notify("ringing")
    calls.notify("respondCallUpdate", sdp: try await calls.farEndAnswers(request))
    try await call.answered()
    try await call.connected()
    #expect(
      Self.samples(calls.fixture, "kandy_client_call_setup_seconds_sum") == [
        #"{direction="outgoing",milestone="established"} 2"#, #"{direction="outgoing",milestone="media"} 2"#,
      ])
    calls.transport.expect(.delete, CallFixture.session, CallFixture.accepted)
    try await call.end()
    #expect(
      Self.samples(calls.fixture, "kandy_client_calls_ended_total") == [#"{direction="outgoing",outcome="completed"} 1"#])
    #expect(Self.samples(calls.fixture, "kandy_client_calls") == [])
    #expect(Self.samples(calls.fixture, "kandy_client_calls_begun_total") == [#"{direction="outgoing"} 1"#])
    await calls.client.destroy()
  }

  @Test func aCallThatIsNotAnsweredHasNoSetUpTime() async throws {
    try await CallFixture.run { calls in
      let id = try await calls.isCalled()
      calls.notify("callCancel")
      _ = try await calls.sees(.ended)
      #expect(calls.client.call.call(for: id)?.record.state == .ended)
      #expect(
        Self.samples(calls.fixture, "kandy_client_calls_ended_total") == [#"{direction="incoming",outcome="unanswered"} 1"#])
      #expect(Self.samples(calls.fixture, "kandy_client_call_setup_seconds_count") == [])
    }
  }

  @Test func aCallThatIsRefusedHasFailedAndOneThatIsLeftIsAbandoned() async throws {
    let calls = try await CallFixture()
    calls.transport.expect(.post, "callControl", CallFixture.refused(403, 35, "no"))
    let refused = try calls.client.call.make("bob@example.com")
    try await refused.ended()
    _ = try await calls.talking()
    await calls.client.destroy()
    #expect(
      Self.samples(calls.fixture, "kandy_client_calls_ended_total") == [
        #"{direction="outgoing",outcome="failed"} 1"#, #"{direction="outgoing",outcome="abandoned"} 1"#,
      ])
    #expect(Self.samples(calls.fixture, "kandy_client_calls") == [])
    #expect(Self.samples(calls.fixture, "kandy_client_connections") == [])
  }

  @Test func requestsAreCountedByWhatBecameOfThem() async throws {
    let fixture = ClientFixture()
    fixture.transport.expect(.post, "subscription", .json(403, ["subscribeResponse": ["statusCode": 4]]))
    await #expect(throws: BasicError.self) { try await fixture.client.connect(ClientFixture.credentials) }
    fixture.transport.expect(.post, "subscription", .failure(TransportError(.unreachable, "no")))
    await #expect(throws: BasicError.self) { try await fixture.client.connect(ClientFixture.credentials) }
    #expect(Self.samples(fixture, "kandy_client_connections") == [])
    try await fixture.connect()
    #expect(Self.samples(fixture, "kandy_client_connections") == [" 1"])
    await fixture.disconnect()
    #expect(
      Self.samples(fixture, "kandy_client_requests_total") == [
        #"{method="POST",outcome="4xx",resource="subscription"} 1"#,
        #"{method="POST",outcome="unreachable",resource="subscription"} 1"#,
        #"{method="POST",outcome="2xx",resource="subscription"} 1"#,
        #"{method="DELETE",outcome="2xx",resource="subscription"} 1"#,
      ])
    #expect(
      Self.samples(fixture, "kandy_client_request_seconds_count") == [
        #"{method="POST",resource="subscription"} 2"#, #"{method="DELETE",resource="subscription"} 1"#,
      ])
    #expect(Self.samples(fixture, "kandy_client_connections") == [])
    await fixture.client.destroy()
  }

  @Test func notificationsAndReconnectsAreCounted() async throws {
    let fixture = ClientFixture()
    let first = try await fixture.connect()
    _ = await fixture.next(.notificationReceived) {
      first.push(["notificationMessage": ["eventType": "custom", "eventId": "1"]])
      first.push(["notificationMessage": ["eventType": "custom", "eventId": "1"]])
      first.push(["notificationMessage": 7])
      first.push(["notificationMessage": ["eventType": "custom", "eventId": "2"]])
    }
    let second = fixture.transport.expectSocket()
    first.end(code: nil)
    _ = try await second.url()
    _ = await second.nextSent()
    _ = await fixture.next(.notificationReceived) {
      second.push(["notificationMessage": ["eventType": "custom", "eventId": "3"]])
    }
    #expect(Self.samples(fixture, "kandy_client_reconnects_total") == [" 1"])
    #expect(
      Self.samples(fixture, "kandy_client_notifications_total") == [
        #"{outcome="delivered"} 3"#, #"{outcome="duplicate"} 1"#, #"{outcome="unreadable"} 1"#,
      ])
    await fixture.client.destroy()
  }
}
