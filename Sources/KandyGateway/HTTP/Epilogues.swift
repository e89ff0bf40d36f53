import NIOCore
import Synchronization

/// What is to be done when the answer to a request has left: once, whatever becomes of the answer.
///
/// The answer's body is written only if its head could be. So the work waits here, by connection, of which each answers one request at
/// a time: the body takes it out when it has been flushed, and the server when the request is over for whatever reason.
final class Epilogues: Sendable {
  typealias Work = @Sendable () async -> Void

  private let waiting = Mutex<[ObjectIdentifier: Work]>([:])

  func add(_ work: @escaping Work, on channel: any Channel) {
    waiting.withLock { $0[ObjectIdentifier(channel)] = work }
  }

  /// Does what waits for the answer of a connection, unless it has been done.
  func run(on channel: any Channel) async {
    let work = waiting.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    await work?()
  }
}
