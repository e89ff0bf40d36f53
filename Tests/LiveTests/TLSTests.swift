import Foundation
import Kandy
import KandyGateway
import KandyTesting
import LinkProtocol
import Testing

/// Real sockets, a gateway with a certificate, and a client that looks at it.
@Suite struct TLSTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/certificates").path

  private static func configuration(_ certificate: String) -> GatewayConfiguration {
    var configuration = GatewayConfiguration()
    configuration.tls = GatewayConfiguration.TLS(
      certificate: "\(folder)/\(certificate).pem", key: "\(folder)/key.pem")
    return configuration
  }

  private static func trusting() throws -> NetworkTransport {
    NetworkTransport(tls: try TLSOptions(authorities: "\(folder)/authority.pem"))
  }

  @Test func aGivenAuthorityIsTrustedForRequestsAndForTheWebSocket() async throws {
    try await InProcessGateway.run(users: ["alice@example.com"], configuration: Self.configuration("localhost")) { gateway in
      var configuration = Configuration()
      configuration.authentication.subscription.server = "localhost"
      configuration.authentication.subscription.port = gateway.port
      let client = create(configuration, transport: try Self.trusting())
      try await client.connect(Credentials(username: "alice@example.com", password: InProcessGateway.password))
      #expect(try client.getConnection().isConnected)
      #expect(try client.connection.getSocketState()?.connected == true)
      await client.disconnect()
      await client.destroy()
    }
  }

  @Test(arguments: ["expired", "wrong-name", "unknown-authority"])
  func aCertificateThatIsNotToBeTrustedIsRefused(_ certificate: String) async throws {
    try await InProcessGateway.run(configuration: Self.configuration(certificate)) { gateway in
      let transport = try Self.trusting()
      let path = "localhost:\(gateway.port)/rest/version/1/user/alice@example.com/subscription"
      await #expect(throws: TransportError.self) {
        do { _ = try await transport.send(TransportRequest(method: .get, url: "https://\(path)")) } catch let error
          as TransportError
        {
          #expect(error.code == .tls)
          throw error
        }
      }
      await #expect(throws: TransportError.self) {
        do { _ = try await transport.openSocket("wss://\(path)", timeout: .seconds(10)) } catch let error as TransportError {
          #expect(error.code == .tls)
          throw error
        }
      }
      await transport.shutdown()
    }
  }

  @Test(.spec("R-CONN-513"), arguments: ["expired", "wrong-name", "unknown-authority"])
  func aClientReportsThatItWasNotConnected(_ certificate: String) async throws {
    try await InProcessGateway.run(users: ["alice@example.com"], configuration: Self.configuration(certificate)) { gateway in
      var configuration = Configuration()
      configuration.authentication.subscription.server = "localhost"
      configuration.authentication.subscription.port = gateway.port
      configuration.logs.logLevel = .silent
      let client = create(configuration, transport: try Self.trusting())
      let events = client.events
      await #expect(throws: BasicError.self) {
        do {
          try await client.connect(Credentials(username: "alice@example.com", password: InProcessGateway.password))
        } catch let error as BasicError {
          #expect(error.code == .subscribeFailed && error.code.rawValue == "authentication:4")
          throw error
        }
      }
      for await case .authError(let error) in events {
        #expect(error.code == .subscribeFailed && error.message.contains("certificate"))
        break
      }
      #expect(try client.getConnection().isConnected == false)
      await client.destroy()
    }
  }

  @Test func theSystemsAuthoritiesDoNotTrustOurs() async throws {
    try await InProcessGateway.run(configuration: Self.configuration("localhost")) { gateway in
      let transport = NetworkTransport()
      await #expect(throws: TransportError.self) {
        do {
          _ = try await transport.send(TransportRequest(method: .get, url: "https://localhost:\(gateway.port)/"))
        } catch let error as TransportError {
          #expect(error.code == .tls)
          throw error
        }
      }
      await transport.shutdown()
    }
  }

  @Test func anUnreachableServerIsReportedAsThat() async throws {
    let transport = NetworkTransport()
    await #expect(throws: TransportError.self) {
      do {
        _ = try await transport.send(TransportRequest(method: .get, url: "http://127.0.0.1:1/"))
      } catch let error as TransportError {
        #expect(error.code == .unreachable)
        throw error
      }
    }
    await transport.shutdown()
  }
}
