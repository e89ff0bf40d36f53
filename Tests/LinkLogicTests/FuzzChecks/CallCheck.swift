import LinkProtocol

@testable import LinkLogic

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Any notification about a call, with any session description: what the call's machine makes of it.
///
/// The first line is the notification; what follows is its description, written plainly, so that both can be mutated.
package enum CallCheck: FuzzCheck {
  package static func examine(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, var notification = try? WireCoding.decode(Notification.self, from: Data(first)) else {
      return
    }
    if parts.count == 2 {
      let description = String(decoding: parts[1], as: UTF8.self)
      notification.sessionParams?.sdp = description
      notification.callDispositionParams?.sdp = description
    }
    try examine(notification)
  }

  /// - What cannot be said is absent: there are no empty names, descriptions and reasons.
  /// - Nobody can make a call wait for longer than an hour.
  static func examine(_ notification: Notification) throws {
    if let call = IncomingCall(notification) {
      try expect(notification.eventType == .call, "a call that is none")
      try expect(![call.offer, call.callerNumber, call.callerName, call.calleeNumber].contains(""), "an empty text of a call")
      if let offer = call.offer { try examine(offer) }
    }
    guard let notice = CallNotice(notification) else { return }
    let texts = [
      notice.sdp, notice.remoteNumber, notice.remoteName, notice.callerNumber, notice.callerName, notice.calleeNumber,
    ]
    try expect(!texts.contains(""), "an empty text of a notice")
    if let reason = notice.reason {
      try expect(reason.code.rawValue != 0 && !reason.text.isEmpty, "a reason that says nothing")
    }
    if case .refusal(let delay) = notice.kind {
      try expect(delay >= .zero && delay <= .seconds(3600), "a refusal for \(delay)")
    }
    if let sdp = notice.sdp { try examine(sdp) }
  }

  private static func examine(_ sdp: String) throws {
    guard let media = RemoteMedia(sdp) else { return }
    try expect(!media.isVideoRejected || media.video != nil, "video is rejected that is not there")
    let same = RemoteOperation(from: media.summary, to: media.summary)
    try expect(same == .noChange, "the same again is \(same)")
    for isHeld in [true, false] {
      _ = RemoteOperation(from: media.summary, to: media.summary, isHeldLocally: isHeld, isHeldRemotely: !isHeld)
    }
  }

  private static func expect(_ isFine: Bool, _ complaint: String) throws {
    if !isFine { throw FuzzComplaint(complaint) }
  }
}
