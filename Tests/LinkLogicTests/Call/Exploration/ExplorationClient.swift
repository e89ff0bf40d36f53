import LinkProtocol

@testable import LinkLogic

/// A client's machine and what its application has heard, at one moment.
///
/// What only names something – requests, works, operations, timers that were started – is counted from one among what is outstanding,
/// so that moments that differ in nothing else are the same.
struct ExplorationClient: Hashable {
  private(set) var machine: CallMachine
  /// What the application was told to have begun and not to have ended.
  private var operations: [CallAction] = []
  private var remoteOperations: [RemoteOperation] = []
  /// It has been told that the call is over.
  private var isOver = false

  /// What is to be done about an input, and what was wrong with that.
  struct Step {
    var works: [MediaWork] = []
    var requests: [(request: CallRequest, isInOrder: Bool)] = []
    /// Milliseconds; `nil` for a timer that is stopped.
    var timers: [(timer: CallMachine.Timer, after: Int32?)] = []
    var isRegistered = false
    var complaint: String?
  }

  init(_ machine: CallMachine) {
    self.machine = machine
  }

  /// The number of the operation that begins next.
  var nextOperation: Int { machine.operations.count + 1 }
  /// Whether anything that the user has begun is without an outcome.
  var isBusy: Bool { !operations.isEmpty || !machine.operations.isEmpty }

  /// Whether the user has hung up or declined already.
  var isLeaving: Bool { operations.contains { $0 == .end || $0 == .reject } }

  static func generation(of timer: CallMachine.Timer) -> Int {
    1 + (CallMachine.Timer.allCases.firstIndex(of: timer) ?? 0)
  }

  /// Time passes. For the machine it is always zero o'clock: what it remembers was so long before.
  mutating func elapse(_ time: Int32) {
    machine.elapse(Int64(time))
  }

  mutating func handle(_ input: CallMachine.Input) -> Step {
    var step = Step()
    var pending = Dictionary(uniqueKeysWithValues: machine.operations.map { ($0.id, $0.action) })
    if let begun = input.operation { pending[begun.id] = begun.action }
    let wasOver = machine.isOver
    var hasFailed = false
    for effect in machine.handle(input, at: 0) {
      if wasOver { step.complain("its call is over, and yet: \(effect)", unless: effect.isCompletion) }
      switch effect {
      case .media(let work, _): step.works.append(work)
      case .send(let request, _, let isInOrder): step.requests.append((request, isInOrder))
      case .arm(let timer, let after, _): step.timers.append((timer, Int32(after.milliseconds)))
      case .cancel(let timer): step.timers.append((timer, nil))
      case .registered: step.isRegistered = true
      case .emit(let event):
        if case .failed = event { hasFailed = true }
        hear(event, &step)
      case .complete(let id, let failure):
        guard let action = pending.removeValue(forKey: id) else {
          step.complain("operation \(id) has two outcomes")
          continue
        }
        if failure == nil { checkSuccess(of: action, &step) }
      case .adjust, .tellOriginals, .finished: break
      }
    }
    if Set(pending.keys) != Set(machine.operations.map(\.id)) { step.complain("an operation has been forgotten: \(pending)") }
    checkEnd(hasFailed, &step)
    machine.countAnew()
    return step
  }

  /// What the application is told makes sense: nothing after the end, and of each operation a beginning and an end.
  private mutating func hear(_ event: CallEvent, _ step: inout Step) {
    if isOver { step.complain("the application hears \(event) after the end") }
    switch event {
    case .operationStarted(let action): operations.append(action)
    case .operationFinished(let action, _):
      guard let index = operations.firstIndex(of: action) else { return step.complain("\(action) ends without having begun") }
      operations.remove(at: index)
    case .remoteOperationStarted(let operation): remoteOperations.append(operation)
    case .remoteOperationFinished(let operation, _):
      guard let index = remoteOperations.firstIndex(of: operation) else {
        return step.complain("the far end's \(operation) ends without having begun")
      }
      remoteOperations.remove(at: index)
    case .stateChanged(.ended, _): isOver = true
    case .started, .received, .stateChanged, .flagsChanged, .mediaStateChanged, .screenshareChanged, .forwarded, .joined,
      .customParametersReceived, .failed:
      break
    }
    operations.sort { $0.rawValue < $1.rawValue }
  }

  /// A call has one terminal event: ENDED, or the failure of `make`, which no state change follows (R-CALL-45).
  private mutating func checkEnd(_ hasFailed: Bool, _ step: inout Step) {
    let isEnded = machine.facts.state == .ended
    if isEnded, !isOver, machine.facts.session == nil, hasFailed { isOver = true }
    if isEnded != isOver { step.complain("the call's state is \(machine.facts.state), but its application knows another") }
    if isOver, !operations.isEmpty || !remoteOperations.isEmpty {
      step.complain("the call is over, and \(operations) \(remoteOperations) are not")
    }
    if isEnded {
      for (request, _) in step.requests { step.complain("its call has ended, and yet: \(request)", unless: request.isGoodbye) }
      if !machine.timers.isEmpty { step.complain("timers outlive the call: \(machine.timers.keys)") }
    }
  }

  /// What succeeded is so.
  private func checkSuccess(of action: CallAction, _ step: inout Step) {
    let facts = machine.facts
    switch action {
    case .hold: if !facts.localHold { step.complain("the hold succeeded, and the call is not held") }
    case .unhold: if facts.localHold { step.complain("the unhold succeeded, and the call is held") }
    case .stopVideo: if facts.sendingVideo == true { step.complain("video was stopped, and is sent") }
    case .directTransfer: if facts.state != .ended { step.complain("the call has been transferred, and goes on") }
    case .make, .answer, .ignore, .reject, .forwardCall, .end, .mute, .unmute, .silence, .unsilence, .startVideo,
      .startScreenshare, .stopScreenshare, .sendDTMF, .changeInputDevices, .sendCustomParameters, .consultativeTransfer, .join,
      .restartMedia:
      break
    }
  }
}

extension ExplorationClient.Step {
  mutating func complain(_ text: String, unless isFine: Bool = false) {
    if !isFine { complaint = complaint ?? text }
  }
}

extension CallMachine {
  /// Gives everything that is outstanding the numbers from one on, and forgets what nobody asks for again.
  fileprivate mutating func countAnew() {
    let requestNumbers = Dictionary(uniqueKeysWithValues: zip(requests.keys.sorted(), 1...))
    negotiation.request = negotiation.request.flatMap { requestNumbers[$0] }
    requests = Dictionary(uniqueKeysWithValues: requests.map { (requestNumbers[$0] ?? 0, $1) })
    lastRequest = requests.count
    let workNumbers = Dictionary(uniqueKeysWithValues: zip(works.keys.sorted(), 1...))
    negotiation.work = negotiation.work.flatMap { workNumbers[$0] }
    works = Dictionary(uniqueKeysWithValues: works.map { (workNumbers[$0] ?? 0, $1) })
    lastWork = works.count
    for index in operations.indices { operations[index].id = index + 1 }
    for timer in timers.keys { timers[timer] = ExplorationClient.generation(of: timer) }
    lastTimer = Timer.allCases.count
    facts.transition = nil
    facts.failure = nil
    if phase != .ringing { receivedAt = 0 }
  }

  fileprivate mutating func elapse(_ time: Int64) {
    if phase == .ringing { receivedAt -= time }
    guard let change else { return }
    self.change?.lastProposal = change.lastProposal - time
    self.change?.firstProposal = change.firstProposal.map { $0 - time }
  }
}

extension CallMachine.Input {
  /// The user operation that it begins.
  fileprivate var operation: (id: Int, action: CallAction)? {
    switch self {
    case .make(let id): (id, .make)
    case .answer(_, let id): (id, .answer)
    case .reject(let id): (id, .reject)
    case .end(let id): (id, .end)
    case .change(let kind, let id): (id, kind.action)
    case .transfer(_, let id): (id, .directTransfer)
    case .receive, .ignore, .leave, .forward, .mute, .silence, .sendTones, .changeInputDevices, .setCustomParameters,
      .sendCustomParameters, .joined, .joinFailed, .channelOpened, .work, .response, .notice, .timer, .mediaState,
      .localCandidates:
      nil
    }
  }
}

extension CallRequest {
  /// The only one that is sent after the end.
  fileprivate var isGoodbye: Bool {
    switch self {
    case .end: true
    case .start, .update, .read, .disposition: false
    }
  }
}

extension CallMachine.Effect {
  fileprivate var isCompletion: Bool { if case .complete = self { true } else { false } }
}
