import AsyncHTTPClient
import LinkSocket
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The way to a server over the network: HTTP/1.1 and WebSocket, with or without TLS.
///
/// Nothing is retried, no redirection is followed: what the server answers is the answer.
public final class NetworkTransport: Transport {
  private enum State {
    case idle
    case open(HTTPClient)
    case ended
  }

  /// The largest answer that is read, in bytes.
  private static let largestAnswer = 16 << 20

  private let tls: TLSOptions
  private let clock: any Clock<Duration>
  private let state = Mutex(State.idle)

  /// - Parameters:
  ///   - tls: whom to trust when the server is reached by `https` and `wss`.
  ///   - clock: what the timeouts of requests run on.
  public init(tls: TLSOptions = TLSOptions(), clock: any Clock<Duration> = ContinuousClock()) {
    self.tls = tls
    self.clock = clock
  }

  public func send(_ request: TransportRequest) async throws -> TransportResponse {
    let client = try client()
    guard ["http://", "https://"].contains(where: request.url.lowercased().hasPrefix) else { throw TransportError.noServer }
    do {
      return try await withThrowingTaskGroup(of: TransportResponse.self) { group in
        group.addTask { try await Self.exchange(request, over: client) }
        group.addTask { [clock] in
          try await clock.sleep(for: request.timeout)
          throw TransportError.late
        }
        defer { group.cancelAll() }
        guard let response = try await group.next() else { throw CancellationError() }
        return response
      }
    } catch {
      try Task.checkCancellation()
      throw error as? TransportError ?? TransportError(sending: error, to: request.url)
    }
  }

  /// Ends with the last byte of the answer. The deadline of `execute` would end with the first, so there is none.
  private static func exchange(_ request: TransportRequest, over client: HTTPClient) async throws -> TransportResponse {
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = NIOHTTP1.HTTPMethod(rawValue: request.method.rawValue)
    for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
    if let body = request.body { outgoing.body = .bytes(body) }
    let answer = try await client.execute(outgoing, deadline: .distantFuture)
    let body = try await answer.body.collect(upTo: largestAnswer)
    return TransportResponse(
      status: Int(answer.status.code),
      headers: Dictionary(
        answer.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, next in "\(first), \(next)" }),
      body: Data(body.readableBytesView))
  }

  public func openSocket(_ url: String, timeout: Duration) async throws -> any TransportSocket {
    if state.withLock({ if case .ended = $0 { true } else { false } }) { throw TransportError.ended }
    do {
      var context: NIOSSLContext?
      if url.lowercased().hasPrefix("wss:") { context = try await tls.context() }
      return NetworkSocket(try await WebSocketClient.connect(url: url, tls: context, timeout: timeout))
    } catch let error as WebSocketError {
      throw TransportError(opening: error)
    } catch let error as NIOSSLError {
      throw TransportError(.tls, "TLS could not be set up: \(error)")
    }
  }

  public func shutdown() async {
    let client = state.withLock { state -> HTTPClient? in
      defer { state = .ended }
      return if case .open(let client) = state { client } else { nil }
    }
    try? await client?.shutdown()
  }

  /// The first request makes it; reading the system's authorities waits until the first connection by TLS.
  private func client() throws(TransportError) -> HTTPClient {
    let client = state.withLock { state -> HTTPClient? in
      switch state {
      case .open(let client): return client
      case .ended: return nil
      case .idle:
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls.configuration)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(30)
        // An attempt that fails is the answer; who wants another one asks again.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        state = .open(client)
        return client
      }
    }
    guard let client else { throw TransportError.ended }
    return client
  }
}

/// Whom a client trusts.
public struct TLSOptions: Sendable, Hashable {
  private var authorities: [NIOSSLCertificate]?

  /// The system's authorities.
  public init() {}

  /// These authorities and no others.
  /// - Parameter authorities: a file of certificates, PEM.
  /// - Throws: `TransportError` with `tls` when the file has none.
  public init(authorities file: String) throws(TransportError) {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw TransportError(.tls, "The file \(file) holds no certificates.")
    }
    authorities = certificates
  }

  /// Names are always checked.
  var configuration: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let authorities { configuration.trustRoots = .certificates(authorities) }
    return configuration
  }

  /// Reading the system's authorities blocks, so it is done elsewhere.
  func context() async throws -> NIOSSLContext {
    try await NIOThreadPool.singleton.runIfActive { [configuration] in try NIOSSLContext(configuration: configuration) }
  }
}

/// An open WebSocket, as the SDK sees it.
private final class NetworkSocket: TransportSocket {
  private let connection: WebSocketConnection

  init(_ connection: WebSocketConnection) {
    self.connection = connection
  }

  var messages: AsyncStream<String> { connection.messages }
  var closeCode: Int? { connection.closeCode }

  func send(_ text: String) async throws {
    do { try await connection.send(text) } catch let error as WebSocketError { throw TransportError(opening: error) }
  }

  func close() async { await connection.close() }
}

extension TransportError {
  fileprivate static let ended = TransportError(.closed, "The client has ended.")
  fileprivate static let noServer = TransportError(.invalidURL, "This is not the address of a server.")
  fileprivate static let late = TransportError(.timeout, "The server did not answer in time.")

  /// Why a request has no answer.
  fileprivate init(sending error: any Error, to url: String) {
    switch error {
    case let error as HTTPClientError: self.init(client: error)
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      self.init(.tls, "The server's certificate was not accepted, or it does not speak TLS: \(error)")
    case is NIOTooManyBytesError:
      self.init(.closed, "The server's answer is too long.")
    case is NIOConnectionError, is IOError:
      self.init(.unreachable, ConnectionFailure.sentence(error, at: Self.place(of: url)))
    default:
      self.init(.closed, "The server ended the connection without an answer: \(error)")
    }
  }

  /// `host:port`.
  private static func place(of url: String) -> String {
    guard let parts = URLComponents(string: url), let host = parts.host else { return "the server" }
    return "\(host):\(parts.port ?? (parts.scheme?.lowercased() == "https" ? 443 : 80))"
  }

  private init(client error: HTTPClientError) {
    switch error {
    case .deadlineExceeded, .readTimeout, .writeTimeout:
      self = .late
    case .connectTimeout:
      self.init(.unreachable, "The server could not be reached in time.")
    case .tlsHandshakeTimeout:
      self.init(.tls, "The server did not finish the TLS handshake in time.")
    case .invalidURL, .emptyHost, .emptyScheme:
      self = .noServer
    case .alreadyShutdown, .cancelled:
      self = .ended
    default:
      self.init(.closed, "The server ended the connection without an answer: \(error)")
    }
  }

  /// Why a WebSocket did not open, or did not send.
  fileprivate init(opening error: WebSocketError) {
    let code: Code =
      switch error.code {
      case .invalidURL: .invalidURL
      case .unreachable: .unreachable
      case .timeout: .timeout
      case .tls: .tls
      case .refused: .handshake
      case .closed, .overflow: .closed
      }
    self.init(code, error.message)
  }
}
