import LinkProtocol

/// Calls that the server makes for its users (part 02 §13). `CallRoutes` runs them.
struct ClickToCallRoutes: GatewayFeature {
  let driver: GatewayCallDriver

  func addRoutes(to routes: inout Routes) {
    routes.on(ClickToCall.make) { caller, _, request in
      let reply = try await driver.connect(request, by: caller)
      return Reply(
        ClickToCallResponse(statusCode: reply.body.statusCode, reasonText: reply.body.reasonText), status: reply.status,
        after: reply.after)
    }
  }
}

extension ClickToCallResponse: RefusableBody {
  init(_ refusal: Refusal) {
    self.init(statusCode: refusal.code, reasonText: refusal.reason, retryAfter: refusal.retryAfter)
  }
}
