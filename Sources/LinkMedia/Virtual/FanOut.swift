import Synchronization

/// A speaker that nobody hears.
public final class NullSink: AudioSink {
  public init() {}

  public func receive(_ frame: AudioFrame) {}
}

/// Hands every 10 ms of sound to a closure, on a thread of the engine.
public final class ClosureSink: AudioSink {
  private let body: @Sendable (AudioFrame) -> Void

  /// - Parameter body: must not block.
  public init(_ body: @escaping @Sendable (AudioFrame) -> Void) {
    self.body = body
  }

  public func receive(_ frame: AudioFrame) {
    body(frame)
  }
}

/// Hands every picture to a closure, on a thread of the engine.
public final class ClosureRenderer: VideoRenderer {
  private let body: @Sendable (VideoFrame) -> Void

  /// - Parameter body: must not block.
  public init(_ body: @escaping @Sendable (VideoFrame) -> Void) {
    self.body = body
  }

  public func render(_ frame: VideoFrame) {
    body(frame)
  }
}

/// Hands sound to any number of sinks, which come and go at any time, also while sound arrives.
public final class AudioFanOut: AudioSink {
  private let list: Mutex<[any AudioSink]>

  public init(_ sinks: [any AudioSink] = []) {
    list = Mutex(sinks)
  }

  public var sinks: [any AudioSink] { list.withLock { $0 } }

  /// Adds a sink that is not there yet, behind the others.
  public func add(_ sink: any AudioSink) {
    list.withLock { list in
      if !list.contains(where: { $0 === sink }) { list.append(sink) }
    }
  }

  /// Removes a sink. A frame that is being handed out at this moment may still reach it.
  public func remove(_ sink: any AudioSink) {
    list.withLock { $0.removeAll { $0 === sink } }
  }

  public func receive(_ frame: AudioFrame) {
    // Outside the lock, so that a sink may add or remove.
    for sink in sinks { sink.receive(frame) }
  }
}

/// Hands pictures to any number of renderers, which come and go at any time, also while pictures arrive.
public final class VideoFanOut: VideoRenderer {
  private let list: Mutex<[any VideoRenderer]>

  public init(_ renderers: [any VideoRenderer] = []) {
    list = Mutex(renderers)
  }

  public var renderers: [any VideoRenderer] { list.withLock { $0 } }

  /// Adds a renderer that is not there yet, behind the others.
  public func add(_ renderer: any VideoRenderer) {
    list.withLock { list in
      if !list.contains(where: { $0 === renderer }) { list.append(renderer) }
    }
  }

  /// Removes a renderer. A picture that is being handed out at this moment may still reach it.
  public func remove(_ renderer: any VideoRenderer) {
    list.withLock { $0.removeAll { $0 === renderer } }
  }

  public func render(_ frame: VideoFrame) {
    for renderer in renderers { renderer.render(frame) }
  }
}
