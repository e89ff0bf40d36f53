import LinkLogic
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is kept of calls beyond the life of the process: those that go on ringing in the next one of the same device
/// (`call.continuity`, R-CALL-700, part 02 §8.27), and the statistics of the last one.
struct CallCache: Sendable {
  let storage: any ClientStorage
  let log: TargetLogger

  private struct Entry: Codable {
    var sdp: String?
    var callerNumber: String?
    var callerName: String?
    var calleeNumber: String?
    var optionReject: Bool
    var optionForward: Bool
    var optionAnswer: Bool
  }

  func keep(_ call: IncomingCall, of user: String) async {
    let entry = Entry(
      sdp: call.offer, callerNumber: call.callerNumber, callerName: call.callerName, calleeNumber: call.calleeNumber,
      optionReject: call.actions.contains("reject"), optionForward: call.actions.contains("forward"),
      optionAnswer: call.actions.contains("answer"))
    do {
      try await storage.set(try JSONEncoder().encode(entry), for: Self.key(call.session, user))
    } catch {
      log.warn("An incoming call could not be kept for the next start.")
    }
  }

  func forget(_ session: SessionID, of user: String) async {
    do {
      try await storage.set(nil, for: Self.key(session, user))
    } catch {
      log.warn("A call that is over could not be forgotten.")
    }
  }

  /// What the last call's peers have counted (`call.recordCallStats`, R-CALL-750).
  func keep(_ totals: CallTotals, of user: String) async {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      try await storage.set(try encoder.encode(totals), for: "FCS_\(user)_\(user)_stats")
    } catch {
      log.warn("The statistics of a call could not be kept.")
    }
  }

  /// The calls that were ringing when an earlier process ended. Whether they still do is the gateway's to say.
  func calls(of user: String) async -> [IncomingCall] {
    let prefix = Self.key("", user)
    var calls: [IncomingCall] = []
    for key in (try? await storage.keys()) ?? [] where key.hasPrefix(prefix) {
      guard let data = try? await storage.value(for: key), let entry = try? JSONDecoder().decode(Entry.self, from: data)
      else { continue }
      let actions = [("reject", entry.optionReject), ("forward", entry.optionForward), ("answer", entry.optionAnswer)]
      calls.append(
        IncomingCall(
          session: SessionID(String(key.dropFirst(prefix.count))), offer: entry.sdp,
          actions: Set(actions.filter(\.1).map(\.0)), callerNumber: entry.callerNumber, callerName: entry.callerName,
          calleeNumber: entry.calleeNumber))
    }
    return calls
  }

  private static func key(_ session: SessionID, _ user: String) -> String { "FCS_\(user)_\(session.rawValue)" }
}
