import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The channels of one attempt to connect, several if a name has several addresses, so that it can be cancelled.
final class WebSocketAttempt: Sendable {
  private struct State {
    var channels: [any Channel] = []
    var isCancelled = false
  }

  private let state = Mutex(State())

  func adopt(_ channel: any Channel) {
    let isCancelled = state.withLock { state in
      state.channels.append(channel)
      return state.isCancelled
    }
    if isCancelled { channel.close(promise: nil) }
  }

  func cancel() {
    let channels = state.withLock { state in
      state.isCancelled = true
      return state.channels
    }
    for channel in channels { channel.close(promise: nil) }
  }
}

extension WebSocketError {
  /// - Parameter isLate: the time is up; what failed then failed because of that.
  init(opening error: any Error, isLate: Bool) {
    switch error {
    case let error as WebSocketError:
      self = error
    case let error as NIOSSLError:
      self.init(.tls, Self.reason(error))
    case is BoringSSLError:
      self.init(.tls, "the TLS handshake failed")
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      self.init(.tls, "the certificate is for another host")
    case is NIOSSLExtraError:
      self.init(.tls, "the certificate cannot be used")
    case _ where isLate, ChannelError.connectTimeout:
      self.init(.timeout, "no connection in time")
    case let error as NIOConnectionError where error.connectionErrors.isEmpty:
      self.init(.unreachable, "the host is unknown")
    case let error as NIOConnectionError where error.connectionErrors.allSatisfy(\.isTimeout):
      self.init(.timeout, "no connection in time")
    case is NIOConnectionError, is IOError:
      self.init(.unreachable, "the connection was refused")
    default:
      self.init(.refused(status: nil), "the handshake failed")
    }
  }

  private static func reason(_ error: NIOSSLError) -> String {
    let isVerification = String(describing: error).contains("CERTIFICATE_VERIFY_FAILED")
    return isVerification ? "the certificate is expired or of an unknown authority" : "the TLS handshake failed"
  }
}

extension SingleConnectionFailure {
  fileprivate var isTimeout: Bool {
    if case ChannelError.connectTimeout = error { true } else { false }
  }
}
