import KandyTesting
import LinkLogic
import LinkProtocol
import Testing

/// Part 03 §18.7: the directions that a call wants in every state, and what it reads from those of the far end.
@Suite struct DirectionVectorTests {
  @Test(
    .spec(
      "R-SDP-101", "R-SDP-110", "R-SDP-111", "R-SDP-112", "R-SDP-113", "R-SDP-120", "R-SDP-144", "R-SDP-148", "R-UP-14",
      "R-UP-19"), arguments: beginnings + holds + readings)
  func isAsRequired(_ vector: Vector) throws { try vector.show() }

  // MARK: - The first exchange

  private static func make(_ what: String, _ wishes: MediaWishes, video: MediaDirection?) -> Vector {
    Vector(what) {
      var desk = CallDesk(media: wishes)
      let media = desk.make().offered
      #expect(media?.audio == .sendrecv)
      #expect(media?.video == video)
    }
  }

  /// What the answer says of video: what the offer leaves of what this end wants (part 03 §14.4).
  private static func answer(_ offered: MediaDirection, sending: Bool, _ expected: MediaDirection) -> Vector {
    Vector("TV-103 \(offered) is answered \(sending ? "with" : "without") a camera") {
      var call = CallDesk.incoming
      call.offer = SDPText.make(video: offered)
      var desk = CallDesk.called(call)
      let media = desk.answer(CallAnswer(media: MediaWishes(sendVideo: sending))).answered
      let video = try #require(media?.video)
      #expect(video.answering(offered) == expected)
    }
  }

  static let beginnings: [Vector] = [
    make("TV-100 make", MediaWishes(), video: .recvonly),
    // Without a camera the media layer makes it recvonly, which is shown at the client.
    make("TV-101 make with video", MediaWishes(sendVideo: true), video: .sendrecv),
    make("TV-101 make with video to send, none to receive", MediaWishes(video: false, sendVideo: true), video: .sendrecv),
    make("TV-102 make without video", MediaWishes(video: false), video: nil),
    answer(.sendrecv, sending: true, .sendrecv), answer(.sendrecv, sending: false, .recvonly),
    answer(.sendonly, sending: true, .recvonly), answer(.sendonly, sending: false, .recvonly),
    answer(.recvonly, sending: true, .sendonly), answer(.recvonly, sending: false, .inactive),
    answer(.inactive, sending: true, .inactive), answer(.inactive, sending: false, .inactive),
  ]

  // MARK: - Holding

  private static func talking(
    sendVideo: Bool = false, answer: String = SDPText.make(video: .sendrecv), videoInactiveOnHold: Bool = false
  ) -> CallDesk {
    var settings = CallDesk.settings
    settings.videoInactiveOnHold = videoInactiveOnHold
    var desk = CallDesk.trying(CallDesk(media: MediaWishes(sendVideo: sendVideo), settings: settings))
    _ = desk.notified(.answer, sdp: answer)
    _ = desk.mediaDone()
    return desk
  }

  private static func holding(_ what: String, videoInactiveOnHold: Bool, video: MediaDirection) -> Vector {
    Vector(what) {
      var desk = talking(videoInactiveOnHold: videoInactiveOnHold)
      #expect(desk.change(.hold).offered == LocalMedia(audio: .sendonly, video: video))
    }
  }

  private static func resuming(_ what: String, sendVideo: Bool, video: MediaDirection) -> Vector {
    Vector(what) {
      var desk = talking(sendVideo: sendVideo)
      desk.agree(.hold, SDPText.make(audio: .recvonly, video: .recvonly))
      let media = desk.change(.unhold).offered
      #expect(media?.audio == .sendrecv)
      #expect(media?.video == video)
    }
  }

  /// The far end starts or stops its video: what is answered.
  private static func farVideo(
    _ what: String, from before: MediaDirection, to after: MediaDirection, sendVideo: Bool, answer: MediaDirection
  ) -> Vector {
    Vector(what) {
      var desk = talking(sendVideo: sendVideo, answer: SDPText.make(video: before))
      let effects = desk.notified(.update, sdp: SDPText.make(video: after))
      let video = try #require(effects.answered?.video)
      #expect(video.answering(after) == answer)
      _ = desk.described()
      _ = desk.accepted()
      #expect(desk.facts.remoteVideoState == after)
    }
  }

  private static func screen(_ what: String, camera: Bool, afterwards: MediaDirection) -> Vector {
    Vector(what) {
      var desk = talking(sendVideo: camera)
      let share = CallMachine.Change.Kind.startScreenshare(ScreenShare(mediaSourceId: "virtual:screen"))
      #expect(desk.change(share).offered?.video == .sendrecv)
      desk.finish(SDPText.make(video: .sendrecv))
      #expect(desk.change(.stopScreenshare).offered?.video == afterwards)
    }
  }

  static let holds: [Vector] = [
    holding("TV-104 hold", videoInactiveOnHold: false, video: .sendonly),
    holding("TV-104 hold with videoInactiveOnHold", videoInactiveOnHold: true, video: .inactive),
    Vector("TV-105 hold of a held call") {
      var desk = talking()
      desk.farEndOffers(SDPText.make(audio: .sendonly, video: .sendonly))
      #expect(desk.change(.hold).offered == LocalMedia(audio: .inactive, video: .inactive))
    },
    resuming("TV-106 unhold, video was on", sendVideo: true, video: .sendrecv),
    resuming("TV-106 unhold, video was off", sendVideo: false, video: .recvonly),
    Vector("TV-115 the far end holds with sendonly and inactive") {
      var desk = talking(sendVideo: true)
      let media = try #require(desk.notified(.update, sdp: SDPText.make(audio: .sendonly, video: .inactive)).answered)
      #expect(media.audio?.answering(.sendonly) == .recvonly)
      #expect(media.video?.answering(.inactive) == .inactive)
    },
    Vector("TV-116 the far end holds while this end holds") {
      var desk = CallDesk.holding()
      #expect(desk.notified(.update, sdp: SDPText.make(audio: .sendonly)).answered?.audio == .inactive)
      desk.respond()
      #expect(desk.facts.remoteHold && desk.facts.localHold)
      #expect(desk.facts.state == .onHold)
    },
    Vector("TV-117 the far end resumes while this end holds") {
      var desk = CallDesk.holding()
      desk.farEndOffers(SDPText.make(audio: .sendonly))
      #expect(desk.notified(.update, sdp: SDPText.make()).answered?.audio == .sendonly)
      desk.respond()
      #expect(!desk.facts.remoteHold && desk.facts.localHold)
      #expect(desk.facts.state == .onHold)
    },
    Vector("TV-118 both hold and resume, and the muted stays muted") {
      var desk = CallDesk.holding()
      _ = desk.mute(true)
      #expect(desk.facts.state == .onHold)
      desk.farEndOffers(SDPText.make(audio: .inactive))
      #expect(desk.facts.state == .onHold)
      let muted = CallMachine.Effect.adjust(.enable(MediaEnablement(audio: false)))
      #expect(!desk.agree(.unhold, SDPText.make(audio: .sendonly)).contains(muted))
      #expect(desk.facts.state == .onRemoteHold)
      #expect(desk.farEndOffers(SDPText.make()).last == muted)
      #expect(desk.facts.state == .inCall)
      #expect(desk.facts.muted)
    },
    Vector("TV-119 music on hold") {
      var desk = CallDesk.talking()
      var seen: [RemoteOperation] = []
      var held: [Bool] = []
      for audio in [MediaDirection.inactive, .sendonly, .inactive, .sendrecv] {
        for case .remoteOperationStarted(let operation) in desk.notified(.update, sdp: SDPText.make(audio: audio)).events {
          seen.append(operation)
        }
        desk.respond()
        held.append(desk.facts.remoteHold)
      }
      #expect(seen == [.hold, .startMusicOnHold, .stopMusicOnHold, .unhold])
      #expect(held == [true, true, true, false])
    },
    operation("TV-120 3.16 holds", from: (.sendrecv, .sendrecv), to: (.sendonly, .sendonly), .hold),
    operation("TV-121 3.16 resumes", from: (.sendonly, .inactive), to: (.sendrecv, .sendrecv), .unhold),
    operation("TV-122 video starts", from: (.sendrecv, .recvonly), to: (.sendrecv, .sendrecv), .addMedia),
    farVideo("TV-122 video starts, sending", from: .recvonly, to: .sendrecv, sendVideo: true, answer: .sendrecv),
    farVideo("TV-122 video starts, not sending", from: .recvonly, to: .sendrecv, sendVideo: false, answer: .recvonly),
    operation("TV-123 video stops", from: (.sendrecv, .sendrecv), to: (.sendrecv, .recvonly), .removeMedia),
    farVideo("TV-123 video stops, sending", from: .sendrecv, to: .recvonly, sendVideo: true, answer: .sendonly),
    farVideo("TV-123 video stops, not sending", from: .sendrecv, to: .recvonly, sendVideo: false, answer: .inactive),
    operation("TV-124 the same again", from: (.sendrecv, .sendrecv), to: (.sendrecv, .sendrecv), .noChange),
    Vector("TV-124 the same again is answered and is no news") {
      var desk = CallDesk.talking()
      #expect(desk.notified(.update, sdp: SDPText.make()).events == [])
      #expect(desk.described().requests.count == 1)
      #expect(desk.accepted().events == [])
    },
    Vector("TV-127 unhold is answered by a hold") {
      var desk = CallDesk.holding()
      desk.agree(.unhold, SDPText.make(audio: .sendonly))
      #expect(desk.facts.remoteHold && !desk.facts.localHold)
      #expect(desk.facts.state == .onRemoteHold)
    },
    Vector("TV-128 video stops, the far end sends none") {
      var desk = talking(sendVideo: true, answer: SDPText.make(video: .recvonly))
      #expect(desk.change(.stopVideo).offered?.video == .inactive)
    },
    Vector("TV-130 video starts where it is received") {
      var desk = talking()
      #expect(desk.change(.startVideo(nil)).offered?.video == .sendrecv)
    },
    screen("TV-131 a screen instead of a camera", camera: true, afterwards: .sendrecv),
    screen("TV-131 a screen without a camera", camera: false, afterwards: .recvonly),
    Vector("TV-132 glare") {
      var desk = CallDesk.talking()
      _ = desk.change(.hold)
      _ = desk.described()
      _ = desk.accepted()
      let effects = desk.notified(.refusal(retryAfter: .seconds(2)))
      #expect(effects.contains(.adjust(.revert)))
      #expect(effects.contains { if case .arm(.retry, .seconds(2), _) = $0 { true } else { false } })
      #expect(desk.facts.state == .inCall)
      #expect(desk.change(.stopVideo).completions[3]??.code == .invalidState)
      #expect(desk.fire(.retry).offered == LocalMedia(audio: .sendonly, video: .sendonly))
    },
    Vector("TV-133 the gateway refuses a hold") {
      var desk = CallDesk.talking()
      _ = desk.change(.hold)
      _ = desk.described()
      #expect(desk.refused(.internalError).contains(.adjust(.revert)))
      #expect(desk.facts.state == .inCall)
      #expect(desk.change(.startVideo(nil)).offered == LocalMedia(audio: .sendrecv, video: .sendrecv, content: .camera(nil)))
    },
  ]

  // MARK: - What the far end says

  private static func operation(
    _ what: String, from before: (MediaDirection, MediaDirection), to after: (MediaDirection, MediaDirection),
    _ operation: RemoteOperation
  ) -> Vector {
    Vector(what) {
      func summary(_ directions: (MediaDirection, MediaDirection)) throws -> MediaSummary {
        MediaSummary(try SessionDescription(SDPText.make(audio: directions.0, video: directions.1)))
      }
      let (old, new) = (try summary(before), try summary(after))
      #expect(RemoteOperation(from: old, to: new) == operation)
    }
  }

  private static func reading(_ what: String, isHold: Bool, _ sections: SessionDescription) -> Vector {
    Vector(what) { #expect(sections.isHold == isHold) }
  }

  private static func audio(_ port: Int, _ lines: SDPLine...) -> SessionDescription {
    SDPFixtures.sections(("audio", port, lines))
  }

  private static func both(_ port: Int, _ audio: SDPLine, _ videoPort: Int, _ video: SDPLine...) -> SessionDescription {
    SDPFixtures.sections(("audio", port, [audio]), ("video", videoPort, video))
  }

  static let readings: [Vector] = [
    reading("TV-107 both inactive", isHold: true, both(5000, "a=inactive", 5002, "a=inactive")),
    reading("TV-107 sendonly and inactive", isHold: true, both(5000, "a=sendonly", 5002, "a=inactive")),
    reading("TV-107 inactive and sendonly", isHold: true, both(5000, "a=inactive", 5002, "a=sendonly")),
    reading("TV-108 sendonly and recvonly", isHold: false, both(5000, "a=sendonly", 5002, "a=recvonly")),
    reading("TV-109 recvonly", isHold: false, audio(5000, "a=recvonly")),
    reading("TV-110 address 0.0.0.0", isHold: true, audio(5000, "c=IN IP4 0.0.0.0", "a=sendrecv")),
    Vector("TV-110 is answered by sendonly") {
      var desk = CallDesk.talking()
      let hold = SDPText.make(address: "0.0.0.0", port: 5000)
      #expect(desk.notified(.update, sdp: hold).answered?.audio == .sendonly)
      desk.respond()
      #expect(desk.facts.state == .onRemoteHold)
    },
    reading("TV-111 address 0.0.0.0 at port 9", isHold: false, audio(9, "c=IN IP4 0.0.0.0", "a=sendrecv")),
    reading("TV-112 port 9, sendonly", isHold: true, both(9, "a=sendonly", 9, "a=sendonly")),
    reading("TV-113 rejected video", isHold: true, both(5000, "a=sendonly", 0)),
    reading("TV-114 everything rejected", isHold: false, both(0, "a=inactive", 0, "a=inactive")),
  ]
}

extension [CallMachine.Effect] {
  /// What an offer, or an answer, of this end is to be made of.
  var offered: LocalMedia? {
    for case .media(.offer(let media, _, _), _) in self { return media }
    return nil
  }

  var answered: LocalMedia? {
    for case .media(.answer(_, let media, _), _) in self { return media }
    return nil
  }
}

extension CallDesk {
  /// An answer of this end goes out and is accepted.
  @discardableResult
  fileprivate mutating func respond() -> [Effect] {
    _ = described()
    return accepted()
  }

  @discardableResult
  fileprivate mutating func farEndOffers(_ sdp: String) -> [Effect] {
    _ = notified(.update, sdp: sdp)
    return respond()
  }

  /// Brings a change that was begun to its end.
  @discardableResult
  fileprivate mutating func finish(_ answer: String) -> [Effect] {
    _ = respond()
    _ = notified(.answer, sdp: answer)
    return mediaDone()
  }

  @discardableResult
  fileprivate mutating func agree(_ kind: CallMachine.Change.Kind, _ answer: String) -> [Effect] {
    _ = change(kind)
    return finish(answer)
  }
}
