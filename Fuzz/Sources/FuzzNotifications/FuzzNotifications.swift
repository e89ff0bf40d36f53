import FuzzChecks
import FuzzDriver

/// Looks for bytes that `NotificationCheck` complains about.
@main enum FuzzNotifications {
  static func main() {
    runFuzzer(fuzz)
  }
}

/// One try. The name is the one that libFuzzer's library looks for.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  do {
    try NotificationCheck.examine(Array(UnsafeBufferPointer(start: data, count: size)))
  } catch {
    fatalError("\(error)")
  }
  return 0
}
