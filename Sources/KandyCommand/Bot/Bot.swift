import Kandy
import LinkMedia
import LinkProtocol
import UnixSignals

/// Answers calls, any number at a time.
struct Bot: Sendable {
  /// What it does to those who call.
  enum Act: Sendable {
    case echo
    /// The path of a WAV file.
    case play(String)
  }

  private enum Happening: Sendable {
    case event(Event)
    /// A call that it dealt with is over.
    case finished(wasAnswered: Bool)
    case interrupted
  }

  let phone: Phone
  let act: Act
  let ringTime: Duration
  let sendsVideo: Bool
  let answersOnce: Bool

  /// Returns when it is interrupted, or after its only call; calls that last end with the phone.
  /// - Throws: `CommandFailure` when the server does not want it any more.
  func run() async throws {
    let (happenings, post) = AsyncStream.makeStream(of: Happening.self)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    CommandOutput.say("signed in as \(phone.user) at \(phone.server.text); waiting for calls")
    var failure: CommandFailure?
    await withDiscardingTaskGroup { group in
      group.addTask { [events = phone.events] in
        for await event in events { post.yield(.event(event)) }
        post.finish()
      }
      group.addTask {
        for await _ in signals { post.yield(.interrupted) }
      }
      failure = await answer(happenings, post, in: &group)
      // Those who are in a call are told, before their sound goes.
      await phone.client.disconnect()
      group.cancelAll()
    }
    if let failure { throw failure }
  }

  /// - Returns: why it had to stop, if nobody wanted it to.
  private func answer(
    _ happenings: AsyncStream<Happening>, _ post: AsyncStream<Happening>.Continuation, in group: inout DiscardingTaskGroup
  ) async -> CommandFailure? {
    var isBusy = false
    var wasReachable = true
    for await happening in happenings {
      switch happening {
      case .event(.callReceive(let id)):
        guard let call = phone.client.call.call(for: id) else { continue }
        if isBusy {
          group.addTask { await turnDown(call) }
        } else {
          isBusy = answersOnce
          group.addTask { post.yield(.finished(wasAnswered: await serve(call))) }
        }
      case .event(.wsChange): tellReachability(&wasReachable)
      case .event(.authChange(let reason?)):
        return CommandFailure("The server has ended the connection of \(phone.user) (\(reason.reason.rawValue)).")
      case .event: break
      case .finished(let wasAnswered):
        if answersOnce, wasAnswered { return nil }
        isBusy = false
      case .interrupted: return nil
      }
    }
    return nil
  }

  private func tellReachability(_ wasReachable: inout Bool) {
    guard let socket = try? phone.client.connection.getSocketState(), socket.connected != wasReachable else { return }
    wasReachable = socket.connected
    CommandOutput.say(wasReachable ? "connected to the server again" : "the connection to the server broke; trying again")
  }

  // MARK: - One call

  private func turnDown(_ call: Call) async {
    CommandOutput.say("\(Self.caller(of: call)) calls while somebody else does, and is turned down")
    try? await call.reject()
  }

  /// - Returns: whether it was answered.
  private func serve(_ call: Call) async -> Bool {
    let caller = Self.caller(of: call)
    CommandOutput.say("\(caller) calls")
    guard await rings(call) else {
      CommandOutput.say("\(caller) has given up")
      return false
    }
    do {
      try await pickUp(call)
      try await call.answered()
      CommandOutput.say("answered \(caller)")
      let start = ContinuousClock.now
      try? await call.ended()
      if call.record.state == .ended {
        CommandOutput.say("the call with \(caller) has ended after \((ContinuousClock.now - start).brief)")
      }
      return true
    } catch {
      CommandOutput.say("the call of \(caller) could not be answered: \(BasicError(thrown: error).sentence)")
      return false
    }
  }

  /// Lets it ring. - Returns: whether the caller is still there.
  private func rings(_ call: Call) async -> Bool {
    guard ringTime > .zero else { return true }
    return await withTaskGroup { group in
      group.addTask { (try? await Task.sleep(for: ringTime)) != nil }
      group.addTask {
        try? await call.ended()
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }

  private func pickUp(_ call: Call) async throws {
    var options = AnswerOptions(sendInitialVideo: sendsVideo)
    switch act {
    case .echo:
      let mixer = AudioMixer()
      let (ear, mouth) = (mixer.addPort(), mixer.addPort())
      call.addAudioSink(ear)
      options.microphone = mouth
    case .play(let file):
      options.microphone = try await Blocking.run { try WAVSource(path: file) }
    }
    try call.answer(options)
  }

  private static func caller(of call: Call) -> String {
    let record = call.record
    return record.remoteParticipant?.displayNumber ?? record.from
  }
}
