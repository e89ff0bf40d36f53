import FuzzDriver
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Any bytes as a notification, and as any JSON value.
///
/// - What has been read can be written, and reading that gives the same value.
/// - Whatever is no notification is an error, never the end of the process.
@main enum FuzzNotifications {
  static func main() {
    runFuzzer(fuzz)
  }

  static func examine(_ data: Data) {
    if let value = try? JSONDecoder().decode(JSONValue.self, from: data) {
      guard let written = try? JSONEncoder().encode(value), let again = try? JSONDecoder().decode(JSONValue.self, from: written)
      else { fatalError("a value cannot be written and read") }
      if again != value { fatalError("reading what was written gives another value") }
    }
    _ = WireCoding.statusCode(in: data)
    guard let notification = try? WireCoding.decode(Notification.self, from: data) else { return }
    guard let written = try? WireCoding.encode(notification),
      let again = try? WireCoding.decode(Notification.self, from: written)
    else { fatalError("a notification cannot be written and read") }
    if again != notification { fatalError("reading a notification that was written gives another one") }
  }
}

/// One try. The name is the one that libFuzzer's library looks for.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  FuzzNotifications.examine(Data(UnsafeBufferPointer(start: data, count: size)))
  return 0
}
