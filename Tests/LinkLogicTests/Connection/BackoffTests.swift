import KandyTesting
import LinkLogic
import Testing

@Suite(.spec("R-CONN-650"))
struct BackoffTests {
  private func waits(_ policy: Backoff.Policy, atMost count: Int = 10) -> [Duration] {
    var backoff = Backoff(policy)
    var waits: [Duration] = []
    while waits.count < count, let wait = backoff.next() { waits.append(wait) }
    return waits
  }

  @Test func defaultsGiveFiveAttemptsFiveSecondsApart() {
    #expect(waits(Backoff.Policy()) == Array(repeating: .seconds(5), count: 4))
  }

  @Test func withoutALimitTheDelayGrowsToItsBoundAndStays() {
    let policy = Backoff.Policy(limit: 0, delay: .seconds(5), multiplier: 2, cap: .seconds(640))
    #expect(waits(policy) == [5, 10, 20, 40, 80, 160, 320, 640, 640, 640].map { .seconds($0) })
  }

  @Test func theBoundCutsTheDelayAndTheLimitEndsTheCycle() {
    let policy = Backoff.Policy(limit: 4, delay: .milliseconds(30), multiplier: 2, cap: .milliseconds(100))
    #expect(waits(policy) == [30, 60, 100].map { .milliseconds($0) })
  }

  @Test func oneAttemptMeansNoWait() {
    #expect(waits(Backoff.Policy(limit: 1)) == [])
  }

  @Test func senselessNumbersNeitherGrowNorCrash() {
    let policy = Backoff.Policy(limit: 4, delay: .seconds(-3), multiplier: .nan, cap: .seconds(10))
    #expect(waits(policy) == [.zero, .zero, .zero])
    #expect(waits(Backoff.Policy(limit: 3, delay: .seconds(1), multiplier: .infinity)) == [.seconds(1), .seconds(1)])
  }

  @Test(.spec("R-CONN-604")) func anAttemptGetsTheDelayThatFollowsItButAtLeastTwoSeconds() {
    var backoff = Backoff(Backoff.Policy(limit: 0, delay: .seconds(1), multiplier: 3, cap: .seconds(5)))
    var timeouts = [backoff.attemptTimeout]
    for _ in 0..<3 {
      _ = backoff.next()
      timeouts.append(backoff.attemptTimeout)
    }
    #expect(timeouts == [2, 3, 5, 5].map { .seconds($0) })
  }
}
