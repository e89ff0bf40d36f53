import KandyTesting
import LinkLogic
import Testing

/// The E-model against values that were computed by hand from the formulas of ITU-T G.107.
@Suite(.spec("R-CALL-754")) struct ListeningQualityTests {
  /// Ta in seconds, Ppl 0…1; R and MOS.
  @Test(arguments: [
    (0.0, 0.0, 93.2, 4.4093),
    (0.1, 0.0, 93.2, 4.4093),
    // X = 1: 25 · (2^⅙ − 3 · (1 + 3⁻⁶)^⅙ + 2) = 3.0444
    (0.2, 0.0, 90.1556, 4.3428),
    // X = 2: 25 · (65^⅙ − 3 · (1 + (⅔)⁶)^⅙ + 2) = 24.0701
    (0.4, 0.0, 69.1299, 3.5559),
    // 95 · 5 / 15 = 31.6667
    (0.1, 0.05, 61.5333, 3.1791),
    // 95 · 20 / 30 = 63.3333
    (0.1, 0.2, 29.8667, 1.6035),
    // 95 · 100 / 110 = 86.3636
    (0.1, 1.0, 6.8364, 1.0023),
    // 3.0444 + 95 · 1 / 11 = 11.6808
    (0.2, 0.01, 81.5192, 4.0801),
  ]) func opusIsRatedByDelayAndLoss(delay: Double, loss: Double, rating: Double, mos: Double) {
    let quality = ListeningQuality(.init(delay: delay, loss: loss))
    #expect(abs(quality.rating - rating) < 0.0001)
    #expect(abs(quality.mos - mos) < 0.0001)
  }

  @Test func g711WithConcealmentBearsMoreLoss() {
    // 95 · 5 / 30.1 = 15.7807
    let quality = ListeningQuality(.init(delay: 0.1, loss: 0.05, codec: .g711))
    #expect(abs(quality.lossImpairment - 15.7807) < 0.0001)
    #expect(abs(quality.mos - 3.9228) < 0.0001)
  }

  @Test func theDelayIsHalfTheRoundTripAndTheJitterBufferAndTheCodec() {
    typealias Conditions = ListeningQuality.Conditions
    #expect(abs(Conditions.delay(roundTripTime: 0.1, jitterBuffer: 0.06, codec: .opus) - 0.1365) < 1e-12)
    #expect(abs(Conditions.delay(roundTripTime: 0.1, jitterBuffer: 0.06, codec: .g711) - 0.130) < 1e-12)
  }

  @Test func theScaleEndsAtOneAndNothingOutsideOfItIsBelieved() {
    let worst = ListeningQuality(.init(delay: 3, loss: 7))
    #expect(worst.rating == 0)
    #expect(worst.mos == 1)
    let best = ListeningQuality(.init(delay: -1, loss: -1))
    #expect(best.rating == 93.2)
  }

  @Test func codecsAreKnownByTheirTypeAndOthersCountAsOpus() {
    #expect(ListeningQuality.Codec(mimeType: "audio/PCMU") == .g711)
    #expect(ListeningQuality.Codec(mimeType: "audio/pcma") == .g711)
    #expect(ListeningQuality.Codec(mimeType: "audio/opus") == .opus)
    #expect(ListeningQuality.Codec(mimeType: "audio/G722") == .opus)
    #expect(ListeningQuality.Codec(mimeType: nil) == .opus)
  }
}
