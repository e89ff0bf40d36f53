import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

struct UpdateConfigTests {
  @Test func aChangeMayReadTheConfigurationAndAFurtherChangeWithinItIsRefused() async throws {
    let fixture = ClientFixture()
    let client = fixture.client
    client.updateConfig { configuration in
      configuration.connectivity.pingInterval = 5_000
      #expect((try? client.getConfig())?.connectivity.pingInterval == 30_000)
      client.updateConfig(["connectivity": ["reconnectLimit": 1]])
    }
    let connectivity = try client.getConfig().connectivity
    #expect(connectivity.pingInterval == 5_000 && connectivity.reconnectLimit == 5)
    #expect(fixture.log.entries.contains { $0.level == .error && $0.target.type == .config })
    client.updateConfig(["connectivity": ["reconnectLimit": 1]])
    #expect(try client.getConfig().connectivity.reconnectLimit == 1)
    await client.destroy()
  }

  @Test func aChangeOfOneClientMayChangeAnother() async throws {
    let (first, second) = (ClientFixture(), ClientFixture())
    first.client.updateConfig { _ in second.client.updateConfig { $0.connectivity.pingInterval = 7_000 } }
    #expect(try second.client.getConfig().connectivity.pingInterval == 7_000)
    await first.client.destroy()
    await second.client.destroy()
  }

  @Test func noChangeOfManyTasksIsLost() async throws {
    let fixture = ClientFixture()
    let before = try fixture.client.getConfig().connectivity.pingInterval
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<100 { fixture.client.updateConfig { $0.connectivity.pingInterval += 1 } }
        }
      }
    }
    #expect(try fixture.client.getConfig().connectivity.pingInterval == before + 800)
    await fixture.client.destroy()
  }
}
