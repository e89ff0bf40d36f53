import Testing

@testable import Kandy

struct BoundedQueueTests {
  @Test func whoBringsMoreThanFitsWaitsUntilHalfIsRead() async {
    let queue = BoundedQueue<Int>(limit: 4)
    async let brought: Void = {
      for number in 0..<100 {
        await queue.push(number)
        #expect(queue.count <= 4)
      }
    }()
    while queue.count < 4 { await Task.yield() }
    var read: [Int] = []
    while read.count < 100, let number = await queue.next() { read.append(number) }
    await brought
    #expect(read == Array(0..<100))
  }

  @Test func aReaderIsWoken() async {
    let queue = BoundedQueue<String>(limit: 1)
    async let first = queue.next()
    await queue.push("text")
    #expect(await first == "text")
  }

  @Test func theEndReleasesWhoeverWaits() async {
    let queue = BoundedQueue<Int>(limit: 1)
    async let held: Void = queue.push(1)
    while queue.count < 1 { await Task.yield() }
    queue.finish()
    await held
    #expect(await queue.next() == nil)
    await queue.push(2)
    #expect(await queue.next() == nil)
  }

  @Test func aCancelledTaskDoesNotWait() async {
    let queue = BoundedQueue<Int>(limit: 1)
    await withTaskGroup { group in
      group.addTask { await queue.push(1) }
      while queue.count < 1 { await Task.yield() }
      group.cancelAll()
    }
    #expect(await queue.next() == 1)
    await withTaskGroup { group in
      group.addTask { #expect(await queue.next() == nil) }
      group.cancelAll()
    }
  }
}
