public import LinkProtocol

/// `client.call`: audio and video calls.
///
/// What a function starts is also reported by events; what it cannot do is thrown, and reported by `call:error`.
public struct Calls: Sendable {
  let service: CallService

  init(_ service: CallService) {
    self.service = service
  }

  /// `call.states`, by their documented names (R-CALL-320).
  public var states: [String: CallState] {
    let documented = CallState.allCases.filter { $0 != .initiating && $0 != .initiated }
    return Dictionary(uniqueKeysWithValues: documented.map { ($0.rawValue, $0) })
  }

  /// `call.mediaStates`, by their documented names; `COMLETED` is how the document spells one of them (R-ICE-50).
  public var mediaStates: [String: MediaConnectionState] {
    var states = Dictionary(uniqueKeysWithValues: MediaConnectionState.allCases.map { ($0.rawValue, $0) })
    states["COMLETED"] = .completed
    return states
  }

  /// Calls somebody. Returns at once; the call is INITIATING, what becomes of it is told by its events, and by `answered()`.
  /// - Parameter callee: the full user id, `user@domain`.
  /// - Throws: `BasicError` `call:7` without a callee, without any media, or without a connection; `call:3` without a media engine.
  public func make(_ callee: String, _ options: MakeOptions = MakeOptions()) throws -> Call {
    try service.make(callee, options)
  }

  /// Answers an incoming call. Returns at once; `answered()` waits for the outcome.
  /// - Throws: `BasicError` `call:7` when there is no such call, `call:6` when it does not ring.
  @discardableResult
  public func answer(_ id: CallID, _ options: AnswerOptions = AnswerOptions()) throws -> Call {
    try service.answer(id, options)
  }

  /// Ends the ringing of an incoming call here and tells nobody; other devices go on ringing (R-CALL-84). Does nothing to a call
  /// that does not ring.
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func ignore(_ id: CallID) async throws { try await service.ignore(id) }

  /// Turns an incoming call down, on all devices of the user. Returns when the gateway has agreed.
  /// - Throws: `BasicError` `call:7` when there is no such call, `call:6` when it does not ring, `call:5` when the gateway does not
  ///   allow it, `call:2` when it refused; the call goes on ringing then.
  public func reject(_ id: CallID) async throws { try await service.reject(id) }

  /// Hangs up, in whatever state the call is: an incoming call that rings is turned down, an invite that is on its way is
  /// followed by the goodbye. Returns when the call is ENDED.
  /// - Throws: `BasicError` `call:7` when there is no such call; when it turns a call down, what `reject` throws.
  public func end(_ id: CallID) async throws { try await service.end(id) }

  /// Stops sending what the microphone hears; nothing is signalled (R-CALL-473).
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func mute(_ id: CallID) async throws { try await service.mute(true, id) }

  /// Takes `mute` back.
  /// - Throws: `BasicError` `call:7` when there is no such call.
  public func unmute(_ id: CallID) async throws { try await service.mute(false, id) }

  /// All calls since the client was created, ended ones included, oldest first.
  /// - Throws: when the client has been destroyed.
  public func getAll() throws(BasicError) -> [CallRecord] {
    try service.context.lifetime.check()
    return service.all.map(\.record)
  }

  /// One call, ended or not; `nil` for an unknown id.
  /// - Throws: when the client has been destroyed.
  public func getById(_ id: CallID) throws(BasicError) -> CallRecord? {
    try service.context.lifetime.check()
    return service.call(for: id)?.record
  }

  /// The call with this id, to act on it; `nil` for an unknown id.
  public func call(for id: CallID) -> Call? { service.call(for: id) }
}
