import Testing

/// All tests of the engine, one after another: each has threads that keep time, and wants the machine for itself.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum WebRTCTests {}
