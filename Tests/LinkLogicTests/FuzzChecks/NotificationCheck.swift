import LinkLogic
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Any bytes as a frame of the WebSocket, and as a notification that came by push.
///
/// - What has been read can be written, and reading that gives the same value.
/// - Whatever is no notification is an error, never the end of the process.
/// - A notification is the same whether it was read from its text or from a JSON value, as an application hands it over.
package enum NotificationCheck: FuzzCheck {
  package static func examine(_ bytes: [UInt8]) throws {
    let data = Data(bytes)
    _ = WireCoding.statusCode(in: data)
    let frame = Data(String(decoding: bytes, as: UTF8.self).utf8)
    let notification = try? WireCoding.decode(Notification.self, from: frame)
    if let value = try? JSONDecoder().decode(JSONValue.self, from: frame) {
      guard let written = try? JSONEncoder().encode(value), let again = try? JSONDecoder().decode(JSONValue.self, from: written)
      else { throw FuzzComplaint("a value cannot be written and read") }
      if again != value { throw FuzzComplaint("reading what was written gives another value") }
      if let notification, (try? WireCoding.decode(Notification.self, from: written)) != notification {
        throw FuzzComplaint("a notification by push is another one")
      }
    }
    guard let notification else { return }
    guard let written = try? WireCoding.encode(notification),
      let again = try? WireCoding.decode(Notification.self, from: written)
    else { throw FuzzComplaint("a notification cannot be written and read") }
    if again != notification { throw FuzzComplaint("reading a notification that was written gives another one") }
    try CallCheck.examine(notification)
  }
}
