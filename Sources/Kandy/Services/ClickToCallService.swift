import LinkProtocol
import Synchronization

/// Asks the server for calls, and remembers what it has agreed to. The calls themselves come as any others do.
final class ClickToCallService: Sendable {
  private struct State {
    /// With the requests' numbers, in their order.
    var records: [(number: Int, record: ClickToCallRecord)] = []
    var lastNumber = 0

    mutating func add(_ record: ClickToCallRecord, _ number: Int) {
      // Answers may overtake each other.
      let place = records.firstIndex { $0.number > number } ?? records.endIndex
      records.insert((number, record), at: place)
    }
  }

  let context: ServiceContext
  private let state = Mutex(State())

  init(_ context: ServiceContext) {
    self.context = context
  }

  /// Those that the server has agreed to, in the order of the requests (R-CALL-734).
  var records: [ClickToCallRecord] { state.withLock { $0.records.map(\.record) } }

  func make(_ caller: String, _ callee: String) async throws(BasicError) -> ClickToCallID {
    context.log.logger(.clickToCall).invoked("clickToCall.make")
    try context.lifetime.check()
    let id = ClickToCallID(context.makeID())
    guard !caller.isEmpty, !callee.isEmpty else {
      throw report(id, BasicError(.clickToCallMissingArguments, "The caller or the callee of a click-to-call is missing."))
    }
    let record = ClickToCallRecord(id: id, caller: caller, callee: callee, requestTime: context.now())
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    try await send(record)
    context.act("CLICK_TO_CALL", ["callId": .id(id)], state: { ["callIds": .array(self.records.map { .id($0.id) })] }) {
      state.withLock { $0.add(record, number) }
    }
    context.events.emit(.clickToCallStart(id))
    return id
  }

  private func send(_ record: ClickToCallRecord) async throws(BasicError) {
    do {
      let request = ClickToCallRequest(callingParty: record.caller, calledParty: record.callee)
      _ = try await context.requests.send(ClickToCall.make, body: request)
    } catch {
      // Of a success only the status counts (R-CALL-731).
      if error.isUnreadableSuccess { return }
      throw report(
        record.id,
        BasicError(.clickToCallResponseError, error.message, statusCode: error.statusCode, cause: error.reasonText))
    }
  }

  private func report(_ id: ClickToCallID, _ error: BasicError) -> BasicError {
    context.events.emit(.clickToCallError(id, error))
    return error
  }
}
