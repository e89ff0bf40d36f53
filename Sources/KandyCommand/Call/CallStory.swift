import Kandy
import LinkMedia
import LinkProtocol

/// Tells a person at the terminal what becomes of an outgoing call.
struct CallStory {
  let call: Call
  /// Somebody has answered, and there is a way for sound and pictures.
  private(set) var isConnected = false
  private(set) var isOver = false

  private let callee: String
  private let clock = ContinuousClock()
  private let dialled: ContinuousClock.Instant
  private var answered: ContinuousClock.Instant?
  private var hasMedia = false
  private let ear = AudioProbe()
  private let eye = VideoProbe()

  init(_ call: Call, to callee: String) {
    self.call = call
    self.callee = callee
    dialled = clock.now
    call.addAudioSink(ear)
    call.addVideoRenderer(eye)
    CommandOutput.say("calling \(callee)")
  }

  // MARK: - Events

  mutating func tell(_ event: Event) {
    switch event {
    case .callStateChange(let change) where change.callID == call.id:
      if let state = change.state { tell(state, after: change.transition?.previousState) }
    case .callMediaStateChange(call.id, let state): tell(state)
    case .callQuality(call.id, let change): tell(change)
    case .callMediaRestart(call.id): CommandOutput.say("another way through the network has been agreed on")
    default: break
    }
  }

  private mutating func tell(_ state: CallState, after previous: CallState?) {
    guard state != previous || state == .ended else { return }
    let time = (clock.now - dialled).brief
    switch state {
    case .ringing: CommandOutput.say("ringing after \(time)")
    case .earlyMedia: CommandOutput.say("not answered yet, but there is something to hear after \(time)")
    case .inCall:
      CommandOutput.say(answered == nil ? "answered after \(time)" : "back in the call")
    case .onHold: CommandOutput.say("on hold; \(callee) hears nothing")
    case .onRemoteHold: CommandOutput.say("\(callee) holds the call")
    case .transferred: CommandOutput.say("\(callee) has handed the call over to \(otherEnd)")
    case .transferFailure: CommandOutput.say("the call could not be handed over")
    case .ended:
      isOver = true
      if let answered { CommandOutput.say("the call has ended after \((clock.now - answered).brief): \(ending)") }
    case .initiating, .initiated, .rejected, .outgoing, .incoming, .answering, .joined, .renegotiation, .callInProgress,
      .replacing:
      break
    }
    if state.isEstablished {
      answered = answered ?? clock.now
      tellIfConnected()
    }
  }

  private mutating func tell(_ state: MediaConnectionState) {
    switch state {
    case .connected, .completed:
      hasMedia = true
      tellIfConnected()
    case .disconnected: CommandOutput.say("nothing gets through any more; looking for another way")
    case .failed: CommandOutput.say("no way through the network was found")
    case .new, .checking, .closed: break
    }
  }

  private func tell(_ change: QualityChange) {
    guard change.quality == .bad else { return CommandOutput.say("\(callee) can be heard well again") }
    let causes = change.reasons.map { reason in
      switch reason {
      case .loss: "too much is lost on the way"
      case .delay: "it takes too long on the way"
      }
    }
    CommandOutput.say("\(callee) can hardly be heard: \(causes.joined(separator: ", "))")
  }

  /// The way is sometimes found before the answer is in force.
  private mutating func tellIfConnected() {
    guard hasMedia, answered != nil, !isConnected else { return }
    isConnected = true
    CommandOutput.say("connected after \((clock.now - dialled).brief)")
  }

  private var otherEnd: String { call.record.remoteParticipant?.displayNumber ?? callee }

  private var ending: String {
    switch call.record.transition?.code.flatMap({ LocalCallCode(rawValue: $0.rawValue) }) {
    case .endedByLocalUser: "hung up"
    case .auditFailure: "the server does not know it any more"
    case .sessionCompleted, .transferredByRemoteUser: "it has been handed over"
    case .reasonNotProvided, .rejectedByLocalUser, .ignoredByLocalUser, .respondedFromAnotherDevice, .joinCompleted, nil:
      "\(otherEnd) hung up"
    }
  }

  // MARK: - What is heard

  func tellWhatIsHeard() {
    guard isConnected, !isOver else { return }
    let sound = ear.reading()
    let level = Int(sound.level.rounded())
    var text = sound.level < -60 ? "hearing silence" : "hearing \(Int(sound.dominantHz.rounded())) Hz at \(level) dBFS"
    if call.record.remoteVideoState.sends {
      let picture = eye.reading()
      text += ", seeing \(picture.width)×\(picture.height) at \(picture.framesPerSecond) frames a second"
    }
    CommandOutput.say(text)
  }

  // MARK: - The end

  /// Why nobody answered; `nil` when somebody did.
  var failure: CommandFailure? {
    guard answered == nil else { return nil }
    let record = call.record
    if let error = record.error { return CommandFailure("The call to \(callee) failed: \(error.sentence)") }
    guard let code = record.transition?.code else { return CommandFailure("\(callee) was not reached.") }
    return CommandFailure(Self.sentence(callee, code, record.transition?.reasonText))
  }

  private static func sentence(_ callee: String, _ code: StatusCode, _ text: String?) -> String {
    switch CallEndReason.allCases.first(where: { $0.statusCode == code }) {
    case .declined: return "\(callee) declined (\(code))."
    case .busy: return "\(callee) is busy (\(code))."
    case .notFound: return "There is no \(callee) at this server (\(code))."
    case .unavailable: return "\(callee) cannot be reached at present (\(code))."
    case .noAnswer: return "\(callee) did not answer (\(code))."
    case .requestPending, .notAcceptable, .serverFailure, nil: break
    }
    if code.rawValue == LocalCallCode.endedByLocalUser.rawValue { return "Hung up before \(callee) answered." }
    return "\(callee) was not reached: \(text ?? "no reason was given") (\(code))."
  }
}
