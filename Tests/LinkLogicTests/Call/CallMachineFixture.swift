import LinkLogic
import LinkProtocol

/// A call's machine at a desk: inputs go in by name, the last request and the last media work are remembered.
struct CallDesk {
  typealias Effect = CallMachine.Effect

  var machine: CallMachine
  /// Milliseconds since 1970.
  var now: Int64 = 1_700_000_000_000
  private(set) var lastWork = 0
  private(set) var lastRequest = 0
  private(set) var generations: [CallMachine.Timer: Int] = [:]
  private var lastOperation = 0

  static let user = "alice@example.com"
  static let callee = "bob@example.com"
  static let session: SessionID = "sA"

  static var settings: CallMachine.Settings { CallMachine.Settings(user: user, domain: "example.com") }

  init(
    calling callee: String = Self.callee, media: MediaWishes = MediaWishes(), from: String? = nil,
    customParameters: [CustomParameter]? = nil, settings: CallMachine.Settings = Self.settings
  ) {
    let call = OutgoingCall(callee: callee, from: from, media: media, customParameters: customParameters)
    machine = CallMachine(outgoing: call, settings: settings)
  }

  init(called call: IncomingCall) {
    machine = CallMachine(incoming: call, settings: Self.settings)
  }

  var facts: CallFacts { machine.facts }

  mutating func feed(_ input: CallMachine.Input) -> [Effect] {
    let effects = machine.handle(input, at: now)
    for effect in effects {
      switch effect {
      case .media(_, let id): lastWork = id
      case .send(_, let id, _): lastRequest = id
      case .arm(let timer, _, let generation): generations[timer] = generation
      case .cancel(let timer): generations[timer] = nil
      case .adjust, .registered, .emit, .tellOriginals, .complete, .finished: break
      }
    }
    return effects
  }

  // MARK: Inputs by name; user operations are numbered from 1

  mutating func make() -> [Effect] { feed(.make(operation())) }
  mutating func answer(_ answer: CallAnswer = CallAnswer()) -> [Effect] { feed(.answer(answer, operation())) }
  mutating func ignore() -> [Effect] { feed(.ignore(operation())) }
  mutating func reject() -> [Effect] { feed(.reject(operation())) }
  mutating func end() -> [Effect] { feed(.end(operation())) }
  mutating func mute(_ on: Bool) -> [Effect] { feed(.mute(on, operation())) }
  mutating func change(_ kind: CallMachine.Change.Kind) -> [Effect] { feed(.change(kind, operation())) }
  mutating func transfer(to target: TransferTarget) -> [Effect] { feed(.transfer(target, operation())) }
  mutating func forward(to address: String) -> [Effect] { feed(.forward(to: address, operation())) }
  /// The number of the last user operation.
  var operationNumber: Int { lastOperation }

  mutating func operation() -> Int {
    lastOperation += 1
    return lastOperation
  }

  mutating func described(_ sdp: String = "<own>") -> [Effect] { feed(.work(lastWork, .described(sdp))) }
  mutating func mediaDone() -> [Effect] { feed(.work(lastWork, .done)) }
  mutating func mediaFails(_ cause: MediaFailure.Cause, _ message: String = "why") -> [Effect] {
    feed(.work(lastWork, .failed(MediaFailure(cause, message))))
  }

  mutating func accepted(_ response: CallControlResponse = CallControlResponse()) -> [Effect] {
    feed(.response(lastRequest, .success(response)))
  }
  mutating func refused(_ code: StatusCode?, _ text: String? = nil) -> [Effect] {
    feed(.response(lastRequest, .failure(code.map { CallControlResponse(statusCode: $0, reasonText: text) })))
  }

  mutating func notified(_ notice: CallNotice) -> [Effect] { feed(.notice(notice)) }
  mutating func notified(_ kind: CallNotice.Kind, sdp: String? = nil, _ reason: CallReason? = nil) -> [Effect] {
    feed(.notice(CallNotice(kind, sdp: sdp, reason: reason)))
  }

  /// Lets the timer fire that was armed last.
  mutating func fire(_ timer: CallMachine.Timer) -> [Effect] {
    guard let generation = generations.removeValue(forKey: timer) else { return [] }
    return feed(.timer(timer, generation: generation))
  }

  // MARK: Ways to a phase

  /// Outgoing: the gateway has accepted the call.
  static func trying(_ desk: CallDesk = CallDesk()) -> CallDesk {
    var desk = desk
    _ = desk.make()
    _ = desk.described()
    _ = desk.accepted(CallControlResponse(sessionData: session))
    return desk
  }

  static func ringing() -> CallDesk {
    var desk = trying()
    _ = desk.notified(.ringing)
    return desk
  }

  /// Established as the caller.
  static func talking(answer: String = SDPText.make()) -> CallDesk {
    var desk = ringing()
    _ = desk.notified(.answer, sdp: answer)
    _ = desk.mediaDone()
    return desk
  }

  /// Established, and held by this end.
  static func holding(_ desk: CallDesk = talking()) -> CallDesk {
    var desk = desk
    _ = desk.change(.hold)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly))
    _ = desk.mediaDone()
    return desk
  }

  static let incoming = IncomingCall(
    session: "sB", offer: SDPText.make(), callerNumber: "carol@example.com", callerName: "Carol Clark",
    calleeNumber: "alice@example.com")

  /// Incoming: it rings.
  static func called(_ call: IncomingCall = incoming) -> CallDesk {
    var desk = CallDesk(called: call)
    _ = desk.feed(.receive)
    return desk
  }

  /// Incoming: the answer is on its way to the gateway.
  static func answering() -> CallDesk {
    var desk = called()
    _ = desk.answer()
    _ = desk.described("<answer>")
    return desk
  }
}

/// Session descriptions as short as the machine can tell them apart.
enum SDPText {
  static func make(
    audio: MediaDirection = .sendrecv, video: MediaDirection? = nil, address: String = "192.0.2.1", port: Int = 4000,
    name: String = "-"
  ) -> String {
    var lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=\(name)", "c=IN IP4 \(address)", "t=0 0"]
    lines += ["m=audio \(port) UDP/TLS/RTP/SAVPF 0", "a=\(audio.rawValue)"]
    if let video { lines += ["m=video \(port + 2) UDP/TLS/RTP/SAVPF 96", "a=\(video.rawValue)"] }
    return lines.map { $0 + "\r\n" }.joined()
  }
}

extension SDPText {
  /// What an engine makes of an offer and of what this end wants (part 03 §14.4). The answer has the offer's session name, as a mark
  /// of what it answers.
  static func answer(to offer: String, _ media: LocalMedia) -> String {
    guard let offered = try? SessionDescription(offer) else { return make() }
    let name = String(name(of: offer))
    let audio = (media.audio ?? .recvonly).answering(offered.direction(of: .audio))
    guard offered.kinds.contains(.video) else { return make(audio: audio, name: name) }
    return make(audio: audio, video: (media.video ?? .recvonly).answering(offered.direction(of: .video)), name: name)
  }

  /// The session name, `s=`.
  static func name(of text: String) -> Substring {
    text.split(separator: "\r\n").first { $0.hasPrefix("s=") }?.dropFirst(2) ?? "-"
  }
}

extension CallMachine.Effect {
  /// What the application sees of it.
  var event: CallEvent? { if case .emit(let event) = self { event } else { nil } }
  var request: CallRequest? { if case .send(let request, _, _) = self { request } else { nil } }
}

extension [CallMachine.Effect] {
  var events: [CallEvent] { compactMap(\.event) }
  var requests: [CallRequest] { compactMap(\.request) }
  /// The operations that are over, and how.
  var completions: [Int: CallFailure?] {
    var found: [Int: CallFailure?] = [:]
    for case .complete(let id, let failure) in self { found.updateValue(failure, forKey: id) }
    return found
  }
}

extension [CallEvent] {
  /// Without the far end's operations.
  var ofTheCall: [CallEvent] {
    filter {
      switch $0 {
      case .remoteOperationStarted, .remoteOperationFinished: false
      default: true
      }
    }
  }
}

extension CallEvent {
  /// The new state, of a change of state.
  var state: CallState? { if case .stateChanged(let state, _) = self { state } else { nil } }

  static func changed(
    _ from: CallState, _ to: CallState, _ reason: CallReason? = nil, _ kind: CallTransition.Kind? = nil
  ) -> CallEvent {
    .stateChanged(
      to,
      CallTransition(code: reason?.code, reasonText: reason?.text, previousState: from, newState: to, event: kind))
  }
}
