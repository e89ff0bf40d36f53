public import LinkLogic

/// Makers of ready-made handlers for `config.call.sdpHandlers`; see `sdpHandlers`.
public struct SDPHandlers: Sendable {
  /// A handler that removes codecs from every session description, with the retransmission formats that belong to them
  /// (R-SDP-45, R-SDP-48). A media section that would lose all its codecs keeps them.
  ///
  /// ```swift
  /// configuration.call.sdpHandlers = [sdpHandlers.createCodecRemover(["VP9", "H264"])]
  /// ```
  /// - Parameter codecs: names exactly as they stand in descriptions; a `CodecSelector` can ask for parameters too.
  public func createCodecRemover(_ codecs: [CodecSelector]) -> SDPHandler {
    .codecRemover(codecs)
  }
}

/// `sdpHandlers`: stands beside `create`, since what it makes goes into a configuration.
public let sdpHandlers = SDPHandlers()
