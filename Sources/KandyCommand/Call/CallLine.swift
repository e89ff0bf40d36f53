import Kandy
import LinkProtocol

/// What can be typed while a call lasts.
enum CallLine: Sendable, Hashable {
  case hold, unhold, mute, unmute, startVideo, stopVideo, end, help
  case dtmf(DTMFTones)
  case transfer(UserAddress)

  private static let lines = """
    hold, unhold          put the other end on hold, and come back
    mute, unmute          switch the microphone off, and on
    video on, video off   show the camera, and hide it
    dtmf 123#             send tones of the keypad
    transfer ADDRESS      hand the call over to somebody else
    end                   hang up
    """

  /// - Throws: `CommandFailure` that says what would have been understood.
  init(_ text: String) throws(CommandFailure) {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    switch (words.first?.lowercased(), words.dropFirst().joined(separator: " ")) {
    case ("hold", ""): self = .hold
    case ("unhold", ""): self = .unhold
    case ("mute", ""): self = .mute
    case ("unmute", ""): self = .unmute
    case ("video", "on"): self = .startVideo
    case ("video", "off"): self = .stopVideo
    case ("end", ""): self = .end
    case ("?", ""), ("help", ""): self = .help
    case ("dtmf", let keys):
      guard let tones = DTMFTones(keys) else {
        throw CommandFailure("dtmf takes 0 to 9, *, #, A to D, and a comma for a pause, as in: dtmf 123#")
      }
      self = .dtmf(tones)
    case ("transfer", let target):
      guard let address = UserAddress(target) else {
        throw CommandFailure("transfer takes an address: transfer carol@example.com")
      }
      self = .transfer(address)
    default: throw CommandFailure("there is no \"\(text)\"; ? lists what there is")
    }
  }

  /// Returns when it is done, with what there is to say that no event of the call says.
  func perform(on call: Call) async throws -> String? {
    switch self {
    case .hold: try await call.hold()
    case .unhold: try await call.unhold()
    case .mute:
      try await call.mute()
      return "the microphone is off"
    case .unmute:
      try await call.unmute()
      return "the microphone is on"
    case .startVideo:
      try await call.startVideo()
      return "the camera is shown"
    case .stopVideo:
      try await call.stopVideo()
      return "the camera is not shown any more"
    case .dtmf(let tones):
      try await call.sendDTMF(tones.text)
      return "sent \(tones.text)"
    case .transfer(let address):
      try await call.directTransfer(to: address.description)
      return "handed over to \(address)"
    case .end: try await call.end()
    case .help: return Self.lines
    }
    return nil
  }
}
