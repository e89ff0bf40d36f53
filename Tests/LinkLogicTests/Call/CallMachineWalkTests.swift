import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Calls to which anything happens at any time.
@Suite struct CallMachineWalkTests {
  @Test(arguments: 0..<400 as Range<UInt64>) func whateverHappensTheCallKeepsItsPromises(_ seed: UInt64) throws {
    var walk = CallWalk(seed: seed)
    for _ in 0..<60 where !walk.machine.isOver { try walk.step() }
    try walk.finish()
    #expect(walk.machine.isOver, "seed \(seed)")
    #expect(walk.finishes == 1, "seed \(seed)")
    #expect(walk.machine.facts.state == .ended, "seed \(seed)")
    #expect(walk.operations == [], "seed \(seed): operations that never finished")
    #expect(walk.timers == [:], "seed \(seed): timers that outlive the call")
    #expect(walk.begun == walk.over, "seed \(seed): operations reported to begin and to finish")
  }
}

/// A broken promise, and the walk on which it was broken.
struct BrokenPromise: Error, CustomStringConvertible {
  var description: String
}

private struct CallWalk {
  var machine: CallMachine
  let seed: UInt64
  var random: SplitMix64
  var works: [(id: Int, work: MediaWork)] = []
  var requests: [(id: Int, request: CallRequest)] = []
  var timers: [CallMachine.Timer: Int] = [:]
  var operations: Set<Int> = []
  var begun: [CallAction: Int] = [:]
  var over: [CallAction: Int] = [:]
  var finishes = 0
  private var lastOperation = 0
  private var isSilent = false
  private var announced: CallState?
  private var history: [String] = []

  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(seed: seed)
    if Bool.random(using: &random) {
      machine = CallMachine(
        outgoing: OutgoingCall(callee: "bob@example.com"), settings: CallDesk.settings)
      start = { .make($0) }
    } else {
      var call = CallDesk.incoming
      if Int.random(in: 0..<4, using: &random) == 0 { call.offer = nil }
      if Int.random(in: 0..<8, using: &random) == 0 { call.actions = ["reject"] }
      machine = CallMachine(incoming: call, settings: CallDesk.settings)
      start = { _ in .receive }
    }
  }
  private let start: (Int) -> CallMachine.Input
  private var hasStarted = false

  // MARK: What happens

  mutating func step() throws {
    guard hasStarted else {
      hasStarted = true
      if machine.facts.direction == .outgoing { return try operate(start) }
      return try feed(start(0))
    }
    switch Int.random(in: 0..<24, using: &random) {
    case 20..<24: try changeAtRandom()
    case 0..<7: try finishSomeWork()
    case 7..<13: try answerSomeRequest()
    case 13..<16: try notify()
    case 16: try fireSomeTimer()
    case 17: try operate { .answer(CallAnswer(), $0) }
    case 18: try operateAtRandom()
    default:
      try feed(.mediaState(ICEConnectionState.allCases.randomElement(using: &random) ?? .new))
    }
  }

  mutating func finish() throws {
    if machine.facts.state != .ended { try operate { .end($0) } }
    for _ in 0..<50 where !machine.isOver {
      try finishSomeWork()
      try answerSomeRequest()
      if works.isEmpty, requests.isEmpty { try fireSomeTimer() }
      if machine.facts.state == .ringing, machine.facts.direction == .incoming, works.isEmpty, requests.isEmpty {
        try operate { .ignore($0) }
      }
    }
  }

  private mutating func operate(_ input: (Int) -> CallMachine.Input) throws {
    lastOperation += 1
    operations.insert(lastOperation)
    try feed(input(lastOperation))
  }

  private mutating func operateAtRandom() throws {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: try operate { .reject($0) }
    case 1: try operate { .ignore($0) }
    case 2: try operate { .end($0) }
    case 3: try operate { .make($0) }
    case 4: try operate { .mute(true, $0) }
    case 5: try operate { .forward(to: "carol@example.com", $0) }
    case 6: try feed([.joined, .joinFailed, .channelOpened(isReconnection: true)].randomElement(using: &random) ?? .joined)
    default: try operate { .mute(false, $0) }
    }
  }

  private mutating func changeAtRandom() throws {
    let screen = ScreenShare(mediaSourceId: "virtual:screen")
    let kinds: [CallMachine.Change.Kind] = [
      .hold, .hold, .unhold, .startVideo(nil), .stopVideo, .startScreenshare(screen), .stopScreenshare, .restartMedia,
    ]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: try operate { .transfer(.address("carol@example.com"), $0) }
    case 1: try operate { .transfer(.call("s2", number: "carol@example.com"), $0) }
    case 2: if let tones = DTMFTones("5") { try operate { .sendTones(tones, $0) } }
    case 3: try operate { .changeInputDevices($0) }
    default:
      let kind = kinds.randomElement(using: &random) ?? .hold
      try operate { .change(kind, $0) }
    }
  }

  private mutating func finishSomeWork() throws {
    guard !works.isEmpty else { return }
    // The lane is in order, but closing comes in between.
    let index = works.count > 1 && works.last?.work == .close && Bool.random(using: &random) ? works.count - 1 : 0
    let (id, work) = works.remove(at: index)
    let cause: MediaFailure.Cause? =
      Int.random(in: 0..<6, using: &random) > 0
      ? nil : [.initialization, .device, .remoteDescription, .engine].randomElement(using: &random)
    switch work {
    case .offer, .answer:
      try feed(.work(id, cause.map { .failed(MediaFailure($0, "at random")) } ?? .described(someSDP())))
    case .accept:
      let done: MediaResult = Int.random(in: 0..<8, using: &random) == 0 ? .doneElsewhere : .done
      try feed(.work(id, cause.map { .failed(MediaFailure($0, "at random")) } ?? done))
    case .sendTones, .changeInputDevices:
      try feed(.work(id, cause.map { .failed(MediaFailure($0, "at random")) } ?? .done))
    case .close: try feed(.work(id, .done))
    }
  }

  private mutating func answerSomeRequest() throws {
    guard !requests.isEmpty else { return }
    let (id, request) = requests.remove(at: Int.random(in: 0..<requests.count, using: &random))
    if Int.random(in: 0..<5, using: &random) > 0 {
      var response = CallControlResponse()
      if case .start = request { response.sessionData = "sA" }
      return try feed(.response(id, .success(response)))
    }
    let codes: [StatusCode?] = [nil, .callNotFound, .answeredElsewhere, .internalError, .requestPending]
    let code = codes.randomElement(using: &random) ?? nil
    let retryAfter = code == .requestPending ? 2.0 : nil
    try feed(.response(id, .failure(code.map { CallControlResponse(statusCode: $0, retryAfter: retryAfter) })))
  }

  private mutating func notify() throws {
    let kinds: [CallNotice.Kind] = [
      .ringing, .ringing, .progress, .answer, .answer, .update, .update, .refusal(retryAfter: .seconds(1)), .cancel, .trying,
      .complete, .fail, .accepted, .candidates([]),
    ]
    var kind = kinds.randomElement(using: &random) ?? .trying
    if Int.random(in: 0..<12, using: &random) == 0 { kind = .end }
    let sdp = Int.random(in: 0..<6, using: &random) > 0 ? someSDP() : nil
    try feed(.notice(CallNotice(kind, sdp: sdp)))
  }

  private mutating func fireSomeTimer() throws {
    guard let timer = timers.keys.sorted(by: { $0.rawValue < $1.rawValue }).randomElement(using: &random),
      let generation = timers[timer]
    else { return }
    if Int.random(in: 0..<4, using: &random) == 0 { try feed(.timer(timer, generation: generation - 1)) }
    timers[timer] = nil
    try feed(.timer(timer, generation: generation))
  }

  private mutating func someSDP() -> String {
    SDPText.make(
      audio: MediaDirection.allCases.randomElement(using: &random) ?? .sendrecv,
      video: Bool.random(using: &random) ? MediaDirection.allCases.randomElement(using: &random) : nil)
  }

  // MARK: What is promised

  private mutating func feed(_ input: CallMachine.Input) throws {
    history.append("\(input)".prefix(100).description)
    let wasOver = machine.isOver
    for effect in machine.handle(input, at: 0) {
      try promise(!wasOver || effect.isCompletion, "nothing comes out of a machine that is over: \(effect)")
      try note(effect)
    }
    try promise(
      announced == nil || machine.facts.state == announced || machine.facts.failure != nil,
      "what is announced is in the record")
    try promise(
      machine.facts.state == .ended || !works.isEmpty || !requests.isEmpty || !timers.isEmpty,
      "a call that goes on waits for something")
    let isWaitedFor = [.initiated, .earlyMedia].contains(machine.facts.state)
    try promise(!isWaitedFor || timers[.deadline] != nil, "nobody waits for the far end for ever")
    try promise(!machine.facts.state.isEstablished || timers[.audit] != nil, "an established call is audited")
    try promise(machine.facts.state != .ended || timers.isEmpty, "a call that has ended waits for nothing")
  }

  private mutating func note(_ effect: CallMachine.Effect) throws {
    switch effect {
    case .media(let work, let id): works.append((id, work))
    case .send(let request, let id, _): requests.append((id, request))
    case .arm(let timer, _, let generation):
      try promise(generation > (timers[timer] ?? 0), "generations grow")
      timers[timer] = generation
    case .cancel(let timer):
      try promise(timers.removeValue(forKey: timer) != nil, "only what is armed is cancelled")
    case .complete(let id, _):
      try promise(operations.remove(id) != nil, "an operation finishes once")
    case .emit(let event): try note(event)
    case .finished: finishes += 1
    case .adjust, .registered, .tellOriginals: break
    }
  }

  private mutating func note(_ event: CallEvent) throws {
    try promise(!isSilent, "nothing is emitted after the end: \(event)")
    switch event {
    case .stateChanged(let state, _):
      announced = state
      if state == .ended { isSilent = true }
    case .operationStarted(let action): begun[action, default: 0] += 1
    case .operationFinished(let action, _): over[action, default: 0] += 1
    case .failed: if machine.facts.state == .ended, machine.facts.endTime == nil { isSilent = true }
    case .started, .received, .flagsChanged, .mediaStateChanged, .screenshareChanged, .forwarded, .joined,
      .customParametersReceived, .remoteOperationStarted, .remoteOperationFinished:
      break
    }
  }

  private func promise(_ holds: Bool, _ text: String) throws {
    guard holds else {
      throw BrokenPromise(description: "seed \(seed): \(text)\n" + history.suffix(20).joined(separator: "\n"))
    }
  }
}

extension CallMachine.Effect {
  fileprivate var isCompletion: Bool { if case .complete = self { true } else { false } }
}
