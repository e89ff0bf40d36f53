public import LinkProtocol

// What this end changes in an established call: hold, video, screen, and media that has to be restarted (part 02 §8.13 to §8.16).
//
// A change goes from a wish to exactly one outcome. It waits for an exchange that the far end has begun; while one of this end's own is
// not over, another is refused (R-SDP-161). The call is what it was until the far end's answer has been applied.

extension CallMachine {
  /// A change that this end proposes with an offer (R-CALL-50).
  public struct Change: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
      case hold, unhold
      case startVideo(VideoResolution?)
      case stopVideo
      case startScreenshare(ScreenShare)
      case stopScreenshare
      /// New ICE credentials for media that does not flow (R-UP-27).
      case restartMedia
      /// A new peer, because the far end's answer came from another endpoint (R-UP-24).
      case renew
      /// An offer of what is so, because an answer of this end got lost when the engine had applied it already.
      case repair
    }

    enum Stage: Sendable, Hashable {
      /// For the exchange under way to end.
      case waiting
      /// The far end refused; it is proposed again when the retry timer fires (R-CALL-61).
      case refused
      case proposed
    }

    var kind: Kind
    /// Whether no user waits for it.
    var isAutomatic = false
    var stage = Stage.waiting
    var refusals = 0
    /// When it was proposed, first and last.
    var firstProposal: Int64?
    var lastProposal: Int64 = 0

    /// More refusals than this are a failure (R-SDP-160).
    static let mostRefusals = 3
  }

  mutating func change(_ kind: Change.Kind, _ id: OperationID) {
    let action = kind.action
    guard phase != .ended else { return refuse(id, action) }
    if let change = nextChange ?? change, !change.isAutomatic {
      let why = change.stage == .refused ? "A refused operation is about to be repeated." : "Another operation is under way."
      return fail(id, action, CallFailure(.invalidState, kind.failureMessage, detail: why))
    }
    if redirect?.stage == .waiting {
      return fail(id, action, CallFailure(.invalidState, kind.failureMessage, detail: "The call is about to be transferred."))
    }
    if let problem = problem(with: kind) { return fail(id, action, problem) }
    begin(action, id)
    if needsNoOffer(kind) { return adoptWithoutOffer(kind) }
    if change == nil { change = Change(kind: kind) } else { nextChange = Change(kind: kind) }
  }

  private mutating func adoptWithoutOffer(_ kind: Change.Kind) {
    adopt(kind)
    if kind.isAboutScreen { emit(.screenshareChanged) }
    finish(kind.action)
  }

  /// Starts what has waited for the exchange under way to end.
  mutating func proceed() {
    guard phase == .established, negotiation.stage == .stable, queue.isEmpty else { return }
    if change == nil {
      change = nextChange
      nextChange = nil
    }
    if let change, change.stage == .waiting {
      guard let problem = problem(with: change.kind) else { return propose(change.kind) }
      giveUp(problem)
    }
    if change == nil, redirect?.stage == .waiting { requestTransfer() }
  }

  private mutating func propose(_ kind: Change.Kind) {
    change?.stage = .proposed
    if change?.firstProposal == nil { change?.firstProposal = now }
    change?.lastProposal = now
    negotiation = Negotiation(stage: .preparingOffer)
    negotiation.work = work(.offer(localMedia(proposing: kind), kind.operation, kind.basis), .describe)
  }

  /// Why the call's state does not allow this (R-CALL-422, R-MEDIA-50, R-MEDIA-53).
  private func problem(with kind: Change.Kind) -> CallFailure? {
    func refusal(_ why: String) -> CallFailure { CallFailure(.invalidState, kind.failureMessage, detail: why) }
    guard phase == .established else { return refusal("The call is not established.") }
    if let redirect, redirect.stage != .waiting, !kind.isOwn { return refusal("The call is being transferred or joined.") }
    switch kind {
    case .hold: return hold.local ? refusal("The call is on hold already.") : nil
    case .unhold: return hold.local ? nil : refusal("The call is not on hold.")
    case .startVideo, .stopVideo:
      return isHeld ? refusal("The call is held.") : hasVideoSection ? nil : refusal(Self.noVideo)
    case .startScreenshare:
      if screen != nil { return refusal("A screen is being shared already.") }
      return isHeld ? refusal("The call is held.") : hasVideoSection ? nil : refusal(Self.noVideo)
    case .stopScreenshare: return screen == nil ? refusal("No screen is being shared.") : nil
    case .restartMedia, .renew, .repair: return nil
    }
  }

  private static let noVideo = "The call was made without video."
  var isHeld: Bool { hold.local || hold.remote }

  /// What only has to be remembered: what is so already, what a shared screen hides, and what a held call shows later (R-MEDIA-52,
  /// R-MEDIA-54, R-MEDIA-63).
  private func needsNoOffer(_ kind: Change.Kind) -> Bool {
    switch kind {
    case .startVideo(let resolution):
      screen != nil || wishes.sendVideo && (resolution == nil || resolution == wishes.resolution)
    case .stopVideo: screen != nil || !wishes.sendVideo
    case .stopScreenshare: isHeld
    case .hold, .unhold, .startScreenshare, .restartMedia, .renew, .repair: false
    }
  }

  /// The change is so from now on.
  private mutating func adopt(_ kind: Change.Kind) {
    switch kind {
    case .hold: hold.local = true
    case .unhold: hold.local = false
    case .startVideo(let resolution):
      wishes.sendVideo = true
      wishes.resolution = resolution ?? wishes.resolution
    case .stopVideo: wishes.sendVideo = false
    case .startScreenshare(let share): screen = share
    case .stopScreenshare: screen = nil
    case .restartMedia, .renew, .repair: break
    }
    facts.sendingVideo = wishes.sendVideo
    facts.isScreensharing = screen != nil
  }

  private func localMedia(proposing kind: Change.Kind) -> LocalMedia {
    var then = self
    then.adopt(kind)
    // What the far end answers to an offer to send says whether it holds; nothing can be concluded from its answer to no media at all.
    if isUnsure(kind) { then.hold.remote = false }
    var media = then.localMedia(answering: nil)
    // Nobody sends video: the section goes to sleep (R-SDP-113).
    if kind.endsVideo, media.video == .recvonly, remoteVideo?.sends != true { media.video = .inactive }
    return media
  }
}

// MARK: - What becomes of it

extension CallMachine {
  /// To `startCallUpdate` (R-CALL-52, R-CALL-60).
  mutating func proposed(_ response: CallResponse) {
    guard phase == .established, let change, negotiation.stage == .offering else { return }
    switch response {
    case .success:
      offerLeft()
    // Nothing was said: the offer may have left all the same, and then its reply decides (R-CALL-424). The deadline ends the wait.
    case .failure(nil):
      offerLeft()
    case .failure(let body):
      if response.isCallGone {
        conclude(.reasonNotProvided)
      } else if let seconds = body?.retryAfter, seconds > 0 {
        refused(retryAfter: .milliseconds(Int64(min(seconds, 3600) * 1000)))
        announce(hold.state, reason: nil)
      } else {
        takeBack()
        giveUp(CallFailure(.generic, change.kind.failureMessage, response))
      }
    }
  }

  private mutating func offerLeft() {
    negotiation.stage = .offered
    arm(.deadline, settings.timings.answer)
  }

  /// The far end has an offer of its own under way: as before, and again later (R-CALL-194, R-CALL-442).
  mutating func refused(retryAfter delay: Duration) {
    guard let change, change.stage == .proposed else { return takeBack() }
    negotiation = Negotiation()
    cancel(.deadline)
    effects.append(.adjust(.revert))
    guard isGlare(change) else {
      return giveUp(CallFailure(.generic, change.kind.failureMessage, detail: "The far end did not answer in time."))
    }
    guard change.refusals < Change.mostRefusals, isInTime(change, after: delay) else {
      return giveUp(CallFailure(.glare, change.kind.failureMessage, detail: "The far end refused it again and again."))
    }
    self.change?.refusals += 1
    self.change?.stage = .refused
    arm(.retry, delay)
  }

  /// Whether the refusal comes as soon as one does when two offers have crossed. A gateway that has waited for the far end in vain says
  /// the same, late.
  private func isGlare(_ change: Change) -> Bool { .milliseconds(now - change.lastProposal) <= settings.timings.glare }

  /// Whether a repetition after this delay is within what one change may take in all (R-CALL-424).
  private func isInTime(_ change: Change, after delay: Duration) -> Bool {
    .milliseconds(now - (change.firstProposal ?? now)) + delay <= settings.timings.answer
  }

  /// The far end's answer has been applied (R-CALL-293, R-SDP-130, R-SDP-132).
  mutating func complete(_ change: Change, _ media: RemoteMedia?, reason: CallReason?) {
    self.change = nil
    let wasUnsure = isUnsure(change.kind)
    owesRepair = false
    adopt(change.kind)
    if let media {
      if media.isHold, !hold.local {
        hold.remote = true
      } else if wasUnsure, hold.local, wishes.audio {
        // Who holds and is held answers a hold with nothing at all.
        hold.remote = media.audio == .inactive
      } else if media.audio == .sendrecv {
        hold.remote = false
      }
      if media.isVideoRejected { videoRejected() }
    }
    announce(hold.state, reason: reason)
    if change.kind.isAboutScreen { emit(.screenshareChanged) }
    finish(change)
  }

  /// The change comes to nothing. What was done for it has been taken back before.
  mutating func giveUp(_ failure: CallFailure) {
    guard let change else { return }
    self.change = nil
    cancel(.retry)
    if !change.isAutomatic { emit(.failed(failure)) }
    finish(change, failure)
    if change.kind == .restartMedia, isMediaLost { arm(.mediaRestart, settings.timings.restartAgain) }
    if owesRepair { repair() }
  }

  private mutating func finish(_ change: Change, _ failure: CallFailure? = nil) {
    if change.isAutomatic, !change.kind.isOwn { emit(.operationFinished(change.kind.action, failure)) }
    finish(change.kind.action, failure)
  }

  mutating func videoRejected() {
    wishes.sendVideo = false
    screen = nil
    facts.sendingVideo = false
    if facts.isScreensharing {
      facts.isScreensharing = false
      emit(.screenshareChanged)
    }
  }
}

extension CallMachine.Change.Kind {
  /// The user operation. What this end does for itself alone, a renewal or repair, is none and shows in no event.
  var action: CallAction {
    switch self {
    case .hold: .hold
    case .unhold: .unhold
    case .startVideo: .startVideo
    case .stopVideo: .stopVideo
    case .startScreenshare: .startScreenshare
    case .stopScreenshare: .stopScreenshare
    case .restartMedia, .renew, .repair: .restartMedia
    }
  }

  var failureMessage: String {
    switch self {
    case .hold: "Failed to hold call."
    case .unhold: "Failed to unhold call."
    case .startVideo: "Failed to start video."
    case .stopVideo: "Failed to stop video."
    case .startScreenshare: "Failed to start screen share."
    case .stopScreenshare: "Failed to stop screen share."
    case .restartMedia, .renew, .repair: "Failed to restart media."
    }
  }

  /// What SDP handlers are told (part 03 §3.4).
  var operation: SDPOperation {
    switch self {
    case .hold: .hold
    case .unhold: .unhold
    case .startVideo, .stopVideo, .startScreenshare, .stopScreenshare: .update
    case .restartMedia, .renew, .repair: .reoffer
    }
  }

  /// The same, for the answer.
  var answerOperation: SDPOperation {
    switch self {
    case .hold: .hold
    case .unhold: .unhold
    case .startVideo, .stopVideo, .startScreenshare, .stopScreenshare, .restartMedia, .renew, .repair: .respond
    }
  }

  var basis: OfferBasis {
    switch self {
    case .hold, .unhold, .startVideo, .stopVideo, .startScreenshare, .stopScreenshare, .repair: .presentPeer
    case .restartMedia: .restartedICE
    case .renew: .freshPeer
    }
  }

  /// Whether no user asks for it: it mends what has happened already.
  var isOwn: Bool {
    switch self {
    case .renew, .repair: true
    case .hold, .unhold, .startVideo, .stopVideo, .startScreenshare, .stopScreenshare, .restartMedia: false
    }
  }

  var isAboutScreen: Bool {
    switch self {
    case .startScreenshare, .stopScreenshare: true
    case .hold, .unhold, .startVideo, .stopVideo, .restartMedia, .renew, .repair: false
    }
  }

  var endsVideo: Bool {
    switch self {
    case .stopVideo, .stopScreenshare: true
    case .hold, .unhold, .startVideo, .startScreenshare, .restartMedia, .renew, .repair: false
    }
  }
}
