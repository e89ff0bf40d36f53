import Kandy
import KandyGateway
import KandyTesting
import LinkMedia
import LinkProtocol
import Synchronization
import Testing

/// People with their devices and a gateway, in one process and on one clock, which stands still until the test moves it. Sockets are real,
/// over the loopback interface; the media engines are fakes that hear one another.
struct ScenarioBench {
  let clock: ManualClock
  let gateway: InProcessGateway
  let media: FakeMediaNetwork
  /// Mixes the calls that people join.
  let mixing: FakeMediaEngine
  private let traffic = Traffic()

  /// - Parameter media: what the engines of all have in common.
  init(
    clock: ManualClock, gateway: InProcessGateway, media: FakeMediaNetwork = FakeMediaNetwork(), mixing: FakeMediaEngine? = nil
  ) {
    self.clock = clock
    self.gateway = gateway
    self.media = media
    self.mixing = mixing ?? FakeMediaEngine(network: media)
  }

  static let users: [UserAddress] = ["alice@example.com", "bob@example.com", "carol@example.com", "dave@example.com"]

  /// Runs a gateway with Alice, Bob, Carol and Dave as its users, whether they have devices or not.
  /// - Parameters:
  ///   - owners: whose devices there are, in the order in which the test gets them; a name may come twice.
  ///   - call: `config.call` of all of them.
  static func run(
    _ owners: [String] = ["alice", "bob"], call: JSONValue = [:],
    gateway configuration: GatewayConfiguration = GatewayConfiguration(),
    _ body: (ScenarioBench, [Person]) async throws -> Void
  ) async throws {
    let (clock, media) = (ManualClock(), FakeMediaNetwork())
    let mixing = FakeMediaEngine(network: media)
    try await InProcessGateway.run(users: users, configuration: configuration, media: mixing, clock: clock) { gateway in
      let bench = ScenarioBench(clock: clock, gateway: gateway, media: media, mixing: mixing)
      try await bench.with(owners, call: call) { try await body(bench, $0) }
    }
  }

  /// Adds devices until `body` returns.
  func with(_ owners: [String], call: JSONValue = [:], _ body: ([Person]) async throws -> Void) async throws {
    var people: [Person] = []
    let result: Result<Void, any Error>
    do {
      for owner in owners { people.append(try await person(owner, call: call)) }
      try await body(people)
      for person in people { await person.client.disconnect() }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    for person in people { await person.client.destroy() }
    try result.get()
  }

  /// A device, which is connected. Whoever asks for it destroys its client.
  func person(
    _ name: String, call: JSONValue = [:], storage: any ClientStorage = MemoryStorage()
  ) async throws -> Person {
    let connectivity: JSONValue = ["reconnectDelay": 1000, "reconnectLimit": 0, "checkConnectivity": false]
    let configuration = gateway.configuration(
      Configuration(json: ["call": call, "connectivity": connectivity, "logs": ["logLevel": "SILENT", "logActions": false]]))
    let network = BreakableTransport(traffic: traffic)
    let engine = FakeMediaEngine(network: media)
    let surroundings = Surroundings(
      clock: clock, now: { [clock] in clock.wallClock() }, random: { 0.5 }, storage: storage)
    let client = create(configuration, media: engine, transport: network, surroundings: surroundings)
    let person = Person(name: name, client: client, engine: engine, network: network)
    do {
      try await client.connect(Credentials(username: person.address, password: InProcessGateway.password))
    } catch {
      await client.destroy()
      throw error
    }
    return person
  }

  // MARK: - Time

  /// Lets time pass, from one deadline to the next. What is requested on the way is answered before time goes on.
  func pass(_ duration: Duration) async throws {
    let end = clock.now.advanced(by: duration)
    while let next = clock.nextDeadline, next <= end {
      await clock.advance(to: next)
      try await traffic.settle()
    }
    await clock.advance(to: end)
    try await traffic.settle()
  }

  // MARK: - Sound

  /// Waits until each of the tones, in hertz, has its share, in tenths, in what is heard at an end of a call. What has been agreed on takes
  /// effect at one end before the other.
  func hears(_ call: Call, _ shares: [Int], of tones: [Double]) async throws {
    try await media.until {
      let probe = AudioProbe()
      call.addAudioSink(probe)
      media.pump(frames: 150)
      call.removeAudioSink(probe)
      return tones.map { Int((probe.purity(at: $0) * 10).rounded()) } == shares
    }
  }

  // MARK: - WebSockets

  /// A device loses its WebSocket, and knows.
  func breakSocket(of person: Person) async throws {
    await person.network.cut()
    try await person.events.until { !person.hasSocket }
  }

  /// The network is back; the device finds out by itself.
  func mendSocket(of person: Person) async throws {
    person.network.mend()
    try await waitForSocket(of: person)
  }

  func waitForSocket(of person: Person) async throws {
    // The timer for the next attempt may be about to be set.
    for _ in 0..<20 where !person.hasSocket { try await pass(.seconds(1)) }
    try await person.events.until { person.hasSocket }
  }
}

/// A device and its owner.
final class Person: Sendable {
  let name: String
  let client: Client
  let engine: FakeMediaEngine
  let network: BreakableTransport
  /// Everything that the client has reported.
  let events = Journal<Event>()
  private let callsSeen = Mutex<Set<CallID>>([])

  var address: String { "\(name)@example.com" }

  init(name: String, client: Client, engine: FakeMediaEngine, network: BreakableTransport) {
    self.name = name
    self.client = client
    self.engine = engine
    self.network = network
    _ = client.subscribe { [events] in events.write($0) }
  }

  var hasSocket: Bool { (try? client.connection.getSocketState())?.connected == true }

  // MARK: - What people do

  static let audio = MakeOptions(isVideoEnabled: false)

  /// Calls somebody, who does not answer yet.
  func make(_ number: String, _ options: MakeOptions = Person.audio) throws -> Call {
    try client.call.make(number, options)
  }

  func make(_ other: Person, _ options: MakeOptions = Person.audio) throws -> Call { try make(other.address, options) }

  /// Waits for the next call that comes in.
  func isCalled() async throws -> Call {
    var found: CallID?
    try await events.until {
      found = events.entries.lazy.compactMap(\.receivedCall).first { id in !callsSeen.withLock { $0.contains(id) } }
      return found != nil
    }
    let id = try #require(found)
    callsSeen.withLock { _ = $0.insert(id) }
    return try #require(client.call.call(for: id))
  }

  /// Calls somebody, who answers; media flows.
  func talks(to other: Person, _ options: MakeOptions = Person.audio) async throws -> (mine: Call, theirs: Call) {
    let mine = try make(other, options)
    let theirs = try await other.isCalled()
    try theirs.answer()
    try await mine.connected()
    try await theirs.connected()
    try await sees(.inCall, of: mine)
    try await other.sees(.inCall, of: theirs)
    return (mine, theirs)
  }

  // MARK: - What people see

  /// The states that the application was told, in order.
  func states(of call: Call) -> [CallState] {
    events.entries.compactMap { event in
      if case .callStateChange(let change) = event, change.callID == call.id { change.state } else { nil }
    }
  }

  /// Waits until the application has been told that the call is in this state, and it still is.
  /// - Returns: why.
  @discardableResult
  func sees(_ state: CallState, of call: Call) async throws -> CallTransition? {
    try await events.until { states(of: call).last == state }
    return call.record.transition
  }

  /// Waits until the call's record is as wished. Whatever changes it is reported.
  func sees(_ call: Call, _ isSo: (CallRecord) -> Bool) async throws {
    try await events.until { isSo(call.record) }
  }

  // MARK: What goes over the network

  /// What the client has asked of the gateway about calls, in order: the kind of change, else the method.
  var requests: [String] {
    network.requests.entries.compactMap { request in
      guard request.path.contains("/callControl") || request.path.hasSuffix("/calldisposition") else { return nil }
      return request.operation ?? request.method.rawValue
    }
  }

  /// Waits until the client has asked for this so many times.
  func asks(_ request: String, times: Int = 1) async throws {
    try await network.requests.until { requests.count { $0 == request } >= times }
  }

  /// Waits until the client has been given a notification of this type.
  func isTold(_ type: String) async throws -> Received {
    try await network.notifications.first { $0.type == type ? $0 : nil }
  }

  /// Waits until the application has been told these states at last.
  func sees(_ states: [CallState], of call: Call) async throws {
    try await events.until { self.states(of: call).suffix(states.count) == states[...] }
  }

  /// What the application was told of an operation on a call, in order.
  func operations(_ operation: String, of call: Call) -> [CallOperationChange] {
    events.entries.compactMap { event in
      guard case .callOperation(let change) = event, change.callID == call.id else { return nil }
      return change.operation == operation ? change : nil
    }
  }

  /// What has failed, in order.
  var errors: [BasicError] {
    events.entries.compactMap { if case .callError(_, let error) = $0 { error } else { nil } }
  }
}

extension Event {
  var receivedCall: CallID? {
    if case .callReceive(let id) = self { id } else { nil }
  }
}

/// Expects that something does not work.
/// - Returns: why.
@discardableResult
func fails(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> BasicError? {
  do {
    try await body()
    Issue.record("It did not fail.", sourceLocation: sourceLocation)
    return nil
  } catch {
    return error as? BasicError
  }
}
