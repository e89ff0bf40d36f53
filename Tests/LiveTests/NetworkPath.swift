import KandyTesting
import LinkLogic
import NIOCore
import NIOPosix
import Synchronization

/// A way through the network between two live peers on which a test can lay its hand.
///
/// It is a relay for UDP packets on loopback. Its SDP handlers, one for each end, put a socket of the relay – a front – in the
/// place of every candidate that leaves, so that each end knows the other only by fronts. A packet that comes to a front is sent on
/// to the candidate behind it, from the front of the end that sent it; what comes from anywhere else is dropped.
///
///     let path = try await NetworkPath.open()
///     alice.configuration.call.sdpHandlers = [path.handler(.near)]
///     bob.configuration.call.sdpHandlers = [path.handler(.far)]
final class NetworkPath: Sendable {
  enum Side: Sendable, Hashable {
    case near, far
  }

  /// What becomes of packets on their way.
  struct Conditions: Sendable, Hashable {
    /// How long each packet takes.
    var delay = Duration.zero
    /// The share of packets that are lost, 0…1.
    var loss = 0.0
    /// Whether nothing gets through at all.
    var isSilent = false
  }

  struct Counters: Sendable, Hashable {
    var carried = 0
    var dropped = 0
  }

  private struct Front {
    let channel: any Channel
    let side: Side
    /// The candidate that it stands for.
    let candidate: SocketAddress
  }

  private struct State {
    /// Sockets that stand for nothing yet.
    var free: [any Channel]
    /// By port.
    var fronts: [Int: Front] = [:]
    /// The port of the front that stands for a candidate.
    var ports: [SocketAddress: Int] = [:]
    var conditions = Conditions()
    var counters = Counters()
    var random: SplitMix64
  }

  struct TooFewSockets: Error {}

  private let group: MultiThreadedEventLoopGroup
  private let channels: [any Channel]
  private let state: Mutex<State>

  private init(_ group: MultiThreadedEventLoopGroup, _ channels: [any Channel], seed: UInt64) {
    self.group = group
    self.channels = channels
    state = Mutex(State(free: channels, random: SplitMix64(seed: seed)))
  }

  /// - Parameters:
  ///   - sockets: how many candidates, in all descriptions together, the path can stand for.
  ///   - seed: of the packets that are lost.
  static func open(sockets: Int = 24, seed: UInt64 = 1) async throws -> NetworkPath {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let receivers = (0..<sockets).map { _ in Receiver() }
    var channels: [any Channel] = []
    for receiver in receivers {
      channels.append(
        try await DatagramBootstrap(group: group)
          .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Gate(receiver)) }
          }
          .bind(host: "127.0.0.1", port: 0).get())
    }
    let path = NetworkPath(group, channels, seed: seed)
    for (receiver, channel) in zip(receivers, channels) {
      guard let port = channel.localAddress?.port else { continue }
      receiver.receive { [weak path] in path?.arrived($0, at: port) }
    }
    return path
  }

  func close() async throws {
    for channel in channels { try await channel.close() }
    try await group.shutdownGracefully()
  }

  // MARK: - What a test does

  var conditions: Conditions {
    get { state.withLock { $0.conditions } }
    set { state.withLock { $0.conditions = newValue } }
  }

  var counters: Counters { state.withLock { $0.counters } }

  /// Whether a port is one of the path's.
  func isFront(_ port: Int) -> Bool { state.withLock { $0.fronts[port] != nil } }

  /// Gives one end another address, as a router does that has forgotten a mapping: what it sends comes from new ports, and the old
  /// ones lead nowhere.
  func move(_ side: Side) throws {
    try state.withLock { state in
      for (port, front) in state.fronts where front.side == side {
        guard let channel = state.free.popLast(), let new = channel.localAddress?.port else { throw TooFewSockets() }
        state.fronts[port] = nil
        state.fronts[new] = Front(channel: channel, side: side, candidate: front.candidate)
        state.ports[front.candidate] = new
      }
    }
  }

  /// Breaks the way for good, as when both ends change their network: only candidates that are found later get through.
  func abandon() {
    state.withLock { ($0.fronts, $0.ports) = ([:], [:]) }
  }

  // MARK: - Descriptions

  /// Puts fronts into the descriptions that leave one end.
  func handler(_ side: Side) -> SDPHandler {
    SDPHandler("network path") { [self] sdp, info, _ in
      info.step == .preSendLocal ? try through(sdp, side) : nil
    }
  }

  /// A description of one end as the other is to see it.
  func through(_ description: SessionDescription, _ side: Side) throws -> SessionDescription {
    var description = description
    for index in description.media.indices where !description.media[index].isRejected {
      let candidates = try [1, 2].compactMap { component in
        try best(description.media[index].attributes("candidate"), component: component).map { try front(of: $0, side) }
      }
      description.media[index].setAttributes("candidate", candidates)
    }
    return description
  }

  /// The candidate on loopback, or else the first on this machine.
  private func best(_ candidates: [String], component: Int) -> String? {
    let own = candidates.filter { text in
      guard let candidate = Candidate("candidate:\(text)") else { return false }
      return candidate.component == component && candidate.transport == "udp" && candidate.type == .host
        && !candidate.ip.contains(":")
    }
    return own.first { $0.contains(" 127.0.0.1 ") } ?? own.first
  }

  private func front(of candidate: String, _ side: Side) throws -> String {
    var fields = candidate.split(separator: " ").map(String.init)
    let address = try SocketAddress(ipAddress: fields[4], port: Int(fields[5]) ?? 0)
    let port = try state.withLock { state in
      if let port = state.ports[address] { return port }
      guard let channel = state.free.popLast(), let port = channel.localAddress?.port else { throw TooFewSockets() }
      state.fronts[port] = Front(channel: channel, side: side, candidate: address)
      state.ports[address] = port
      return port
    }
    (fields[4], fields[5]) = ("127.0.0.1", String(port))
    return fields.joined(separator: " ")
  }

  // MARK: - Packets

  private func arrived(_ packet: AddressedEnvelope<ByteBuffer>, at port: Int) {
    let next = state.withLock { state -> (Front, to: SocketAddress, Duration)? in
      guard !state.conditions.isSilent, let front = state.fronts[port], let from = state.ports[packet.remoteAddress],
        let sender = state.fronts[from], sender.side != front.side,
        Double.random(in: 0..<1, using: &state.random) >= state.conditions.loss
      else {
        state.counters.dropped += 1
        return nil
      }
      state.counters.carried += 1
      return (sender, front.candidate, state.conditions.delay)
    }
    guard let (sender, target, delay) = next else { return }
    let envelope = AddressedEnvelope(remoteAddress: target, data: packet.data)
    if delay == .zero {
      sender.channel.writeAndFlush(envelope, promise: nil)
    } else {
      let channel = sender.channel
      channel.eventLoop.scheduleTask(in: TimeAmount(delay)) { channel.writeAndFlush(envelope, promise: nil) }
    }
  }
}

/// What a socket's packets are given to.
private final class Receiver: Sendable {
  private let body = Mutex<@Sendable (AddressedEnvelope<ByteBuffer>) -> Void>({ _ in })

  func receive(_ body: @escaping @Sendable (AddressedEnvelope<ByteBuffer>) -> Void) {
    self.body.withLock { $0 = body }
  }

  func take(_ packet: AddressedEnvelope<ByteBuffer>) {
    body.withLock { $0 }(packet)
  }
}

/// The end of a socket's pipeline.
private final class Gate: ChannelInboundHandler, Sendable {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let receiver: Receiver

  init(_ receiver: Receiver) {
    self.receiver = receiver
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receiver.take(unwrapInboundIn(data))
  }
}
