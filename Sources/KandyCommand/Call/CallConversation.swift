import Foundation
import Kandy
import LinkMedia
import LinkProtocol
import UnixSignals

/// One call from the terminal, from dialling to the end: what happens is told, what is typed is done.
struct CallConversation: Sendable {
  struct Wishes: Sendable {
    /// `nil` is the default microphone.
    var microphone: (any AudioSource)?
    var recorder: WAVRecorder?
    var sendsVideo: Bool
    /// After how much talking to hang up.
    var limit: Duration?
    /// To be sent as soon as media flows.
    var tones: DTMFTones?
    /// Whether each second of media is shown.
    var showsStatistics: Bool
  }

  private enum Happening: Sendable {
    case event(Event)
    case typed(String)
    case inputEnded
    case interrupted
    case timeIsUp
    /// Time to say again what is heard.
    case look
    case sample(CallSample)
  }

  let phone: Phone
  let callee: String
  let wishes: Wishes

  /// - Throws: `CommandFailure` when nobody answers.
  func run() async throws {
    let (happenings, post) = AsyncStream.makeStream(of: Happening.self)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    var story = CallStory(try dial(), to: callee)
    await withDiscardingTaskGroup { group in
      watch(signals, post, in: &group)
      if wishes.showsStatistics {
        let samples = story.call.statistics
        group.addTask { for await sample in samples { post.yield(.sample(sample)) } }
      }
      for await happening in happenings {
        take(happening, &story, post, in: &group)
        if story.isOver { break }
      }
      group.cancelAll()
    }
    CommandOutput.stopShowing()
    try await finishRecording()
    if let failure = story.failure { throw failure }
  }

  private func dial() throws -> Call {
    do {
      // With a place for video, so that it can come later.
      let call = try phone.client.call.make(
        callee, MakeOptions(isVideoEnabled: true, sendInitialVideo: wishes.sendsVideo, microphone: wishes.microphone))
      if let recorder = wishes.recorder { call.addAudioSink(recorder) }
      return call
    } catch {
      throw CommandFailure("\(callee) cannot be called: \(BasicError(thrown: error).sentence)")
    }
  }

  private func finishRecording() async throws {
    guard let recorder = wishes.recorder else { return }
    do {
      try await recorder.close()
      CommandOutput.say("recorded \(recorder.duration.brief) into \(recorder.path)")
    } catch {
      throw CommandFailure("The recording could not be finished: \(error)")
    }
  }

  // MARK: - What happens

  private static var isOnTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  private func watch(
    _ signals: UnixSignalsSequence, _ post: AsyncStream<Happening>.Continuation, in group: inout DiscardingTaskGroup
  ) {
    let events = phone.events
    group.addTask {
      for await event in events { post.yield(.event(event)) }
      post.finish()
    }
    group.addTask {
      for await _ in signals { post.yield(.interrupted) }
    }
    group.addTask {
      for await line in StandardInput() { post.yield(.typed(line)) }
      post.yield(.inputEnded)
    }
    guard Self.isOnTerminal, !wishes.showsStatistics else { return }
    group.addTask {
      while (try? await Task.sleep(for: .seconds(3))) != nil { post.yield(.look) }
    }
  }

  private func take(
    _ happening: Happening, _ story: inout CallStory, _ post: AsyncStream<Happening>.Continuation,
    in group: inout DiscardingTaskGroup
  ) {
    let call = story.call
    switch happening {
    case .event(let event):
      let wasConnected = story.isConnected
      story.tell(event)
      if !wasConnected, story.isConnected { begin(call, post, in: &group) }
    case .typed(let line):
      group.addTask { await Self.obey(line, in: call) }
    case .inputEnded:
      // Control-D; the input of a script may end at once.
      if isatty(STDIN_FILENO) == 1 { group.addTask { await Self.obey("end", in: call) } }
    case .interrupted, .timeIsUp:
      group.addTask { await Self.obey("end", in: call) }
    case .look:
      story.tellWhatIsHeard()
    case .sample(let sample):
      CommandOutput.show(StatisticsLine(sample: sample).description)
    }
  }

  /// Media flows.
  private func begin(_ call: Call, _ post: AsyncStream<Happening>.Continuation, in group: inout DiscardingTaskGroup) {
    if isatty(STDIN_FILENO) == 1 { CommandOutput.say("type ? for what can be done; Control-C hangs up") }
    if let tones = wishes.tones {
      group.addTask { await Self.obey("dtmf \(tones.text)", in: call) }
    }
    if let limit = wishes.limit {
      group.addTask {
        if (try? await Task.sleep(for: limit)) != nil { post.yield(.timeIsUp) }
      }
    }
  }

  private static func obey(_ text: String, in call: Call) async {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    do {
      if let told = try await CallLine(text).perform(on: call) { CommandOutput.say(told) }
    } catch let failure as CommandFailure {
      CommandOutput.say(failure.message)
    } catch {
      CommandOutput.say("that did not work: \(BasicError(thrown: error).sentence)")
    }
  }
}
