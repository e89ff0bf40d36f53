import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What the process has in memory.
enum Memory {
  /// `malloc_trim`, which Swift's module of the C library does not show.
  private static func trim() {
    typealias Trim = @convention(c) (Int) -> Int32
    guard let address = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(address, to: Trim.self)(0)
  }

  /// Bytes that are resident, after what was freed has been given back to the system.
  static func resident() -> Int {
    trim()
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }
}
