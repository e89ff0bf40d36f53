import Foundation
import NIOCore

extension GatewayError {
  /// Tells why an address cannot be listened on; `nil` when the error is about something else.
  static func cannotListen(on host: String, port: Int, _ error: any Error) -> GatewayError? {
    let reason: String
    switch error {
    case let error as IOError: reason = Self.reason(error.errnoCode)
    case is SocketAddressError, is SocketAddressError.UnknownHost:
      reason = "there is no such address; 127.0.0.1 is this machine's own, 0.0.0.0 stands for all of them"
    default: return nil
    }
    return GatewayError(.cannotListen, "Cannot listen on \(host):\(port): \(reason).", cause: error)
  }

  private static func reason(_ code: CInt) -> String {
    switch code {
    case EADDRINUSE: "the port is in use; choose another one, or 0 for a free one"
    case EACCES: "ports below 1024 are the administrator's; choose a higher one"
    case EADDRNOTAVAIL: "the address is not one of this machine's; 0.0.0.0 stands for all of them"
    default: "the system refuses (error \(code))"
    }
  }
}
