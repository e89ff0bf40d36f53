import LinkMedia
public import LinkProtocol

extension Event {
  /// The event's documented parameters; an empty object when it has none (R-CONN-215, R-CONN-301).
  public var payload: JSONValue {
    switch self {
    case .authChange(let disconnection):
      disconnection?.payload ?? [:]
    case .authError(let error):
      ["error": error.json]
    case .authResub(let attemptNum, let error):
      .members(["attemptNum": .int(attemptNum), "isFailure": .bool(error != nil), "error": error?.json])
    case .wsChange:
      ["platform": "link"]
    case .notificationsChange(let channel):
      ["channel": .string(channel.rawValue)]
    case .notificationsError(let channel, let error):
      ["channel": .string(channel.rawValue), "error": error.json]
    case .notificationReceived(let notification):
      ["payload": ["notificationMessage": .of(notification)]]
    case .callStart(let call), .callReceive(let call), .callScreenshareChange(let call), .callForward(let call),
      .callMediaRestart(let call):
      ["callId": .id(call)]
    case .callCustomParameters(let call, let parameters):
      ["callId": .id(call), "customParameters": .array(parameters.map { .of($0) })]
    case .callStateChange(let change):
      change.payload
    case .callMediaStateChange(let call, let state):
      ["callId": .id(call), "mediaState": .string(state.rawValue)]
    case .callJoin(let call, let joined):
      ["callId": .id(call), "joinedCalls": .array(joined.map { .id($0) })]
    case .callError(let call, let error):
      .members(["callId": call.map { .id($0) }, "error": error.json])
    case .callOperation(let change):
      change.payload
    case .callQuality(let call, let change):
      change.payload(of: call)
    case .audioBridgeChange(let bridge):
      ["bridgeId": .id(bridge)]
    case .audioBridgeError(let error):
      ["error": error.json]
    case .clickToCallStart(let id):
      ["callId": .id(id)]
    case .clickToCallError(let id, let error):
      ["callId": .id(id), "error": error.json]
    case .mediaInitialize(let result):
      ["result": .of(result)]
    case .mediaPermissions(let granted, let devices, let error):
      .members(["granted": .bool(granted), "devices": .of(devices), "error": error?.json])
    case .devicesChange(let devices):
      ["devices": .of(devices)]
    case .speakerChange(let speaker):
      ["type": "speaker", "deviceId": .string(speaker)]
    case .devicesDefaultsChange(let devices):
      ["devices": .of(devices)]
    case .devicesError(let error, let listFailed):
      .members(["error": error.json, "devices": listFailed ? [:] : .none])
    case .videoPreviewChange(let displaying):
      ["displaying": .bool(displaying)]
    case .videoPreviewError(let error):
      ["error": error.json]
    }
  }
}

extension Disconnection {
  fileprivate var payload: JSONValue {
    .members([
      "reason": .string(reason.rawValue), "forced": forced ? true : .none, "retryAfter": retryAfter.map { .number($0) },
    ])
  }
}

extension CallStateChange {
  fileprivate var payload: JSONValue {
    .members([
      "callId": .id(callID), "state": state.map { .string($0.rawValue) }, "transition": transition.map { .of($0) },
    ])
  }
}

extension QualityChange {
  /// The score has two digits: more would pretend to know more.
  fileprivate func payload(of call: CallID) -> JSONValue {
    [
      "callId": .id(call), "quality": .string(quality.rawValue), "mos": .number((mos * 100).rounded() / 100),
      "reasons": .array(reasons.map { .string($0.rawValue) }),
    ]
  }
}

extension CallOperationChange {
  fileprivate var payload: JSONValue {
    .members([
      "callId": .id(callID), "operation": .string(operation), "transition": .string(transition.rawValue),
      "isLocal": .bool(isLocal), "error": error?.json,
    ])
  }
}
