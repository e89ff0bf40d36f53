public import LinkProtocol

/// What a description is exchanged for, as handlers are told (part 03 §3.2). The raw values are the documented constants.
public enum SDPOperation: String, Sendable, Hashable, Codable, CaseIterable {
  case startCall = "START_CALL"
  case answerCall = "ANSWER_CALL"
  case hold = "HOLD"
  case unhold = "UNHOLD"
  case update = "UPDATE"
  case respond = "RESPOND"
  case reoffer = "REOFFER"
  case dataChannel = "DATA_CHANNEL"
}

/// Where a description is on its way when a handler sees it (part 03 §3.2). The raw values are the documented constants.
public enum SDPStep: String, Sendable, Hashable, Codable, CaseIterable {
  /// A local description is about to be applied.
  case preSetLocal = "PRE_SET_LOCAL"
  /// A remote description is about to be applied.
  case preSetRemote = "PRE_SET_REMOTE"
  /// A local description, now with candidates, is about to leave. The own engine does not see what is changed here.
  case preSendLocal = "PRE_SEND_LOCAL"
}

/// Who made a description (R-SDP-30).
public enum SDPEndpoint: String, Sendable, Hashable, Codable, CaseIterable {
  case local, remote
}

/// Code of the application that sees, and may change, every description of its calls (`call.sdpHandlers`, R-SDP-40).
public struct SDPHandler: Sendable {
  /// What a handler is told about the description.
  public struct Info: Sendable, Hashable {
    /// The call, once it has an identifier; never rely on it (R-SDP-25).
    public var callId: String?
    public var type: DescriptionType
    public var step: SDPStep
    public var operation: SDPOperation

    public init(callId: String?, type: DescriptionType, step: SDPStep, operation: SDPOperation) {
      self.callId = callId
      self.type = type
      self.step = step
      self.operation = operation
    }

    /// Who made the description.
    public var endpoint: SDPEndpoint { step == .preSetRemote ? .remote : .local }
  }

  /// - Parameters:
  ///   - sdp: the description as the handlers before left it: a copy, free to be changed.
  ///   - info: what it is.
  ///   - original: the description before the first handler.
  /// - Returns: the description to go on with, or `nil` for no change.
  /// - Throws: whatever went wrong; it is logged, the description stays as it was, the call goes on (R-SDP-41).
  public typealias Body =
    @Sendable (_ sdp: SessionDescription, _ info: Info, _ original: SessionDescription) throws -> SessionDescription?

  /// Names the handler in the log.
  public let name: String
  let body: @Sendable (SessionDescription, Info, SessionDescription, inout [SDPRemark]) throws -> SessionDescription?

  public init(_ name: String = "handler", _ body: @escaping Body) {
    self.name = name
    self.body = { sdp, info, original, _ in try body(sdp, info, original) }
  }

  /// A built-in handler, which may have something to remark.
  init(
    _ name: String,
    remarking body: @escaping @Sendable (SessionDescription, inout [SDPRemark]) -> SessionDescription
  ) {
    self.name = name
    self.body = { sdp, _, _, remarks in body(sdp, &remarks) }
  }
}

extension Array where Element == SDPHandler {
  /// Runs the handlers in order, each with what the one before returned (R-SDP-31). One that throws changes nothing
  /// (R-SDP-41).
  func run(
    on original: SessionDescription, _ info: SDPHandler.Info, remarks: inout [SDPRemark]
  ) -> SessionDescription {
    var current = original
    for handler in self {
      do {
        current = try handler.body(current, info, original, &remarks) ?? current
      } catch {
        remarks.append(.handlerFailed(name: handler.name, errorType: "\(Swift.type(of: error))"))
      }
    }
    return current
  }
}

/// Something about a description that belongs in the log. Contains nothing of the description.
public enum SDPRemark: Sendable, Hashable {
  /// The text could not be read, so nothing was changed and no handler ran; the engine decides (R-SDP-44).
  case unreadable
  /// A handler threw an error; what it changed is dropped.
  case handlerFailed(name: String, errorType: String)
  /// The text is longer than some services take, 4096 bytes (R-SDP-6).
  case oversized(bytes: Int)
  /// The number of a codec replacement cannot be used (R-SDP-63).
  case codecReplacementIgnored(CodecReplacement)
  /// A codec remover would have left a section without any codec, and left it alone instead (R-SDP-48).
  case codecsKept(section: Int)
}

extension SDPRemark: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable: "a session description could not be read and is used as it is"
    case .handlerFailed(let name, let errorType): "the SDP handler \"\(name)\" threw \(errorType); its changes are dropped"
    case .oversized(let bytes): "a session description of \(bytes) bytes leaves; some services take 4096 only"
    case .codecReplacementIgnored(let replacement): "\(replacement.value) cannot be the payload type of \(replacement.name)"
    case .codecsKept(let section): "media section \(section) would have lost all its codecs and keeps them"
    }
  }
}
