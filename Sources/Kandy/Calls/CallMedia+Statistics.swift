import LinkMedia
import LinkProtocol

// What the engine has counted.

extension CallMedia {
  /// - Throws: `MediaError` when the call has no media, or it ends meanwhile.
  func statistics() async throws -> CallStatistics {
    guard let current else { throw MediaError(.invalidState, "The call has no media.") }
    return try await statistics(of: current)
  }

  func statisticsOfAllPeers() async -> [CallStatistics] {
    var all: [CallStatistics] = []
    for connection in [current, next].compactMap(\.self) {
      if let statistics = try? await statistics(of: connection) { all.append(statistics) }
    }
    return all
  }

  /// Closes a peer that has carried media, after a last look at its counters (R-CALL-751). An engine that does not tell them keeps
  /// nothing open.
  func retire(_ connection: CallConnection) async {
    let (answers, answer) = AsyncStream.makeStream(of: CallStatistics?.self, bufferingPolicy: .bufferingOldest(1))
    let asking = Task { answer.yield(try? await statistics(of: connection)) }
    let patience = Timers<CallID>(clock: setup.clock)
    patience.start(setup.callID, after: Self.patienceForStatistics) { answer.yield(nil) }
    for await last in answers {
      if let last { board.add(last) }
      break
    }
    patience.cancelAll()
    await connection.close()
    asking.cancel()
  }

  private static let patienceForStatistics = Duration.seconds(1)

  private func statistics(of connection: CallConnection) async throws -> CallStatistics {
    let records = try await connection.peer.statistics()
    return CallStatistics(
      records, timestamp: setup.now(), peer: connection.number, iceConnectionState: connection.state)
  }
}
