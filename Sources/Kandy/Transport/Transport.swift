import AsyncHTTPClient
public import LinkProtocol
import NIOSSL

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// How the SDK reaches a server: HTTP requests and one kind of WebSocket. `NetworkTransport` does it over the network,
/// `KandyTesting` has a scripted one.
public protocol Transport: Sendable {
  /// Sends a request and returns the whole answer, whatever its status.
  /// - Throws: `TransportError` when no answer came: unreachable, refused, TLS, or not within `request.timeout`.
  func send(_ request: TransportRequest) async throws -> TransportResponse

  /// Opens a WebSocket; returns when the handshake has completed.
  /// - Throws: `TransportError` when it did not, or not within `timeout`.
  func openSocket(_ url: String, timeout: Duration) async throws -> any TransportSocket

  /// Ends what is left of connections. Idempotent.
  func shutdown() async
}

public struct TransportRequest: Sendable, Hashable {
  public var method: HTTPMethod
  /// `{protocol}://{host}:{port}` and the absolute path.
  public var url: String
  public var headers: [String: String]
  public var body: Data?
  public var timeout: Duration

  public init(
    method: HTTPMethod, url: String, headers: [String: String] = [:], body: Data? = nil, timeout: Duration = .seconds(60)
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }
}

public struct TransportResponse: Sendable, Hashable {
  public var status: Int
  /// Names in lower case.
  public var headers: [String: String]
  public var body: Data

  public init(status: Int, headers: [String: String] = [:], body: Data = Data()) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public var isSuccess: Bool { (200...299).contains(status) }
}

/// An open WebSocket.
public protocol TransportSocket: AnyObject, Sendable {
  /// The text frames that arrive, in order. Finishes when the socket is closed, with the reason in `closeCode`. One reader.
  var messages: AsyncStream<String> { get }
  /// The code of the peer's close frame; `nil` while open, or when the connection broke without one.
  var closeCode: Int? { get }
  func send(_ text: String) async throws
  /// Closes with code 1000. Idempotent.
  func close() async
}

/// Why no answer came.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable, Hashable {
    case unreachable, timeout, tls, closed, invalidURL, handshake
  }
  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "\(code.rawValue): \(message)" }
}
