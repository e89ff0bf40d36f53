import LinkMedia
public import LinkProtocol

extension Calls {
  /// What the media engine has counted for a call up to now (R-CALL-752; not in 3.16).
  /// - Throws: `BasicError` `call:7` when there is no such call or it has ended, `call:6` while it has no media.
  public func getStats(_ id: CallID) async throws -> CallStatistics { try await service.statistics(of: id) }
}

extension Call {
  /// See `Calls.getStats`.
  public func getStats() async throws -> CallStatistics { try await service.statistics(of: id) }

  /// A sample each second while the call is established, from now on; it ends with the call (R-CALL-753). Each access makes a reader of
  /// its own, for whom, if he is slow, only the newest minute is kept.
  public var statistics: AsyncStream<CallSample> { driver.board.reader() }

  /// The samples so far, also when the call has ended, in a bounded number.
  public var statisticsLog: StatisticsLog { driver.board.log }
}

extension CallService {
  func statistics(of id: CallID) async throws -> CallStatistics {
    log.invoked("call.getStats")
    let call = try active(id, "Call not found.")
    do {
      return try await call.driver.media.statistics()
    } catch {
      throw report(id, BasicError(.callInvalidState, "Failed to get statistics.", cause: "\(error)"))
    }
  }
}
