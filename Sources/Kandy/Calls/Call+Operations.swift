public import LinkProtocol

/// What `Calls` does by id.
extension Call {
  /// See `Calls.silence`.
  public func silence() async throws { try await service.silence(true, id) }
  /// See `Calls.unsilence`.
  public func unsilence() async throws { try await service.silence(false, id) }

  /// See `Calls.hold`.
  public func hold() async throws { try await service.hold(true, id) }
  /// See `Calls.unhold`.
  public func unhold() async throws { try await service.hold(false, id) }

  /// See `Calls.startVideo`.
  public func startVideo(videoResolution: VideoResolution? = nil) async throws {
    try await service.startVideo(id, videoResolution)
  }
  /// See `Calls.stopVideo`.
  public func stopVideo() async throws { try await service.stopVideo(id) }

  /// See `Calls.startScreenshare`.
  public func startScreenshare(_ share: ScreenShare) async throws { try await service.startScreenshare(id, share) }
  /// See `Calls.stopScreenshare`.
  public func stopScreenshare() async throws { try await service.stopScreenshare(id) }

  /// See `Calls.sendDTMF`.
  public func sendDTMF(
    _ tones: String, duration: Duration? = nil, gap: Duration = .milliseconds(70)
  ) async throws {
    try await service.sendDTMF(id, tones, duration: duration, gap: gap)
  }

  /// See `Calls.changeInputDevices`.
  public func changeInputDevices() async throws { try await service.changeInputDevices(id) }
  /// See `Calls.restartMedia`.
  public func restartMedia() async throws { try await service.restartMedia(id) }

  /// See `Calls.getCustomParameters`.
  public var customParameters: [CustomParameter] { record.customParameters ?? [] }
  /// See `Calls.setCustomParameters`.
  public func setCustomParameters(_ parameters: [CustomParameter]) async throws {
    try await service.setCustomParameters(id, parameters)
  }
  /// See `Calls.sendCustomParameters`.
  public func sendCustomParameters() async throws { try await service.sendCustomParameters(id) }

  /// See `Calls.forwardCall`.
  public func forward(to destination: String) async throws { try await service.forward(id, to: destination) }
  /// See `Calls.directTransfer`.
  public func directTransfer(to destination: String) async throws {
    try await service.directTransfer(id, to: destination)
  }
  /// See `Calls.consultativeTransfer`.
  public func consultativeTransfer(to target: Call) async throws {
    try await service.consultativeTransfer(id, to: target.id)
  }
  /// See `Calls.join`.
  public func join(with other: Call) async throws -> Call { try await service.join(id, other.id) }
}
