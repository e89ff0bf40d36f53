import HTTPTypes
import LinkLogic
import LinkProtocol

/// Call control between users (part 02 §3).
struct CallRoutes: GatewayFeature {
  let driver: GatewayCallDriver

  func addRoutes(to routes: inout Routes) {
    routes.on(CallControl.start) { caller, _, request in
      try PassedOn.check(request)
      return try await start(request, caller)
    }
    routes.on(CallControl.update) { caller, session, request in
      try PassedOn.check(request)
      return try await driver.perform(request, on: session, by: caller)
    }
    routes.on(CallControl.end) { caller, session, _ in
      await driver.perform(.end(reasonText: caller.query["reasonText"]), on: session, by: caller.user)
    }
    routes.on(CallControl.state) { caller, session, _ in
      await driver.perform(.read, on: session, by: caller.user)
    }
    routes.on(CallControl.disposition) { caller, _, request in try await driver.perform(request, by: caller) }
  }

  func run() async { await driver.run() }

  func shutDown() async { await driver.shutDown() }

  func subscriptionEnded(_ subscription: SubscriptionID, of user: UserAddress) async {
    await driver.subscriptionEnded(of: user)
  }

  private func start(_ request: CallControlRequest, _ caller: Caller) async throws -> Reply<CallControlResponse> {
    switch request.type {
    case .callStart: return try await driver.start(request, by: caller)
    case .join: return try await driver.join(request, by: caller)
    default: throw Refusal(.badRequest, .invalidValue, "Only callStart and join are posted here.")
    }
  }
}
