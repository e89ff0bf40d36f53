import Foundation
import KandyTesting
import Testing

/// The same explorations to a depth for which `make test` has no time.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KANDY_SOAK"] != nil)) struct GatewayRedirectSoakTests {
  @Test(.spec("R-CALL-214", "R-CALL-662")) func inEveryOrderATransferIsDecided() {
    #expect(RedirectExploration.transfer(depth: 7).complaint == nil)
  }

  @Test(.spec("R-CALL-838", "R-CALL-662")) func inEveryOrderAConsultationIsDecided() {
    #expect(RedirectExploration.consultation(depth: 6).complaint == nil)
  }

  @Test(.spec("R-CALL-740", "R-CALL-662")) func inEveryOrderAClickToCallIsDecided() {
    #expect(RedirectExploration.click(depth: 11).complaint == nil)
  }

  @Test(.spec("R-CALL-838", "R-CALL-662")) func inEveryOrderAJoinIsDecided() {
    #expect(RedirectExploration.join(depth: 5).complaint == nil)
  }
}
