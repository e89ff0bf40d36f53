import Kandy
import LinkMedia
import LinkProtocol

/// The demo's last call: Alice puts Bob on hold and comes back, shows herself for a while, and hands him over to Carol.
struct DemoTransfer: Sendable {
  let number: Int
  let alice: Person
  let bob: Person
  let carol: Person
  let folder: String
  let transcript: Transcript

  func run() async throws {
    transcript.title("Call \(number): Alice calls Bob, and hands him over to Carol")
    let atAlice = try witness(of: alice)
    let atBob = try witness(of: bob)
    let atCarol = try witness(of: carol)
    let bobsEvents = bob.client.events
    let made = try alice.client.call.make(bob.address, MakeOptions(isVideoEnabled: true))
    atAlice.attach(to: made)
    let answered = try await bob.answers(alice, in: bobsEvents, transcript)
    atBob.attach(to: answered)
    try await connect(made, answered)
    try await hears(bob, alice, atBob)

    try await holdAndResume(made, atBob)
    try await showVideo(made, atBob)
    let taken = try await handOver(made, atCarol)
    try await hears(bob, carol, atBob)
    try await hears(carol, bob, atCarol)

    try await within(.seconds(10), orFail: "Bob hung up, but the call did not end at Carol's within 10 s.") {
      try await answered.end()
      try await taken.ended()
    }
    transcript.say("Bob", "hangs up; the call has ended at Carol's, too")
    for (person, witness) in [(alice, atAlice), (bob, atBob), (carol, atCarol)] {
      try await witness.recorder.close()
      transcript.note("what \(person.name) heard: \(witness.recorder.path)")
    }
  }

  private func witness(of person: Person) throws -> Witness {
    try Witness(recording: "\(folder)/call\(number)-\(person.name.lowercased()).wav")
  }

  private func connect(_ made: Call, _ answered: Call) async throws {
    try await Person.connect(made, answered)
    transcript.say("Both", "are connected, without pictures")
  }

  // MARK: - What Alice does

  private func holdAndResume(_ made: Call, _ atBob: Witness) async throws {
    try await made.hold()
    try await eventually("Alice holds, but Bob hears more than silence.") { atBob.level < -60 }
    transcript.say("Alice", "puts Bob on hold; he hears nothing (\(Int(atBob.level.rounded())) dBFS)")
    try await made.unhold()
    transcript.say("Alice", "comes back")
    try await hears(bob, alice, atBob)
  }

  private func showVideo(_ made: Call, _ atBob: Witness) async throws {
    try await made.startVideo()
    try await eventually("Alice started her video, but Bob sees nothing.") {
      Reception.ofPicture(atBob.seen) != .bad
    }
    let seen = atBob.seen
    transcript.say("Alice", "starts her video; Bob sees \(seen.width)×\(seen.height)")
    try await made.stopVideo()
    try await eventually("Alice stopped her video, but Bob still sees her.") { atBob.seesNothing }
    transcript.say("Alice", "stops it; Bob sees nothing any more")
  }

  /// - Returns: Carol's call.
  private func handOver(_ made: Call, _ atCarol: Witness) async throws -> Call {
    let destination = carol.address
    let carolsEvents = carol.client.events
    async let handedOver: Void = made.directTransfer(to: destination)
    transcript.say("Alice", "transfers Bob to \(destination)")
    let taken = try await carol.answers(bob, in: carolsEvents, transcript)
    atCarol.attach(to: taken)
    try await handedOver
    try await within(.seconds(10), orFail: "The transfer succeeded, but Alice is still in the call.") {
      try await made.ended()
      try await taken.connected()
    }
    let code = made.record.transition?.code.map { "\($0)" } ?? "none"
    transcript.say("Alice", "is out of the call (code \(code)); Bob and Carol are connected")
    return taken
  }

  // MARK: - What is checked

  private func hears(_ listener: Person, _ speaker: Person, _ witness: Witness) async throws {
    try await eventually("\(listener.name) does not hear \(speaker.name)'s tone.") {
      Reception.ofTone(purity: witness.purity(at: speaker.hz)) == .good
    }
    transcript.say(listener.name, "hears \(speaker.name)'s tone of \(Int(speaker.hz)) Hz")
  }

  /// Media needs a moment, on a busy machine a longer one.
  private func eventually(_ complaint: String, _ isSo: @Sendable () -> Bool) async throws {
    for _ in 0..<150 where !isSo() { try await Task.sleep(for: .milliseconds(100)) }
    guard isSo() else { throw CommandFailure(complaint) }
  }
}

extension Person {
  /// Waits until the phone rings, and answers.
  fileprivate func answers(_ caller: Person, in events: EventStream, _ transcript: Transcript) async throws -> Call {
    let incoming = try await rings(in: events)
    let from = try client.call.getById(incoming)?.callerName ?? caller.address
    let call = try client.call.answer(incoming, AnswerOptions(isVideoEnabled: true))
    transcript.say(name, "sees \(from) calling, and answers")
    return call
  }
}
