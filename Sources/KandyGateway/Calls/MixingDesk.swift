import LinkLogic
import LinkMedia
import LinkProtocol
import Logging
import Synchronization

/// Carries out what conferences want of the media engine: a mixer for each conference, a connection for each seat.
///
/// Orders are taken at once and carried out later, those of one seat one after another: no seat waits for another one's client.
final class MixingDesk: Sendable {
  typealias Seat = GatewayCallMachine.Seat
  typealias Order = GatewayCallMachine.MixerOrder
  typealias News = GatewayCallMachine.MixerNews

  private struct Newcomer: Sendable {
    let seat: Seat
    let mixer: AudioMixer
    let orders: AsyncStream<Order>
  }

  private struct State {
    var orders: [Seat: AsyncStream<Order>.Continuation] = [:]
    /// By conference.
    var mixers: [SessionID: AudioMixer] = [:]
  }

  private let engine: any MediaEngine
  private let logger: Logger
  private let metrics: GatewayMetrics
  private let state = Mutex(State())
  private let newcomers: (stream: AsyncStream<Newcomer>, continuation: AsyncStream<Newcomer>.Continuation)

  init(_ engine: any MediaEngine, logger: Logger, metrics: GatewayMetrics) {
    self.engine = engine
    self.metrics = metrics
    self.logger = logger
    newcomers = AsyncStream.makeStream()
  }

  func perform(_ order: Order, at seat: Seat) {
    state.withLock { state in
      let orders: AsyncStream<Order>.Continuation
      if let known = state.orders[seat] { orders = known } else { orders = open(seat, &state) }
      orders.yield(order)
      guard order == .leave else { return }
      orders.finish()
      state.orders[seat] = nil
      if !state.orders.keys.contains(where: { $0.conference == seat.conference }) { state.mixers[seat.conference] = nil }
      metrics.changed(conferences: state.mixers.count)
    }
  }

  private func open(_ seat: Seat, _ state: inout State) -> AsyncStream<Order>.Continuation {
    let mixer = state.mixers[seat.conference] ?? AudioMixer()
    state.mixers[seat.conference] = mixer
    metrics.changed(conferences: state.mixers.count)
    let (stream, continuation) = AsyncStream.makeStream(of: Order.self)
    state.orders[seat] = continuation
    newcomers.continuation.yield(Newcomer(seat: seat, mixer: mixer, orders: stream))
    return continuation
  }

  /// Carries out orders until the task is cancelled; then every connection has been closed.
  /// - Parameter report: is told what has come of an order.
  func run(_ report: @escaping @Sendable (Seat, News) async -> Void) async {
    await withDiscardingTaskGroup { group in
      for await newcomer in newcomers.stream {
        group.addTask { await self.serve(newcomer, report) }
      }
    }
  }

  private func serve(_ newcomer: Newcomer, _ report: @Sendable (Seat, News) async -> Void) async {
    var place = MixingPlace(engine: engine, mixer: newcomer.mixer)
    for await order in newcomer.orders {
      do {
        guard let news = try await place.perform(order) else { continue }
        await report(newcomer.seat, news)
      } catch {
        logger.debug("a conference's media failed", metadata: ["failure": "\(error)"])
        await report(newcomer.seat, .failed(error))
      }
    }
    await place.close()
  }
}
