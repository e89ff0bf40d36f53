public import LinkProtocol

// What can be done in a call, and with it. Each function returns when the far end has agreed, or nothing has to be agreed on; a failure is
// thrown and reported by `call:error`, and leaves the call as it was. `call:operation` reports beginning and outcome of each.

extension Calls {
  // MARK: In the call

  /// Stops playing the far end on the speaker; nothing is signalled (R-MEDIA-27). Sinks of the application go on hearing it.
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func silence(_ id: CallID) async throws { try await service.silence(true, id) }

  /// Takes `silence` back.
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func unsilence(_ id: CallID) async throws { try await service.silence(false, id) }

  /// Puts the far end on hold: nothing of this end is sent, and what the far end sends is not expected (part 02 §8.13). From the
  /// moment of the call this end is not heard any more. ON_HOLD, whether or not the far end holds as well.
  /// - Throws: `BasicError` `call:7` when there is no such call, `call:6` when it is not established, is on hold already, or another
  ///   operation is under way, `call:12` when both ends keep changing the call at once, `call:2` when the gateway refused or the far
  ///   end did not answer in time.
  public func hold(_ id: CallID) async throws { try await service.hold(true, id) }

  /// Takes `hold` back. IN_CALL, or ON_REMOTE_HOLD while the far end holds. What was muted stays muted.
  /// - Throws: as `hold`; `call:6` when the call is not on hold.
  public func unhold(_ id: CallID) async throws { try await service.hold(false, id) }

  /// Sends the camera. While a screen is shared it takes effect when that ends.
  /// - Parameter videoResolution: the wanted size of the pictures.
  /// - Throws: as `hold`; `call:6` when the call is held or was made without video, `call:4` when there is no camera.
  public func startVideo(_ id: CallID, videoResolution: VideoResolution? = nil) async throws {
    try await service.startVideo(id, videoResolution)
  }

  /// Stops sending the camera, and lets go of it. The far end goes on being seen.
  /// - Throws: as `startVideo`.
  public func stopVideo(_ id: CallID) async throws { try await service.stopVideo(id) }

  /// Sends a screen, or a window, instead of the camera. Reported by `call:screenshareChange`.
  /// - Throws: as `startVideo`; `call:7` without a media source id, `call:6` when a screen is being shared already.
  public func startScreenshare(_ id: CallID, _ share: ScreenShare) async throws {
    try await service.startScreenshare(id, share)
  }

  /// Sends the camera again, if it was sent before. In a held call that shows when it is not held any more.
  /// - Throws: as `hold`; `call:6` when no screen is being shared.
  public func stopScreenshare(_ id: CallID) async throws { try await service.stopScreenshare(id) }

  /// Sends DTMF tones, one after another, while the call is neither held nor ringing: as telephone events (RFC 4733), or, to a far
  /// end that takes none, as sound. A muted microphone does not mute them. Returns when they have been handed to the media engine.
  /// - Parameters:
  ///   - tones: `0` to `9`, `*`, `#`, `A` to `D`, and `,` for a pause.
  ///   - duration: of each tone, brought to 40 ms to 6 s; `nil` for 400 ms as an event and 100 ms as sound.
  ///   - gap: between two tones, 30 ms at least.
  /// - Throws: `BasicError` `call:7` when there is no such call or tone, `call:6` while the call is held or rings.
  public func sendDTMF(
    _ id: CallID, _ tones: String, duration: Duration? = nil, gap: Duration = .milliseconds(70)
  ) async throws {
    try await service.sendDTMF(id, tones, duration: duration, gap: gap)
  }

  /// Sends one digit.
  public func sendDTMF(_ id: CallID, _ digit: Int) async throws { try await sendDTMF(id, String(digit)) }

  /// Uses the default microphone and camera of now for this call. Nothing is signalled.
  /// - Throws: `BasicError` `call:4` when one cannot be had; the call keeps the devices that it has. `call:6` when it is not
  ///   established, `call:7` when there is no such call.
  public func changeInputDevices(_ id: CallID) async throws { try await service.changeInputDevices(id) }

  /// Plays all calls, and those to come, on this speaker. Reported by `devices:change`.
  /// - Throws: `BasicError` `call:7` for an empty id, `call:4` for an unknown speaker or one that cannot be had, `call:3` without a
  ///   media engine; reported by `devices:error`.
  public func changeSpeaker(_ speakerID: String) async throws { try await service.changeSpeaker(speakerID) }

  /// Agrees with the far end on new paths for media that does not flow (R-ICE-56). It happens by itself when the media connection is
  /// lost. Reported by `call:mediaRestart`. Not in 3.16.
  /// - Throws: as `hold`.
  public func restartMedia(_ id: CallID) async throws { try await service.restartMedia(id) }

  // MARK: Custom parameters

  /// The parameters that go out with this call's requests; empty when it has none, or is unknown.
  public func getCustomParameters(_ id: CallID) -> [CustomParameter] { service.customParameters(of: id) }

  /// Replaces the parameters that go out with this call's requests from now on; sends nothing.
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func setCustomParameters(_ id: CallID, _ parameters: [CustomParameter]) async throws {
    try await service.setCustomParameters(id, parameters)
  }

  /// Sends the call's parameters now. What the far end sends is reported by `call:customParameters`.
  /// - Throws: `BasicError` `call:6` when the call has none, `call:2` when the gateway refused, `call:7` when there is no such call.
  public func sendCustomParameters(_ id: CallID) async throws { try await service.sendCustomParameters(id) }

  // MARK: Calls that go on without this end

  /// Lets somebody else answer an incoming call; here it is ENDED. Reported by `call:forward`.
  /// - Throws: `BasicError` `call:6` when the call does not ring, `call:7` when there is none, or no destination, `call:5` when the
  ///   gateway does not allow it, `call:2` when it refused; the call goes on ringing then.
  public func forwardCall(_ id: CallID, to destination: String) async throws {
    try await service.forward(id, to: destination)
  }

  /// Connects the far end with somebody else, who is called for that. Returns when they are connected; here the call is TRANSFERRED,
  /// then ENDED. If it fails the call is TRANSFER_FAILURE and goes on as it was.
  /// - Throws: `BasicError` `call:6` when the far end alone holds the call, or it is being transferred already, `call:7` when there is no
  ///   such call or no destination, `call:2` with the status code when it failed.
  public func directTransfer(_ id: CallID, to destination: String) async throws {
    try await service.directTransfer(id, to: destination)
  }

  /// Connects the far ends of two calls that are both on hold. Returns when they are connected; here both calls are ENDED.
  /// - Throws: `BasicError` `call:6` when one of them is not on hold, `call:7` when there is no such call, `call:2` with the status code
  ///   when it failed; both calls are held then.
  public func consultativeTransfer(_ id: CallID, to target: CallID) async throws {
    try await service.consultativeTransfer(id, to: target)
  }

  /// Makes one call of two that are on hold, without video: everybody hears everybody. Returns when the gateway has accepted it; what
  /// becomes of the joined call is told by its events, the two are ENDED when their far ends are in it. Reported by `call:join`.
  /// - Throws: `BasicError` `call:6` when one of them is not on hold, `call:7` when there is no such call, `call:2` when the gateway
  ///   refused.
  public func join(_ id: CallID, with other: CallID) async throws -> Call { try await service.join(id, other) }
}
