import Foundation
import Kandy

/// `http://127.0.0.1:8580`: where a server is.
struct ServerURL: Sendable {
  let scheme: String
  let host: String
  let port: Int

  /// Without a path.
  var text: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

  init(_ text: String) throws {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme, ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty
    else { throw CommandFailure("\(text) is not a server's address such as http://127.0.0.1:8580.", code: 2) }
    self.scheme = scheme
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? (scheme == "https" ? 443 : 80)
  }
}

extension Configuration.Subscription {
  /// The WebSocket is looked for at the same place.
  mutating func take(_ url: ServerURL) {
    `protocol` = url.scheme
    server = url.host
    port = url.port
  }
}

/// How the commands reach a server.
enum CommandTransport {
  /// Makes the transport of each client.
  /// - Parameter trusting: a PEM file with the authorities to trust; `nil` for the system's.
  static func maker(trusting authorities: String?) throws -> @Sendable () throws -> any Transport {
    guard let authorities else { return { NetworkTransport() } }
    guard FileManager.default.isReadableFile(atPath: authorities) else {
      throw CommandFailure("The file \(authorities) cannot be read.", code: 2)
    }
    return { NetworkTransport(tls: try TLSOptions(authorities: authorities)) }
  }
}
