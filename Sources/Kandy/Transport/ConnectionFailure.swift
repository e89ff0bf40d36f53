import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why no connection came about, or why one broke, as a sentence for people.
enum ConnectionFailure {
  /// - Parameter place: where the server was looked for, `host:port`.
  static func sentence(_ error: any Error, at place: String) -> String {
    switch error {
    case let error as NIOConnectionError:
      guard let first = error.connectionErrors.first else { return "There is no host \(error.host)." }
      return sentence(first.error, at: "\(error.host.contains(":") ? "[\(error.host)]" : error.host):\(error.port)")
    case ChannelError.connectTimeout:
      return "Nothing at \(place) answered in time."
    case let error as IOError:
      return sentence(error.errnoCode, at: place)
    default:
      return "The connection to \(place) failed: \(error)"
    }
  }

  private static func sentence(_ code: CInt, at place: String) -> String {
    switch code {
    case ECONNREFUSED: "Nothing listens at \(place)."
    case EHOSTUNREACH, ENETUNREACH: "There is no way from this machine to \(place)."
    case ECONNRESET, EPIPE: "The server at \(place) broke the connection off."
    case ETIMEDOUT: "Nothing at \(place) answered in time."
    default: "The connection to \(place) failed (error \(code))."
    }
  }
}
