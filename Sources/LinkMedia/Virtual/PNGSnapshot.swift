import Dispatch
import Synchronization

/// Keeps the newest picture and writes it to a PNG file: on demand, or, when made with a path, all the time.
public final class PNGSnapshot: VideoRenderer {
  /// The file that always shows the newest picture, at most a second late; `nil` for on demand only.
  public let path: String?

  private struct State {
    var newest: VideoFrame?
    var frames = 0
    var lastWritten: Duration?
    var isWriting = false
    var failure: MediaError?
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "kandy.png-snapshot", qos: .utility)

  /// - Parameter path: a file to keep up to date. It is replaced as a whole, so a reader never sees half a picture.
  public init(path: String? = nil) {
    self.path = path
  }

  public func render(_ frame: VideoFrame) {
    let isDue = state.withLock { state -> Bool in
      state.newest = frame
      state.frames += 1
      guard path != nil, !state.isWriting else { return false }
      if let last = state.lastWritten, last <= frame.timestamp, frame.timestamp < last + .seconds(1) { return false }
      state.lastWritten = frame.timestamp
      state.isWriting = true
      return true
    }
    guard isDue, let path else { return }
    queue.async { [weak self] in
      self?.finishWriting(Result { try RawFile.replace(path, with: try PNG.encode(frame)) })
    }
  }

  /// The newest picture.
  public var newest: VideoFrame? { state.withLock { $0.newest } }

  /// How many pictures have come.
  public var frames: Int { state.withLock { $0.frames } }

  /// Why the file is not up to date, if the last attempt to write it failed.
  public var failure: MediaError? { state.withLock { $0.failure } }

  /// Writes the newest picture to a file.
  /// - Throws: `MediaError` with code `device` when there is no picture yet or the file cannot be written.
  public func write(to path: String) async throws {
    guard let newest else { throw MediaError(.device, "There is no picture yet.") }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      queue.async {
        continuation.resume(with: Result { try RawFile.replace(path, with: try PNG.encode(newest)) })
      }
    }
  }

  private func finishWriting(_ result: Result<Void, any Error>) {
    state.withLock { state in
      state.isWriting = false
      switch result {
      case .success: state.failure = nil
      case .failure(let error): state.failure = error as? MediaError ?? MediaError(.device, "\(error)")
      }
    }
  }
}
