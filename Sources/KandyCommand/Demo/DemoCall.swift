import Kandy
import LinkMedia
import LinkProtocol

/// One call of the demo, from dialling to hanging up, with what is checked of it.
struct DemoCall: Sendable {
  let number: Int
  let caller: Person
  let callee: Person
  let withVideo: Bool
  let folder: String
  let transcript: Transcript

  func run() async throws {
    let kind = withVideo ? "a video call" : "an audio call"
    transcript.title("Call \(number): \(caller.name) calls \(callee.name), \(kind)")
    let callerWitness = try Witness(recording: file(of: caller, "wav"))
    let calleeWitness = try Witness(recording: file(of: callee, "wav"))
    let (made, answered, incoming, ringTime, answerTime) = try await establish(callerWitness, calleeWitness)
    let ends = [
      (listener: caller, speaker: callee, witness: callerWitness), (listener: callee, speaker: caller, witness: calleeWitness),
    ]
    try await waitForMedia(ends.map { ($0.listener, $0.witness) })
    let latest = ends.compactMap(\.witness.firstSound).max().map { ($0 - answerTime).brief } ?? "never"
    let latestPicture = ends.compactMap(\.witness.firstPicture).max().map { ($0 - answerTime).brief } ?? "never"
    transcript.note(
      "make → ringing \(ringTime.brief) · answer → first audio at both ends \(latest)"
        + (withVideo ? " · first frame \(latestPicture)" : ""))
    for end in ends { try await check(end.listener, hears: end.speaker, end.witness) }
    try await hangUp(made, answered, incoming)
    for end in ends { try await keep(end.witness, of: end.listener) }
  }

  // MARK: - Before

  private func establish(
    _ callerWitness: Witness, _ calleeWitness: Witness
  ) async throws -> (Call, Call, CallID, ringing: Duration, answered: ContinuousClock.Instant) {
    let (atCaller, atCallee) = (caller.client.events, callee.client.events)
    let dialled = transcript.clock.now
    let made = try caller.client.call.make(
      callee.address, MakeOptions(isVideoEnabled: withVideo, sendInitialVideo: withVideo))
    callerWitness.attach(to: made)
    transcript.say(caller.name, "dials \(callee.address)")
    let incoming = try await callee.rings(in: atCallee)
    let from = try callee.client.call.getById(incoming)?.callerName ?? caller.address
    transcript.say(callee.name, "sees \(from) calling; the phone rings")
    try await Person.wait(for: "\(caller.name)'s ringing tone", in: atCaller) { event -> Void? in
      if case .callStateChange(let change) = event, change.callID == made.id, change.state == .ringing { () } else { nil }
    }
    let ringing = transcript.clock.now - dialled
    transcript.say(caller.name, "hears that it rings")
    let answerTime = transcript.clock.now
    let answered = try callee.client.call.answer(
      incoming, AnswerOptions(isVideoEnabled: withVideo, sendInitialVideo: withVideo))
    calleeWitness.attach(to: answered)
    transcript.say(callee.name, "answers")
    try await Person.connect(made, answered)
    transcript.say("Both", "are connected")
    return (made, answered, incoming, ringing, answerTime)
  }

  /// Waits until there is a second of sound, and of pictures, to look at.
  private func waitForMedia(_ ends: [(Person, Witness)]) async throws {
    for (listener, witness) in ends {
      let missing = "\(listener.name) heard nothing within 10 s: no audio flows."
      try await within(.seconds(10), orFail: missing) {
        while witness.firstSound == nil { try await Task.sleep(for: .milliseconds(5)) }
      }
      guard withVideo else { continue }
      try await within(.seconds(10), orFail: "\(listener.name) saw nothing within 10 s: no video flows.") {
        while witness.firstPicture == nil { try await Task.sleep(for: .milliseconds(5)) }
      }
    }
    try await Task.sleep(for: .milliseconds(withVideo ? 2_000 : 1_200))
  }

  // MARK: - What flows

  private func check(_ listener: Person, hears speaker: Person, _ witness: Witness) async throws {
    var purity = witness.purity(at: speaker.hz)
    // A busy machine may need another second.
    for _ in 0..<30 where Reception.ofTone(purity: purity) != .good {
      try await Task.sleep(for: .milliseconds(100))
      purity = witness.purity(at: speaker.hz)
    }
    let heard = "\(Int(speaker.hz)) Hz with a purity of \(Self.percent(purity)) % at \(Int(witness.level.rounded())) dBFS"
    guard Reception.ofTone(purity: purity) == .good else {
      throw CommandFailure("\(listener.name) should hear \(speaker.name)'s tone, but hears \(heard); 95 % are needed.")
    }
    transcript.say(listener.name, "hears \(speaker.name)'s tone: \(heard)")
    if withVideo { try checkVideo(listener, sees: speaker, witness.seen) }
  }

  private func checkVideo(_ listener: Person, sees speaker: Person, _ seen: VideoProbe.Reading) throws {
    let text = "\(seen.width)×\(seen.height) at \(seen.framesPerSecond) frames a second"
    switch Reception.ofPicture(seen) {
    case .bad where seen.isMoving:
      throw CommandFailure("\(listener.name) sees \(text); at least \(Reception.moving) are needed.")
    case .bad: throw CommandFailure("\(listener.name) sees \(text), but nothing moves in the picture.")
    case .good, .poor: transcript.say(listener.name, "sees \(speaker.name)'s moving picture: \(text)")
    }
    if Reception.ofPicture(seen) == .poor {
      transcript.remark("fewer than \(Reception.fluent) frames a second; this machine is slow or busy.")
    }
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded(.down))
    return "\(tenths / 10).\(tenths % 10)"
  }

  // MARK: - After

  private func hangUp(_ made: Call, _ answered: Call, _ incoming: CallID) async throws {
    try await within(.seconds(10), orFail: "\(caller.name) hung up, but the call did not end at both ends within 10 s.") {
      try await made.end()
      try await answered.ended()
    }
    let codes = [made.record, answered.record].map { $0.transition?.code.map { "\($0)" } ?? "none" }
    transcript.say(caller.name, "hangs up; the call has ended at both ends (codes \(codes[0]) and \(codes[1]))")
  }

  private func keep(_ witness: Witness, of listener: Person) async throws {
    try await witness.recorder.close()
    transcript.note("what \(listener.name) heard: \(witness.recorder.path)")
    guard withVideo else { return }
    let picture = file(of: listener, "png")
    try await witness.snapshot.write(to: picture)
    transcript.note("what \(listener.name) saw:   \(picture)")
  }

  private func file(of person: Person, _ kind: String) -> String {
    "\(folder)/call\(number)-\(person.name.lowercased()).\(kind)"
  }
}
