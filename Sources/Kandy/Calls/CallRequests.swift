import LinkLogic
import LinkProtocol

/// Sends a call's requests.
struct CallRequests: Sendable {
  let requests: Requests

  /// Every outcome is a response; a refusal carries the gateway's words, if it had any (R-CALL-15 to R-CALL-20).
  func perform(_ request: CallRequest) async -> CallResponse {
    do {
      switch request {
      case .start(let body): return .success(try await requests.send(CallControl.start, body: body))
      case .read(let session): return .success(try await requests.send(CallControl.state, key: session))
      case .update(let session, let body):
        return .success(try await requests.send(CallControl.update, key: session, body: body))
      case .end(let session, let reasonText):
        let query = reasonText.map { [("reasonText", $0)] } ?? []
        return .success(try await requests.send(CallControl.end, key: session, query: query))
      case .disposition(let body): return .success(try await requests.send(CallControl.disposition, body: body))
      }
    } catch {
      return .failure(error.callControl ?? error.statusCode.map { CallControlResponse(statusCode: $0) })
    }
  }
}
