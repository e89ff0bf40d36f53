import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where a WebSocket is opened.
struct WebSocketURL: Sendable, Hashable {
  var isSecure: Bool
  /// A name or an address, without the brackets of an IPv6 address.
  var host: String
  var port: Int
  /// Path and query, as the request line has them.
  var target: String

  init?(_ url: String) {
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
    switch parts.scheme?.lowercased() {
    case "ws": isSecure = false
    case "wss": isSecure = true
    default: return nil
    }
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    // Percent-encoded it may have held anything, and it becomes a header.
    guard self.host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"/?#@".utf8.contains($0) }) else { return nil }
    port = parts.port ?? (isSecure ? 443 : 80)
    guard (1...65535).contains(port) else { return nil }
    let path = parts.percentEncodedPath
    target = (path.isEmpty ? "/" : path) + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
  }

  /// The name that the certificate has to bear; none if the host is an address, which is then compared itself.
  var serverName: String? {
    isAddress ? nil : host
  }

  /// The value of the `Host` header.
  var authority: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
  }

  private var isAddress: Bool {
    (try? SocketAddress(ipAddress: host, port: port)) != nil
  }
}
