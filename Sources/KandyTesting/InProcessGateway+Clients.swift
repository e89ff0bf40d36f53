public import Kandy
import LinkProtocol

extension InProcessGateway {
  /// A client's configuration with this gateway as its server.
  public func configuration(_ configuration: Configuration = Configuration()) -> Configuration {
    var configuration = configuration
    configuration.authentication.subscription.protocol = "http"
    configuration.authentication.subscription.server = host
    configuration.authentication.subscription.port = port
    return configuration
  }
}

extension EventStream {
  /// Waits for the next call that comes in.
  /// - Throws: `BasicError` when the client is destroyed before.
  public func nextCall() async throws -> CallID {
    for await event in self {
      if case .callReceive(let id) = event { return id }
    }
    throw BasicError(.noCode, "The client ended.")
  }
}
