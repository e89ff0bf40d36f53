import DequeModule
public import LinkProtocol

/// One call, from `make` or `call:receive` to ENDED: decides what is said to the gateway, what media has to do, and what the
/// application sees (part 02 §6 to §8). A `CallDriver` performs it.
///
/// Independent of each other are `phase` (how far the call is), `hold` (who holds it), `negotiation` (whose session description is
/// on its way), `change` (what the user wants to be agreed on) and `redirect` (whether the call is being transferred or joined).
/// Inputs carry the time, in milliseconds since 1970.
public struct CallMachine: Sendable, Hashable {
  /// What the application may know. Read it after every `handle`.
  public internal(set) var facts: CallFacts
  /// Nothing will come out of this machine any more, and nothing is outstanding.
  public internal(set) var isOver = false

  let settings: Settings
  var phase: Phase = .idle
  var hold = Hold() {
    didSet {
      facts.localHold = hold.local
      facts.remoteHold = hold.remote
    }
  }
  var negotiation = Negotiation()
  /// A change that this end proposes, from the wish to its outcome.
  var change: Change?
  /// What the user wants while this end changes something by itself; its turn comes after that.
  var nextChange: Change?
  var redirect: Redirect?
  var wishes = MediaWishes()
  /// The screen that is sent instead of the camera.
  var screen: ScreenShare?
  /// How often media has been restarted since it last flowed.
  var restarts = 0
  var parties = Parties()

  var outgoing: OutgoingCall?
  var incoming: IncomingCall?
  /// The gateway has to be told that the user is gone, as soon as the session is known.
  var owesGoodbye = false
  /// Whether an offer of ours has a video section.
  var hasVideoSection = false
  /// Whether a description of the call has an audio section.
  var hasAudioSection = false
  /// The far end's video, as far as it has been agreed on; shown from the next announcement on.
  var remoteVideo: MediaDirection?
  var hasRemoteMedia = false
  /// What the far end's last description showed.
  var remoteSummary: MediaSummary?
  /// What the far end is doing, until it has been answered.
  var remoteOperation: RemoteOperation?
  var hasClosedMedia = false
  /// When an incoming call began to ring.
  var receivedAt: Int64 = 0

  /// User operations that have not finished, oldest first.
  var operations: [Operation] = []
  var requests: [RequestID: RequestPurpose] = [:]
  var works: [WorkID: WorkPurpose] = [:]
  /// What the user has decided about a call that rings, until the gateway has confirmed it.
  var decision: Decision?
  /// The gateway still has to be asked for the call's state (R-CALL-690).
  var owesResync = false
  /// An offer of ours has been given up unanswered: should the answer still come, the far end has changed and this end has not.
  var hasMissedAnswer = false
  /// This end no longer knows what the far end makes of the call, and makes sure when its own change is over (R-CALL-427).
  var owesRepair = false
  /// Notifications that wait until the exchange under way is over (R-CALL-171).
  var queue: Deque<CallNotice> = []
  var timers: [Timer: Int] = [:]
  var lastTimer = 0
  var lastRequest = 0
  var lastWork = 0
  var enabled = MediaEnablement()

  /// Of the input being handled.
  var now: Int64 = 0
  var effects: [Effect] = []

  public init(outgoing call: OutgoingCall, settings: Settings) {
    self.settings = settings
    facts = CallFacts(
      direction: .outgoing, state: .initiating, from: call.from.nonEmpty ?? settings.user, to: call.callee)
    facts.originalRemoteParticipant = CallParticipant(displayNumber: call.callee)
    facts.customParameters = call.customParameters
    parties.remote = facts.originalRemoteParticipant
    outgoing = call
    take(call.media)
  }

  public init(incoming call: IncomingCall, settings: Settings) {
    self.settings = settings
    facts = CallFacts(
      direction: .incoming, state: .ringing, from: call.callerNumber ?? "", to: settings.user)
    facts.session = call.session
    facts.callerName = call.callerName
    facts.remoteCustomParameters = call.customParameters
    let media = call.offer.flatMap(RemoteMedia.init)
    let video = media?.video
    remoteSummary = media?.summary
    facts.isVideoNegotiationAvailable = video != nil
    facts.remoteVideoState = video
    remoteVideo = video
    hasRemoteMedia = true
    incoming = call
    parties = Parties(call)
    facts.remoteParticipant = parties.remote
  }

  public mutating func handle(_ input: Input, at now: Int64) -> [Effect] {
    self.now = now
    switch input {
    case .make(let id): make(id)
    case .receive: receive()
    case .answer(let answer, let id): self.answer(answer, id)
    case .ignore(let id): ignore(id)
    case .reject(let id): reject(id, .reject)
    case .end(let id): end(id)
    case .leave: leave()
    case .forward(let address, let id): forward(to: address, id)
    case .mute(let on, let id): mute(on, id)
    case .silence(let on, let id): silence(on, id)
    case .change(let kind, let id): self.change(kind, id)
    case .sendTones(let tones, let id): send(tones, id)
    case .changeInputDevices(let id): changeInputDevices(id)
    case .setCustomParameters(let parameters): facts.customParameters = parameters
    case .sendCustomParameters(let id): sendCustomParameters(id)
    case .transfer(let target, let id): transfer(to: target, id)
    case .joined: beJoined()
    case .joinFailed: joinFailed()
    case .channelOpened(let isReconnection): channelOpened(isReconnection)
    case .work(let id, let result): workFinished(id, result)
    case .response(let id, let response): requestFinished(id, response)
    case .notice(let notice): receive(notice)
    case .timer(let timer, let generation): fire(timer, generation)
    case .mediaState(let state): mediaState(state)
    case .localCandidates(let candidates): send(candidates)
    }
    drainQueue()
    proceed()
    resync()
    adjustEnablement()
    facts.isNegotiating = phase == .established && (negotiation.stage != .stable || change != nil)
    if phase == .ended, !isOver, requests.isEmpty, works.isEmpty {
      isOver = true
      effects.append(.finished)
    }
    defer { effects = [] }
    return effects
  }
}

// MARK: - Vocabulary

extension CallMachine {
  /// Names a user operation; chosen by whoever starts it.
  public typealias OperationID = Int
  /// Names a request until its response.
  public typealias RequestID = Int
  /// Names a piece of media work until its result.
  public typealias WorkID = Int

  public enum Input: Sendable, Hashable {
    case make(OperationID)
    case receive
    case answer(CallAnswer, OperationID)
    case ignore(OperationID)
    case reject(OperationID)
    case end(OperationID)
    /// The connection ends: hangs up, and leaves what rings to the user's other devices (R-CALL-479).
    case leave
    /// Lets somebody else answer (R-CALL-83).
    case forward(to: String, OperationID)
    case mute(Bool, OperationID)
    case silence(Bool, OperationID)
    case change(Change.Kind, OperationID)
    case sendTones(DTMFTones, OperationID)
    case changeInputDevices(OperationID)
    case setCustomParameters([CustomParameter])
    case sendCustomParameters(OperationID)
    case transfer(TransferTarget, OperationID)
    /// The gateway has accepted a call that joins this one with another (R-CALL-90).
    case joined
    /// The call that this one was joined into is no more, before it replaced this one (part 02 §8.19).
    case joinFailed
    /// Notifications come again; requests may have been missed while they did not (R-CALL-690, R-CALL-695).
    case channelOpened(isReconnection: Bool)
    case work(WorkID, MediaResult)
    case response(RequestID, CallResponse)
    case notice(CallNotice)
    case timer(Timer, generation: Int)
    case mediaState(ICEConnectionState)
    /// Candidates that were found after the description had left, and are to be trickled (R-ICE-34).
    case localCandidates([ICECandidate])
  }

  public enum Effect: Sendable, Hashable {
    /// Work for the media lane; its result comes back as `work`.
    case media(MediaWork, WorkID)
    /// For the media lane too, without a result.
    case adjust(MediaAdjustment)
    /// A request; its response comes back as `response`. Those in order leave one after the other, each when the one before
    /// has been answered; the others leave at once.
    case send(CallRequest, RequestID, inOrder: Bool)
    case arm(Timer, after: Duration, generation: Int)
    case cancel(Timer)
    /// From now on notifications of this session belong to this call (R-CALL-44).
    case registered(SessionID)
    case emit(CallEvent)
    /// Of a call that joins two others: what both have to know.
    case tellOriginals(JoinNews)
    /// A user operation is over; without a failure it succeeded.
    case complete(OperationID, CallFailure?)
    case finished
  }

  public enum Timer: String, Sendable, Hashable, CaseIterable {
    /// The next sign of life for the gateway (R-CALL-93).
    case audit
    /// The far end or the gateway has to do something until then.
    case deadline
    /// A change that was refused is proposed again (R-CALL-61), a decision that may be lost is said again (R-CALL-419).
    case retry
    /// The gateway does not know the call any more, and what it had to say about that has not come (R-CALL-692).
    case verdict
    /// A transfer or join has to be over.
    case redirect
    /// Media that does not flow is restarted.
    case mediaRestart
  }

  public enum JoinNews: Sendable, Hashable {
    case accepted, failed
  }

  /// How long the machine waits for what. The protocol has no client timers for most of this (R-CALL-662); these are the ends
  /// of patience for the case that the gateway loses something.
  public struct Timings: Sendable, Hashable {
    public var firstAudit: Duration = .seconds(3)
    /// `callAuditTimer`.
    public var audit: Duration = .seconds(30)
    /// For somebody to answer. Longer than any gateway lets ring (R-CALL-410).
    public var ringing: Duration = .seconds(300)
    /// For the far end's answer to an offer of ours, and for the gateway to say that it has our answer.
    public var answer: Duration = .seconds(30)
    /// From a decision that may be lost to its repetition.
    public var sayAgain: Duration = .seconds(1)
    /// For the gateway's confirmation that a provisional call is over (R-CALL-285).
    public var goodbye: Duration = .seconds(4)
    /// A refusal that comes later than this is no glare, but a gateway that has waited in vain.
    public var glare: Duration = .seconds(5)
    /// For the outcome of a transfer or join: somebody may have to answer first.
    public var redirect: Duration = .seconds(300)
    /// The same, when nobody has said that the gateway is at it.
    public var unconfirmedRedirect: Duration = .seconds(90)
    /// `activeCallTimeoutMS`: how long an incoming call may have rung when the connection returns (R-CALL-695).
    public var activeCall: Duration = .seconds(120)
    /// From losing the media connection to restarting it, at the end that called; the other one waits for `restartStagger` longer,
    /// so that the two do not collide (R-ICE-56).
    public var restart: Duration = .seconds(2)
    public var restartStagger: Duration = .seconds(3)
    /// From a restart that came to nothing to the next.
    public var restartAgain: Duration = .seconds(10)

    public init() {}
  }

  public struct Settings: Sendable, Hashable {
    /// The own user id.
    public var user: String
    /// Completes numbers that have no domain (R-CALL-341).
    public var domain: String
    public var timings = Timings()
    /// `earlyMedia`: announce that media before the answer is welcome (R-CALL-41).
    public var earlyMedia = false
    /// `videoInactiveOnHold` (R-CALL-50).
    public var videoInactiveOnHold = false
    /// `forceDisableMediaOnHold`: send nothing, not even silence, while this end holds (R-SDP-131).
    public var forceDisableMediaOnHold = false
    /// `resyncOnConnect` (R-CALL-690).
    public var resyncOnConnect = false

    public init(user: String, domain: String) {
      self.user = user
      self.domain = domain
    }
  }

  enum Phase: Sendable, Hashable {
    case idle
    /// Outgoing: media is prepared, or `callStart` is unanswered.
    case initiating
    /// Outgoing: the gateway has accepted the call.
    case trying
    /// Outgoing: the far end rings or sends early media.
    case progressing
    /// Incoming.
    case ringing
    /// Incoming: the user has answered; the gateway has not confirmed.
    case accepting
    case established
    /// Incoming: the gateway has been asked to turn the call down.
    case rejecting
    /// Incoming: the gateway has been asked to ring somebody else. Whether it said meanwhile that the ringing is over here.
    case forwarding(isCancelled: Bool)
    /// Outgoing: the user has hung up while it rang; the gateway has not confirmed.
    case ending
    case ended
  }

  struct Hold: Sendable, Hashable {
    var local = false
    var remote = false

    /// R-SDP-8.3.
    var state: CallState { local ? .onHold : remote ? .onRemoteHold : .inCall }
  }

  /// At most one offer is open per call (R-CALL-300).
  struct Negotiation: Sendable, Hashable {
    enum Stage: Sendable, Hashable {
      case stable
      case preparingOffer
      /// The request that carries our offer is unanswered.
      case offering
      /// The far end has our offer.
      case offered
      /// Media applies the far end's answer.
      case applying(DescriptionType)
      case preparingAnswer
      /// The request that carries our answer is unanswered.
      case answering
    }

    var stage: Stage = .stable
    /// The work or request under way; results with another id are of an exchange that has been given up.
    var work: WorkID?
    var request: RequestID?
    /// What the far end's offer does to the call.
    var update: RemoteUpdate?
    /// The code and text of the notification that will be announced.
    var reason: CallReason?

    /// Whether notifications have to wait (R-CALL-171).
    var isBusy: Bool {
      switch stage {
      case .stable, .offered: false
      case .preparingOffer, .offering, .applying, .preparingAnswer, .answering: true
      }
    }
  }

  /// To answer, reject or forward, as the gateway is told. To say it twice does no harm.
  struct Decision: Sendable, Hashable {
    var request: CallRequest
    var purpose: RequestPurpose
    /// It may have arrived, although nobody has said so.
    var mayHaveArrived = false
  }

  struct Operation: Sendable, Hashable {
    var id: OperationID
    var action: CallAction
  }

  enum RequestPurpose: Sendable, Hashable {
    case start, answer, respond, propose, reject, forward, transfer, goodbye, audit, resync, refusal, candidates
    case parameters(OperationID)
  }

  enum WorkPurpose: Sendable, Hashable {
    case describe, accept, close
    /// Work beside the exchange of descriptions, for a user operation.
    case operation(OperationID)
  }
}

/// A change that the far end proposes in an established call (R-CALL-200).
struct RemoteUpdate: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case hold, offer
    /// It wants our offer.
    case slowStart
  }
  var kind: Kind
  var media: RemoteMedia?
}
