import LinkLogic

/// `client.connection`: the WebSocket.
public struct Connectivity: Sendable {
  let session: SessionDriver

  /// How the WebSocket stands (R-CONN-671).
  /// - Parameter platform: there is one only.
  /// - Returns: `nil` when none was ever attempted.
  /// - Throws: when the client has been destroyed.
  public func getSocketState(platform: String = "link") throws(BasicError) -> SocketState? {
    try session.context.lifetime.check()
    return session.view.socket
  }

  /// Switches keepalives on or off, whatever `connectivity.checkConnectivity` says (R-CONN-631). On takes effect at once, off
  /// before the next keepalive. It holds until the connection ends, and may be said before there is one.
  public func enableConnectivityChecking(_ enable: Bool) {
    guard !session.context.lifetime.isDestroyed else { return }
    session.context.log.logger(.connectivity).invoked("connection.enableConnectivityChecking", ["enable": .bool(enable)])
    session.post(.checkConnectivity(enable))
  }
}
