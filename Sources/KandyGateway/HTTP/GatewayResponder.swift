import HTTPTypes
import Hummingbird
import LinkProtocol
import Logging
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a request brings along from its connection.
struct GatewayRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}

/// Answers every request: finds the route, asks who is calling, reads the body, and writes what the route replies. Whatever goes
/// wrong becomes JSON in the envelope that the client expects (R-CONN-444), never 304 or 410 (R-CALL-13, R-CALL-18).
struct GatewayResponder: HTTPResponder {
  typealias Context = GatewayRequestContext

  let routes: [Route]
  let authenticator: Authenticator
  let crossOrigin: CrossOrigin
  /// Bytes.
  let bodyLimit: Int
  let epilogues: Epilogues
  var metrics = GatewayMetrics.none

  func respond(to request: Request, context: Context) async throws -> Response {
    if let headers = crossOrigin.preflight(for: request.head) {
      return Response(status: .noContent, headers: headers)
    }
    let start = ContinuousClock.now
    let (answer, route) = try await answer(to: request, logger: context.logger)
    let duration = start.duration(to: .now)
    metrics.answered(request.method, route, answer.status, after: duration)
    context.logger.debug(
      "request",
      metadata: [
        "method": "\(request.method)", "route": "\(route)", "status": "\(answer.status.code)",
        "duration": "\(duration)",
      ])
    var headers = answer.headers
    headers.append(contentsOf: crossOrigin.headers(for: request.head))
    headers[.contentType] = "application/json"
    headers[.cacheControl] = "no-store"
    return Response(status: answer.status, headers: headers, body: body(answer, on: context.channel))
  }

  // MARK: - From request to answer

  private func answer(to request: Request, logger: Logger) async throws -> (Answer, route: String) {
    guard request.headers[.upgrade] == nil else {
      return (try Self.answer(.lateUpgrade, refuse: UnknownResource.refuse), "none")
    }
    let target: RequestTarget
    do throws(Refusal) {
      target = try RequestTarget(request.head.path ?? "")
    } catch {
      return (try Self.answer(error, refuse: UnknownResource.refuse), "none")
    }
    let candidates = routes.filter { $0.matches(target.resource) }
    guard let route = candidates.first(where: { $0.method.rawValue == request.method.rawValue }) else {
      let relative = routes.first { $0.pattern.first == target.resource.first }
      let refusal = candidates.isEmpty ? .unknownResource : Self.methodNotAllowed(candidates)
      return (try Self.answer(refusal, refuse: relative?.refuse ?? UnknownResource.refuse), "none")
    }
    let name = route.pattern.joined(separator: "/")
    do {
      return (try await answer(to: request, target, route), name)
    } catch let refusal as Refusal {
      return (try Self.answer(refusal, refuse: route.refuse), name)
    } catch {
      logger.error("a request failed", metadata: ["route": "\(name)", "error": "\(type(of: error))"])
      return (try Self.answer(.internalError, refuse: route.refuse), name)
    }
  }

  private func answer(to request: Request, _ target: RequestTarget, _ route: Route) async throws -> Answer {
    var caller = try await caller(of: request, target, route)
    caller.query = target.query
    let body = try await collect(request)
    return try await route.respond(caller, route.key(in: target.resource), body)
  }

  private func caller(of request: Request, _ target: RequestTarget, _ route: Route) async throws -> Caller {
    let credentials = Credentials(request.headers)
    do {
      return try await authenticator.caller(credentials, pathUser: target.user, acceptsToken: route.acceptsToken)
    } catch let refusal as Refusal {
      // A subscription takes its session token along when it expires or is deleted.
      guard refusal == .invalidCredentials, route.isAboutSubscription, case .session = credentials else { throw refusal }
      throw Refusal.unknownSubscription
    }
  }

  private func collect(_ request: Request) async throws -> Data {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyLimit {
      throw Refusal.bodyTooLarge(limit: bodyLimit)
    }
    var data = Data()
    for try await buffer in request.body {
      guard data.count + buffer.readableBytes <= bodyLimit else { throw Refusal.bodyTooLarge(limit: bodyLimit) }
      data.append(contentsOf: buffer.readableBytesView)
    }
    return data
  }

  private static func methodNotAllowed(_ candidates: [Route]) -> Refusal {
    Refusal(
      .methodNotAllowed, .badRequest, "This resource does not know this method.",
      headers: [.allow: candidates.map(\.method.rawValue).sorted().joined(separator: ", ")])
  }

  private static func answer(_ refusal: Refusal, refuse: (Refusal) throws -> Data) throws -> Answer {
    Answer(status: refusal.status, headers: refusal.headers, body: try refuse(refusal))
  }

  // MARK: - From answer to bytes

  private func body(_ answer: Answer, on channel: any Channel) -> ResponseBody {
    let buffer = ByteBuffer(bytes: answer.body)
    guard let after = answer.after else { return ResponseBody(byteBuffer: buffer) }
    epilogues.add(after, on: channel)
    return ResponseBody(contentLength: buffer.readableBytes) { [epilogues] writer in
      try await writer.write(buffer)
      try await writer.finish(nil)
      // The writes are queued on the connection's event loop; once it has come to this, they are on their way. Where there is no
      // connection any more, there is nothing to wait for.
      if channel.isActive { try await channel.eventLoop.submit {}.get() }
      await epilogues.run(on: channel)
    }
  }
}

/// The answer where no feature is responsible: a bare status code (R-CONN-452).
private struct UnknownResource: Encodable {
  let statusCode: StatusCode
  let reason: String?

  static func refuse(_ refusal: Refusal) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(UnknownResource(statusCode: refusal.code, reason: refusal.reason))
  }
}
