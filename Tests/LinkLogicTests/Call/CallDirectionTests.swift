import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// The directions that a call wants, in every state: the test vectors of part 03 §18.7.
@Suite struct CallDirectionTests {
  private static func talking(_ wishes: MediaWishes, answer: String) -> CallDesk {
    var desk = CallDesk.trying(CallDesk(media: wishes))
    _ = desk.notified(.answer, sdp: answer)
    _ = desk.mediaDone()
    return desk
  }

  private static func offered(_ effects: [CallMachine.Effect]) -> LocalMedia? {
    for case .media(.offer(let media, _, _), _) in effects { return media }
    return nil
  }

  private static func answered(_ effects: [CallMachine.Effect]) -> LocalMedia? {
    for case .media(.answer(_, let media, _), _) in effects { return media }
    return nil
  }

  @Test(
    .spec("TV-100", "TV-101", "TV-102", "R-SDP-110"),
    arguments: [
      (MediaWishes(), MediaDirection.recvonly as MediaDirection?), (MediaWishes(sendVideo: true), .sendrecv),
      (MediaWishes(video: false), nil), (MediaWishes(video: false, sendVideo: true), .sendrecv),
    ])
  func initialOffers(_ wishes: MediaWishes, _ video: MediaDirection?) {
    var desk = CallDesk(media: wishes)
    let media = Self.offered(desk.make())
    #expect(media?.audio == .sendrecv)
    #expect(media?.video == video)
  }

  /// The answer is what the offer leaves of what this end wants (part 03 §14.4).
  @Test(
    .spec("TV-103", "R-SDP-120"),
    arguments: [
      (MediaDirection.sendrecv, true, MediaDirection.sendrecv), (.sendrecv, false, .recvonly), (.sendonly, true, .recvonly),
      (.sendonly, false, .recvonly), (.recvonly, true, .sendonly), (.recvonly, false, .inactive), (.inactive, true, .inactive),
      (.inactive, false, .inactive),
    ])
  func initialAnswers(_ offered: MediaDirection, _ sendVideo: Bool, _ expected: MediaDirection) throws {
    var call = CallDesk.incoming
    call.offer = SDPText.make(video: offered)
    var desk = CallDesk.called(call)
    let media = Self.answered(desk.answer(CallAnswer(media: MediaWishes(sendVideo: sendVideo))))
    #expect(try #require(media?.video).answering(offered) == expected)
  }

  @Test(.spec("TV-104", "TV-106", "R-SDP-111", "R-SDP-112"), arguments: [true, false])
  func holdAndUnhold(_ sendVideo: Bool) {
    var desk = Self.talking(MediaWishes(sendVideo: sendVideo), answer: SDPText.make(video: .sendrecv))
    #expect(Self.offered(desk.change(.hold))?.video == .sendonly)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .recvonly, video: .recvonly))
    _ = desk.mediaDone()
    let media = Self.offered(desk.change(.unhold))
    #expect(media?.audio == .sendrecv)
    #expect(media?.video == (sendVideo ? .sendrecv : .recvonly))
  }

  @Test(.spec("TV-116", "TV-117", "R-UP-14")) func theFarEndHoldsAndResumesWhileThisEndHolds() throws {
    var desk = CallDesk.holding()
    let hold = SDPText.make(audio: .sendonly)
    #expect(try #require(Self.answered(desk.notified(.update, sdp: hold))?.audio) == .inactive)
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.facts.remoteHold && desk.facts.localHold)
    #expect(desk.facts.state == .onHold)
    let resume = SDPText.make(audio: .sendrecv)
    #expect(try #require(Self.answered(desk.notified(.update, sdp: resume))?.audio) == .sendonly)
    _ = desk.described()
    _ = desk.accepted()
    #expect(!desk.facts.remoteHold && desk.facts.localHold)
    #expect(desk.facts.state == .onHold)
  }

  @Test(.spec("TV-118", "R-MEDIA-1", "TV-153", "R-MEDIA-26")) func bothHoldAndResumeAndTheMutedStaysMuted() {
    var desk = CallDesk.holding()
    _ = desk.mute(true)
    func farEndOffers(_ audio: MediaDirection) {
      _ = desk.notified(.update, sdp: SDPText.make(audio: audio))
      _ = desk.described()
      _ = desk.accepted()
    }
    farEndOffers(.inactive)
    #expect(desk.facts.state == .onHold)
    _ = desk.change(.unhold)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .sendonly))
    let resumed = desk.mediaDone()
    #expect(desk.facts.state == .onRemoteHold)
    #expect(!resumed.contains(.adjust(.enable(MediaEnablement(audio: false)))))
    _ = desk.notified(.update, sdp: SDPText.make())
    _ = desk.described()
    #expect(desk.accepted().last == .adjust(.enable(MediaEnablement(audio: false))))
    #expect(desk.facts.state == .inCall)
    #expect(desk.facts.muted)
  }

  @Test(.spec("TV-119")) func musicOnHoldIsNoEndOfTheHold() {
    var desk = CallDesk.talking()
    var seen: [RemoteOperation] = []
    var held: [Bool] = []
    for audio in [MediaDirection.inactive, .sendonly, .inactive, .sendrecv] {
      for case .remoteOperationStarted(let operation) in desk.notified(.update, sdp: SDPText.make(audio: audio)).events {
        seen.append(operation)
      }
      _ = desk.described()
      _ = desk.accepted()
      held.append(desk.facts.remoteHold)
    }
    #expect(seen == [.hold, .startMusicOnHold, .stopMusicOnHold, .unhold])
    #expect(held == [true, true, true, false])
  }

  @Test(.spec("TV-124")) func theSameOfferAgainIsAnsweredAndNoNews() {
    var desk = CallDesk.talking()
    #expect(desk.notified(.update, sdp: SDPText.make()).events == [])
    #expect(desk.described().requests.count == 1)
    #expect(desk.accepted().events == [])
  }

  @Test(.spec("TV-127", "R-SDP-144")) func anUnholdThatIsAnsweredByAHold() {
    var desk = CallDesk.holding()
    _ = desk.change(.unhold)
    _ = desk.described()
    _ = desk.accepted()
    _ = desk.notified(.answer, sdp: SDPText.make(audio: .sendonly))
    _ = desk.mediaDone()
    #expect(desk.facts.state == .onRemoteHold)
  }

  @Test(.spec("TV-122", "TV-123", "R-UP-19"), arguments: [true, false])
  func theFarEndStartsAndStopsItsVideo(_ sendVideo: Bool) throws {
    var desk = Self.talking(MediaWishes(sendVideo: sendVideo), answer: SDPText.make(video: .recvonly))
    let start = try #require(Self.answered(desk.notified(.update, sdp: SDPText.make(video: .sendrecv)))?.video)
    #expect(start.answering(.sendrecv) == (sendVideo ? .sendrecv : .recvonly))
    _ = desk.described()
    _ = desk.accepted()
    #expect(desk.facts.remoteVideoState == .sendrecv)
    let stop = try #require(Self.answered(desk.notified(.update, sdp: SDPText.make(video: .recvonly)))?.video)
    #expect(stop.answering(.recvonly) == (sendVideo ? .sendonly : .inactive))
  }
}
