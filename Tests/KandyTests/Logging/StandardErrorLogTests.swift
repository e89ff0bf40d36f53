import Dispatch
import Foundation
import Testing

@testable import Kandy

struct StandardErrorLogTests {
  private let pipe = Pipe()

  private func log(capacity: Int) -> StandardErrorLog {
    StandardErrorLog(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: capacity, now: { 7 })
  }

  /// Reads everything until the log is done with and the pipe closed.
  private func lines(while body: () async -> Void) async throws -> [String] {
    async let text = withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "reader").async { [pipe] in
        continuation.resume(with: Result { try pipe.fileHandleForReading.readToEnd() })
      }
    }
    await body()
    try pipe.fileHandleForWriting.close()
    return String(decoding: try await text ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func whoLogsDoesNotWaitForWhoReads() async throws {
    let log = log(capacity: 100_000)
    let written = (0..<20_000).map { "entry \($0) of a client whose standard error nobody reads" }
    for line in written { log.put(line) }
    let read = try await lines {
      await log.flush()
      log.put("It flows again.")
      await log.flush()
    }
    let notice = /7 - LOGS - WARN - Entries were dropped: nobody read standard error. {"count":(\d+)}/
    let dropped = read.compactMap { $0.wholeMatch(of: notice).flatMap { Int($0.1) } }
    let kept = read.dropLast().filter { $0.wholeMatch(of: notice) == nil }
    #expect(read.last == "It flows again.")
    #expect(kept == written.filter(Set(kept).contains) && kept.count > 1_000)
    #expect(dropped.reduce(kept.count, +) == written.count && !dropped.isEmpty)
  }

  @Test func linesComeOutInTheirOrderAndNothingIsDroppedThatFits() async throws {
    let log = log(capacity: 1 << 20)
    let written = (0..<5_000).map { "entry \($0)" }
    let read = try await lines {
      for line in written { log.put(line) }
      await log.flush()
    }
    #expect(read == written)
  }

  @Test func flushingDoesNotWaitForAReaderWhoNeverReads() async throws {
    let log = log(capacity: 1 << 20)
    for _ in 0..<5_000 { log.put("entry of a client whose standard error nobody reads") }
    await log.flush(within: .milliseconds(1))
    let read = try await lines { await log.flush() }
    #expect(read.count == 5_000)
  }
}
