public import LinkMedia
public import LinkProtocol

/// A call: what `make` gives, and `Calls.call(for:)` for the id of an event. It does on one call what `Calls` does by id.
///
/// A call goes on whether somebody keeps this object or not.
public final class Call: Sendable, Identifiable {
  public typealias ID = CallID

  let driver: CallDriver
  private weak let calls: CallService?

  init(_ driver: CallDriver, calls: CallService) {
    self.driver = driver
    self.calls = calls
  }

  public var id: CallID { driver.id }

  /// The call as it is now.
  public var record: CallRecord { driver.store.record }

  // MARK: Operations

  /// Answers this incoming call; see `Calls.answer`.
  @discardableResult
  public func answer(_ options: AnswerOptions = AnswerOptions()) throws -> Call {
    try service.answer(id, options)
  }

  /// Ends the ringing here and tells nobody; see `Calls.ignore`.
  public func ignore() async throws { try await service.ignore(id) }

  /// Turns this incoming call down; see `Calls.reject`.
  public func reject() async throws { try await service.reject(id) }

  /// Hangs up; see `Calls.end`.
  public func end() async throws { try await service.end(id) }

  /// Stops sending what the microphone hears; see `Calls.mute`.
  public func mute() async throws { try await service.mute(true, id) }

  /// Takes `mute` back.
  public func unmute() async throws { try await service.mute(false, id) }

  var service: CallService {
    get throws {
      guard let calls else { throw BasicError.destroyed }
      return calls
    }
  }

  // MARK: Waiting

  /// Returns when both ends have agreed: IN_CALL, or held at once.
  /// - Throws: `BasicError` when the call ends before, or an attempt to answer it fails; `CancellationError`.
  public func answered() async throws { try await driver.store.wait(for: .answered) }

  /// Returns when the media connection stands: sound and pictures can flow.
  /// - Throws: `BasicError` when the call ends before, or an attempt to answer it fails; `CancellationError`.
  public func connected() async throws { try await driver.store.wait(for: .connected) }

  /// Returns when the call has ended.
  /// - Throws: `CancellationError`.
  public func ended() async throws { try await driver.store.wait(for: .ended) }

  // MARK: Media

  /// Lets a sink hear the far end, beside the speaker, from now until the call ends or it is removed.
  public func addAudioSink(_ sink: any AudioSink) { driver.media.remoteAudio.add(sink) }
  public func removeAudioSink(_ sink: any AudioSink) { driver.media.remoteAudio.remove(sink) }

  /// Shows the far end to a renderer, beside the `remoteVideoContainer`, from now until the call ends or it is removed.
  public func addVideoRenderer(_ renderer: any VideoRenderer) { driver.media.remoteVideo.add(renderer) }
  public func removeVideoRenderer(_ renderer: any VideoRenderer) { driver.media.remoteVideo.remove(renderer) }

  /// Shows this end, as it is sent, to a renderer, beside the `localVideoContainer`, from now until the call ends or it is
  /// removed.
  public func addLocalVideoRenderer(_ renderer: any VideoRenderer) { driver.media.localVideo.add(renderer) }
  public func removeLocalVideoRenderer(_ renderer: any VideoRenderer) { driver.media.localVideo.remove(renderer) }
}
