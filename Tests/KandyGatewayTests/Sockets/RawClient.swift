import Foundation
import KandyTesting
import LinkProtocol
import NIOCore
import NIOPosix
import Testing

@testable import KandyGateway

/// A client's end of a connection that knows bytes and no rules.
final class RawClient {
  struct Answer: Hashable {
    var status: Int
    /// By lower-case names.
    var headers: [String: String]
    var body: String
  }

  let channel: any Channel
  private let pieces: AsyncStream<ByteBuffer>
  private var received: [UInt8] = []

  /// - Parameter receiveBuffer: bytes that the operating system takes for a client that does not read.
  static func connect(port: Int, reads: Bool = true, receiveBuffer: Int? = nil) async throws -> RawClient {
    let (pieces, arrived) = AsyncStream.makeStream(of: ByteBuffer.self)
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ChannelReader(arrived)) }
      }
    if let receiveBuffer {
      bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
    }
    return RawClient(try await bootstrap.connect(host: "127.0.0.1", port: port).get(), pieces)
  }

  private init(_ channel: any Channel, _ pieces: AsyncStream<ByteBuffer>) {
    self.channel = channel
    self.pieces = pieces
  }

  deinit {
    channel.close(promise: nil)
  }

  func send(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text))
  }

  /// A request with its end of lines, its length and whatever else it needs.
  static func request(_ line: String, _ headers: [String] = [], body: String = "") -> String {
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    return (["\(line) HTTP/1.1", "Host: localhost"] + headers + length).joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  static func basic(_ user: UserAddress, _ password: String = InProcessGateway.password) -> String {
    "Authorization: Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
  }

  /// The next answer; `nil` when the connection ends before it is whole.
  func answer() async -> Answer? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let range = received.firstRange(of: end) {
        let lines = String(decoding: received[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        if received.count >= range.upperBound + length {
          let body = String(decoding: received[range.upperBound..<(range.upperBound + length)], as: UTF8.self)
          received.removeFirst(range.upperBound + length)
          return Answer(
            status: lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, headers: headers, body: body)
        }
      }
      guard await readMore() else { return nil }
    }
  }

  /// Sends a request and waits for its answer.
  func exchange(_ line: String, _ headers: [String] = [], body: String = "") async throws -> Answer {
    try await send(Self.request(line, headers, body: body))
    return try #require(await answer())
  }

  private func readMore() async -> Bool {
    for await piece in pieces {
      received += piece.readableBytesView
      return true
    }
    return false
  }

  /// Tears the connection down without a farewell: the far end gets a reset.
  func reset() async throws {
    let options = try #require(channel as? any SocketOptionProvider)
    try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    try await channel.close()
  }
}
