import KandyTesting
import LinkProtocol
import Testing

@Suite struct DTMFTonesTests {
  @Test(.spec("R-MEDIA-43", "R-CALL-470"), arguments: ["0123456789*#ABCD", "5", "*#", "abcd", "1,2", ","])
  func theKeysAndThePauseAreTaken(_ text: String) {
    #expect(DTMFTones(text)?.text == text.uppercased())
  }

  @Test(.spec("R-MEDIA-43", "TV-156"), arguments: ["", "x", "1x", "E", "1 2", "5 5", "+49", "１", "٣", "1\n"])
  func anythingElseIsRefused(_ text: String) {
    #expect(DTMFTones(text) == nil)
  }

  @Test(.spec("R-MEDIA-43")) func lengthsAreBroughtToWhatIsPossible() {
    let short = DTMFTones("1", duration: .zero, gap: .milliseconds(-5))
    #expect(short?.duration == .milliseconds(40))
    #expect(short?.gap == .milliseconds(30))
    let long = DTMFTones("1", duration: .seconds(60), gap: .seconds(60))
    #expect(long?.duration == .milliseconds(6000))
    #expect(long?.gap == .seconds(60))
  }

  @Test(.spec("R-MEDIA-41", "R-MEDIA-43")) func withoutALengthTheTonesTakeTheUsualOneOfTheirWay() {
    let usual = DTMFTones("1")
    #expect(usual?.duration == nil)
    #expect(usual?.gap == .milliseconds(70))
    #expect([DTMFTones.eventDuration, DTMFTones.soundDuration] == [.milliseconds(400), .milliseconds(100)])
  }
}
