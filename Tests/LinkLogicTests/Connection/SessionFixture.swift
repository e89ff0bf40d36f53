import LinkLogic
import LinkProtocol

/// A machine and what it did, with the answers of a server that grants everything.
struct SessionFixture {
  var machine: SessionMachine
  private(set) var effects: [SessionMachine.Effect] = []

  init(settings: SessionMachine.Settings = SessionMachine.Settings()) {
    machine = SessionMachine(settings: settings)
  }

  /// Hands the input to the machine and returns what it does about it.
  @discardableResult
  mutating func handle(_ input: SessionMachine.Input) -> [SessionMachine.Effect] {
    let new = machine.handle(input)
    effects += new
    return new
  }

  static let body = SubscribeRequest(
    expires: 3600, service: ["IM", "Presence", "call"], localization: "English_US", useTurn: true,
    notificationType: "WebSocket", supported: ["RingingFeedback"], forceLogOut: false)

  static func request(
    _ number: Int, username: String = "alice@example.com", isUsable: Bool = true
  ) -> SessionMachine.ConnectRequest {
    SessionMachine.ConnectRequest(number: number, username: username, isUsable: isUsable, body: body)
  }

  static func granted(_ number: Int = 1, expires: Int? = 3600) -> SubscribeResponse {
    SubscribeResponse(
      subscription: "/subscription/\(number)",
      subscriptionParams: SubscriptionParams(
        expires: expires, service: ["IM", "Presence", "call"], notificationType: "WebSocket",
        notificationChannel: "/websocket/\(number)"))
  }

  static let refreshed = SubscribeResponse(
    subscriptionParams: SubscriptionParams(expires: 3600, service: ["IM", "Presence", "call"]))

  /// Connects as request 1 over socket 1.
  static func connected(settings: SessionMachine.Settings = SessionMachine.Settings()) -> SessionFixture {
    var fixture = SessionFixture(settings: settings)
    fixture.handle(.connect(request(1)))
    fixture.handle(.subscribed(1, .success(granted())))
    fixture.handle(.socketOpened(1))
    fixture.effects = []
    return fixture
  }

  /// The generation of the timer that was started last, and its range.
  func timer(_ timer: SessionMachine.Timer) -> (generation: Int, range: ClosedRange<Duration>)? {
    for effect in effects.reversed() {
      if case .startTimer(timer, let generation, let range) = effect { return (generation, range) }
    }
    return nil
  }

  /// Lets the timer fire that was started last.
  @discardableResult
  mutating func fire(_ timer: SessionMachine.Timer) -> [SessionMachine.Effect] {
    handle(.timerFired(timer, generation: self.timer(timer)?.generation ?? -1))
  }

  mutating func forgetEffects() { effects = [] }

  var reports: [SessionMachine.Report] {
    effects.compactMap { if case .report(let report) = $0 { report } else { nil } }
  }
}
