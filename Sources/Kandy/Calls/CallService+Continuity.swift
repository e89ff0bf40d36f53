import LinkLogic
import LinkProtocol

extension CallService {
  /// Shows the calls that were ringing when an earlier process of this device ended, as far as they still do.
  func resume() async {
    guard configuration.continuity, let user = context.requests.username else { return }
    for call in await cache.calls(of: user) {
      switch await requests.perform(.read(call.session)) {
      case .success(let body) where body.state == .ringing: await present(call, to: user)
      case .success: await cache.forget(call.session, of: user)
      case .failure(let body):
        // Without the gateway's word it stays, until the next time.
        if body?.statusCode == .sessionNotFound || body?.statusCode == .callNotFound {
          await cache.forget(call.session, of: user)
        }
      }
    }
  }
}
