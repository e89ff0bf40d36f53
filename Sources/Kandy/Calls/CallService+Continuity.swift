import LinkLogic
import LinkProtocol

extension CallService {
  /// Shows the calls that were ringing when an earlier process of this device ended, as far as they still do.
  func resume() async {
    guard configuration.continuity, let user = context.requests.username else { return }
    for call in await cache.calls(of: user) {
      let response = await requests.perform(.read(call.session))
      switch response {
      case .success(let body) where body.state == .ringing: await present(call, to: user)
      case .success: await cache.forget(call.session, of: user)
      // Without the gateway's word it stays, until the next time.
      case .failure: if response.isCallGone { await cache.forget(call.session, of: user) }
      }
    }
  }
}
