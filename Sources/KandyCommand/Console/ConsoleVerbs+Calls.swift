import Kandy
import LinkLogic
import LinkMedia
import LinkProtocol

extension ConsoleVerbs {
  static let calls: [String: Verb] = [
    "call.make": { console, arguments in
      let options = try await MakeOptions(arguments.object(1, "options"))
      let call = try console.client.call.make(try arguments.string(0, "callee"), options)
      console.laboratory.attach(to: call)
      return .string(call.id.rawValue)
    },
    "call.answer": { console, arguments in
      let options = try await AnswerOptions(arguments.object(1, "options"))
      let call = try console.client.call.answer(try arguments.call(0), options)
      console.laboratory.attach(to: call)
      return .null
    },
    "call.ignore": action { try await $0.ignore($1) },
    "call.reject": action { try await $0.reject($1) },
    "call.end": action { try await $0.end($1) },
    "call.mute": action { try await $0.mute($1) },
    "call.unmute": action { try await $0.unmute($1) },
    "call.getAll": { console, _ in try JSONValue(encoding: console.client.call.getAll()) },
    "call.getById": { console, arguments in
      try console.client.call.getById(arguments.call(0)).map { try JSONValue(encoding: $0) } ?? .null
    },
    "call.states": { console, _ in try JSONValue(encoding: console.client.call.states) },
    "call.mediaStates": { console, _ in try JSONValue(encoding: console.client.call.mediaStates) },
  ]

  static let inCalls: [String: Verb] = [
    "call.silence": action { try await $0.silence($1) },
    "call.unsilence": action { try await $0.unsilence($1) },
    "call.hold": action { try await $0.hold($1) },
    "call.unhold": action { try await $0.unhold($1) },
    "call.startVideo": { console, arguments in
      let resolution = try arguments.object(1, "options").decode(VideoResolution.self, "videoResolution")
      try await console.client.call.startVideo(arguments.call(0), videoResolution: resolution)
      return .null
    },
    "call.stopVideo": action { try await $0.stopVideo($1) },
    "call.startScreenshare": { console, arguments in
      try await console.client.call.startScreenshare(arguments.call(0), ScreenShare(arguments.object(1, "options")))
      return .null
    },
    "call.stopScreenshare": action { try await $0.stopScreenshare($1) },
    "call.sendDTMF": { console, arguments in
      let times = try arguments.object(2, "options")
      try await console.client.call.sendDTMF(
        arguments.call(0), arguments.tone(1), duration: times.integer("duration").map { .milliseconds($0) },
        gap: .milliseconds(times.integer("intertoneGap") ?? 70))
      return .null
    },
    "call.changeInputDevices": action { try await $0.changeInputDevices($1) },
    "call.changeSpeaker": { console, arguments in
      try await console.client.call.changeSpeaker(arguments.string(0, "speakerId"))
      return .null
    },
    "call.getStats": { console, arguments in
      try JSONValue(encoding: await console.client.call.getStats(arguments.call(0)))
    },
    "call.restartMedia": action { try await $0.restartMedia($1) },
    "call.getCustomParameters": { console, arguments in
      try JSONValue(encoding: console.client.call.getCustomParameters(arguments.call(0)))
    },
    "call.setCustomParameters": { console, arguments in
      let parameters = try arguments.decode([CustomParameter].self, 1, "customParameters")
      try await console.client.call.setCustomParameters(arguments.call(0), parameters)
      return .null
    },
    "call.sendCustomParameters": action { try await $0.sendCustomParameters($1) },
  ]

  static let redirecting: [String: Verb] = [
    "call.forwardCall": { console, arguments in
      try await console.client.call.forwardCall(arguments.call(0), to: arguments.string(1, "destination"))
      return .null
    },
    "call.directTransfer": { console, arguments in
      try await console.client.call.directTransfer(arguments.call(0), to: arguments.string(1, "destination"))
      return .null
    },
    "call.consultativeTransfer": { console, arguments in
      try await console.client.call.consultativeTransfer(
        arguments.call(0), to: CallID(arguments.string(1, "destinationCallId")))
      return .null
    },
    "call.join": { console, arguments in
      let call = try await console.client.call.join(
        arguments.call(0), with: CallID(arguments.string(1, "destinationCallId")))
      console.laboratory.attach(to: call)
      return .string(call.id.rawValue)
    },
  ]

  static let clickToCall: [String: Verb] = [
    "clickToCall.make": { console, arguments in
      // What is missing is for the SDK to refuse, with the documented code.
      let (caller, callee) = (try arguments.optionalString(0, "caller"), try arguments.optionalString(1, "callee"))
      return .string(try await console.client.clickToCall.make(caller ?? "", callee ?? "").rawValue)
    },
    "clickToCall.get": { console, _ in try JSONValue(encoding: console.client.clickToCall.get()) },
  ]

  /// A function whose only argument is a call.
  private static func action(_ body: @escaping @Sendable (Calls, CallID) async throws -> Void) -> Verb {
    { console, arguments in
      try await body(console.client.call, arguments.call(0))
      return .null
    }
  }
}

extension ScreenShare {
  /// - Throws: without a media source id nothing can be shared.
  fileprivate init(_ object: ConsoleObject) throws {
    self.init(mediaSourceId: try object.string("mediaSourceId") ?? "")
    width = try object.integer("width") ?? width
    height = try object.integer("height") ?? height
    frameRate = try object.integer("frameRate") ?? frameRate
  }
}
