import CoreMetrics
import HTTPTypes
import Hummingbird
import LinkMetrics
import Logging
import NIOCore
import ServiceLifecycle

/// Shows what is measured to whoever scrapes it: `GET /metrics`, on a port of its own, which clients have no business with.
struct MetricsServer: Service, CustomStringConvertible {
  let configuration: GatewayConfiguration.Metrics
  let port = Announcement<Int>()
  var description: String { "MetricsServer" }
  private let registry = PrometheusRegistry(Gateway.metrics)
  private let logger: Logger

  /// `nil` when nothing is configured.
  init?(_ configuration: GatewayConfiguration.Metrics?, logger: Logger) {
    guard let configuration else { return nil }
    self.configuration = configuration
    self.logger = logger
  }

  /// What is measured is shown here and goes where the application wants it.
  func joined(with factory: any MetricsFactory) -> any MetricsFactory {
    MultiplexMetricsHandler(factories: [registry, factory])
  }

  /// - Throws: `GatewayError` with `cannotListen`.
  func run() async throws {
    let application = Application(
      responder: MetricsResponder(registry: registry),
      configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
      onServerRunning: { channel in port.make(.success(channel.localAddress?.port ?? configuration.port)) }, logger: logger)
    do {
      try await application.run()
    } catch {
      let error = GatewayError.cannotListen(on: configuration.host, port: configuration.port, error) ?? error
      port.make(.failure(error))
      throw error
    }
  }
}

/// Answers with the metrics, and with nothing else.
struct MetricsResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  static let path = "/metrics"

  let registry: PrometheusRegistry

  func respond(to request: Request, context: Context) -> Response {
    guard request.uri.path == Self.path else { return Response(status: .notFound) }
    guard request.method == .get || request.method == .head else {
      return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
    }
    return Response(
      status: .ok, headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text)))
  }
}
