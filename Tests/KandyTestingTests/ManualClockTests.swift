import Synchronization
import Testing

@testable import KandyTesting

/// What several tasks did, in order.
private final class Diary: Sendable {
  private let lines = Mutex<[String]>([])
  func write(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

@Suite(.timeLimit(.minutes(1))) struct ManualClockTests {
  private let clock = ManualClock()

  @Test func sleepersWakeInTheOrderOfTheirDeadlines() async throws {
    let diary = Diary()
    await withTaskGroup(of: Void.self) { group in
      for seconds in [3, 1, 2] {
        group.addTask {
          try? await clock.sleep(for: .seconds(seconds))
          diary.write("\(seconds) at \(clock.now)")
        }
      }
      await clock.waitForSleepers(3)
      #expect(clock.nextDeadline == .init(offset: .seconds(1)))
      await clock.advance(by: .seconds(5))
    }
    #expect(diary.all == ["1 at 1.0 seconds", "2 at 2.0 seconds", "3 at 3.0 seconds"])
    #expect(clock.now == .init(offset: .seconds(5)))
  }

  @Test func nobodyWakesBeforeTheDeadline() async throws {
    let diary = Diary()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await clock.sleep(for: .milliseconds(1000))
        diary.write("awake")
      }
      await clock.waitForSleepers(1)
      await clock.advance(by: .milliseconds(999))
      #expect(diary.all == [])
      #expect(clock.sleepers == 1)
      await clock.advance(by: .milliseconds(1))
      await group.waitForAll()
    }
    #expect(diary.all == ["awake"])
    #expect(clock.sleepers == 0)
  }

  @Test func aPeriodicSleeperWakesAtEveryPeriodOnTheWay() async throws {
    let diary = Diary()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          do { try await clock.sleep(for: .seconds(10)) } catch { break }
          diary.write("\(clock.now)")
        }
      }
      await clock.waitForSleepers(1)
      await clock.advance(by: .seconds(35))
      group.cancelAll()
    }
    #expect(diary.all == ["10.0 seconds", "20.0 seconds", "30.0 seconds"])
  }

  @Test func runGoesOnUntilNobodySleeps() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for hours in 1...5 { try? await clock.sleep(for: .seconds(hours * 3600)) }
      }
      await clock.waitForSleepers(1)
      await clock.run()
      await group.waitForAll()
    }
    #expect(clock.now == .init(offset: .seconds(15 * 3600)))
  }

  @Test func runStopsAtItsLimit() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while (try? await clock.sleep(for: .seconds(60))) != nil {}
      }
      await clock.waitForSleepers(1)
      await clock.run(limit: .seconds(200))
      #expect(clock.now == .init(offset: .seconds(180)))
      #expect(clock.sleepers == 1)
      group.cancelAll()
    }
  }

  @Test func aCancelledSleeperWakesAtOnce() async throws {
    let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
    await clock.waitForSleepers(1)
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleepers == 0)
    #expect(clock.now == .init())
  }

  @Test func oneWhoIsCancelledBeforeSleepingDoesNotSleep() async throws {
    let sleeper = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await clock.sleep(for: .seconds(1))
    }
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleepers == 0)
  }

  @Test func aPastDeadlineNeedsNoWaiting() async throws {
    await clock.advance(by: .seconds(5))
    try await clock.sleep(until: .init(offset: .seconds(5)))
    try await clock.sleep(until: .init(offset: .seconds(1)))
    #expect(clock.sleepers == 0)
  }

  @Test func timeNeverGoesBack() async throws {
    await clock.advance(by: .seconds(5))
    await clock.advance(to: .init(offset: .seconds(2)))
    #expect(clock.now == .init(offset: .seconds(5)))
  }

  @Test func theWallClockFollows() async throws {
    let clock = ManualClock(epoch: 1000)
    #expect(clock.wallClock() == 1000)
    await clock.advance(by: .milliseconds(62_500))
    #expect(clock.wallClock() == 63_500)
  }

  @Test func manyTasksSleepAndAreCancelledAtRandom() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    let diary = Diary()
    let clock = clock
    var tasks: [Task<Void, Never>] = []
    for _ in 0..<300 {
      let deadline = ManualClock.Instant(offset: .milliseconds(Int(random.next() % 1000) + 1))
      let task = Task {
        do {
          try await clock.sleep(until: deadline)
          diary.write(clock.now < deadline ? "woken early" : "woken")
        } catch {
          diary.write("cancelled")
        }
      }
      tasks.append(task)
    }
    for task in tasks where random.next() % 3 == 0 { task.cancel() }
    await clock.advance(by: .milliseconds(1000))
    for task in tasks { await task.value }
    #expect(diary.all.filter { $0 == "woken" || $0 == "cancelled" }.count == 300, "seed \(seed)")
    #expect(clock.sleepers == 0, "seed \(seed)")
  }
}
