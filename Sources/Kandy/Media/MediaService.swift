import LinkMedia
import LinkProtocol
import Synchronization

/// The media engine's start, and the devices that calls use by default.
final class MediaService: Service {
  private struct State {
    var defaults = DefaultDevices()
    var initialization: MediaInitialization?
  }

  private let context: ServiceContext
  private let log: TargetLogger
  private let state = Mutex(State())

  init(_ context: ServiceContext) {
    self.context = context
    log = context.log.logger(.call)
  }

  var devices: MediaDevices { MediaDevices(VirtualDevices.all) }

  var defaults: DefaultDevices { state.withLock { $0.defaults } }

  /// Whether calls can be made: an engine has been found to work, which is tried with the first connection.
  var isInitialized: Bool { state.withLock { $0.initialization?.error == false } }

  // MARK: - What the application does

  func getDevices() throws(BasicError) -> MediaDevices {
    log.invoked("media.getDevices")
    try context.lifetime.check()
    let devices = devices
    context.events.emit(.devicesChange(devices))
    return devices
  }

  /// Ids of cameras and microphones are not checked, that of a speaker is (R-MEDIA-17).
  func setDefaults(_ new: DefaultDevices) throws(BasicError) {
    log.invoked("media.setDefaultDevices")
    guard !context.lifetime.isDestroyed else { return }
    if context.media == nil {
      throw report(BasicError(.callInitMediaFailed, "Media is not initialized: the client was created without a media engine."))
    }
    if let speaker = new.speaker { try check(speaker) }
    let defaults = context.act("SET_DEFAULT_DEVICES", .of(new), state: { .of(self.defaults) }) {
      state.withLock { state in
        state.defaults.speaker = new.speaker ?? state.defaults.speaker
        state.defaults.camera = new.camera ?? state.defaults.camera
        state.defaults.microphone = new.microphone ?? state.defaults.microphone
        return state.defaults
      }
    }
    context.events.emit(.devicesDefaultsChange(defaults))
  }

  /// Makes a speaker the default one, without a word.
  func chooseSpeaker(_ id: String) throws(BasicError) {
    try context.lifetime.check()
    if id.isEmpty { throw report(BasicError(.callInvalidParameter, "Invalid speaker id provided.")) }
    if context.media == nil { throw report(BasicError(.callInitMediaFailed, "Media not initialized.")) }
    try check(id)
    state.withLock { $0.defaults.speaker = id }
  }

  private func check(_ speaker: String) throws(BasicError) {
    guard !Self.isSpeaker(speaker) else { return }
    throw report(BasicError(.callUserMediaError, "There is no such speaker."))
  }

  func report(_ error: BasicError) -> BasicError {
    context.events.emit(.devicesError(error, listFailed: false))
    return error
  }

  private static func isSpeaker(_ id: String) -> Bool {
    id == VirtualDevices.null || id.hasPrefix("virtual:file?path=")
  }

  /// The default devices as calls open them; what was not chosen is virtual.
  var callDevices: CallDevices { .virtual { [self] in defaults } }

  // MARK: - The connection

  var eventTypes: Set<EventType> { [] }
  func handle(_ notification: Notification) async {}
  func webSocketOpened(isReconnection: Bool) async {}

  /// Initialisation happens once; its result is reported after every connect (R-MEDIA-3, R-CONN-303).
  func sessionConnected() async {
    let known = state.withLock { $0.initialization }
    let result =
      if let known {
        known
      } else {
        await context.media?.initialize() ?? .failed
      }
    context.act("MEDIA_INITIALIZE", .of(result), state: { ["result": .of(self.state.withLock { $0.initialization })] }) {
      state.withLock { $0.initialization = result }
    }
    context.events.emit(.mediaInitialize(result))
  }

  func sessionEnded() async {}
  /// The engine belongs to whoever made it.
  func shutdown() async {}
}

/// `client.media`: the machine's cameras, microphones and speakers.
public struct Media: Sendable {
  let service: MediaService

  /// Lists the devices, and reports them by `devices:change`. Virtual ones are always among them.
  /// - Throws: when the client has been destroyed.
  @discardableResult
  public func getDevices() async throws(BasicError) -> MediaDevices { try service.getDevices() }

  /// Chooses what later calls use when their options name no device; `nil` leaves a choice as it is. Reported by
  /// `devices:defaultsChange`.
  /// - Throws: `BasicError` `call:3` without a media engine, `call:4` for an unknown speaker; reported by `devices:error` as
  ///   well.
  public func setDefaultDevices(
    camera: String? = nil, microphone: String? = nil, speaker: String? = nil
  ) async throws(BasicError) {
    try service.setDefaults(DefaultDevices(camera: camera, microphone: microphone, speaker: speaker))
  }

  /// The ids chosen by `setDefaultDevices`.
  public var defaultDevices: DefaultDevices { service.defaults }
}
