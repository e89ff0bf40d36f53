import LinkMedia
import Testing

@Suite struct ReceptionTests {
  @Test(arguments: [(1, .good), (0.95, .good), (0.949, .bad), (0.5, .bad), (0, .bad)] as [(Double, Reception)])
  func aToneIsGoodWhenHardlyAnythingElseIsHeard(_ purity: Double, _ wanted: Reception) {
    #expect(Reception.ofTone(purity: purity) == wanted)
  }

  @Test(
    arguments: [
      (30, true, .good), (20, true, .good), (19, true, .poor), (5, true, .poor), (4, true, .bad), (0, true, .bad),
      (30, false, .bad), (10, false, .bad),
    ] as [(Int, Bool, Reception)])
  func aPictureIsGoodWhenItMovesOftenEnough(_ framesPerSecond: Int, _ isMoving: Bool, _ wanted: Reception) {
    let reading = VideoProbe.Reading(
      width: 640, height: 480, framesPerSecond: framesPerSecond, frames: 100, isMoving: isMoving, brightness: 100)
    #expect(Reception.ofPicture(reading) == wanted)
  }
}
