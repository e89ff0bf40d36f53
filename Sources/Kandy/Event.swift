public import LinkMedia
public import LinkProtocol

/// Everything that the SDK reports, in the order in which it happened (R-CONN-301).
///
/// `name` is the documented name, `payload` the documented parameters.
public enum Event: Sendable, Hashable {
  /// A connection was requested, completed, is being ended, has ended, or its services changed; look at `getConnection()`.
  /// A disconnection that nobody asked for says why.
  case authChange(Disconnection?)
  case authError(BasicError)
  /// A refresh of the subscription finished; failed ones carry the error. The connection stays as it is (R-CONN-544).
  case authResub(attemptNum: Int, error: BasicError?)
  /// The WebSocket is being opened, was opened, lost or closed; look at `connection.getSocketState()`.
  case wsChange

  case notificationsChange(NotificationChannel)
  case notificationsError(NotificationChannel, BasicError)
  /// A notification passed the filters (R-CONN-720). Undocumented in 3.16.
  case notificationReceived(Notification)

  case callStart(CallID)
  case callReceive(CallID)
  case callStateChange(CallStateChange)
  case callMediaStateChange(CallID, MediaConnectionState)
  case callScreenshareChange(CallID)
  case callJoin(CallID, joinedCalls: [CallID])
  case callForward(CallID)
  /// The far end has sent custom parameters (R-CALL-831). Not in 3.16.
  case callCustomParameters(CallID, [CustomParameter])
  /// Media has been agreed on anew (R-ICE-56). Not in 3.16.
  case callMediaRestart(CallID)
  /// An operation on a call failed; without an id when no call came to be.
  case callError(CallID?, BasicError)
  case callOperation(CallOperationChange)
  /// What is heard of the far end has become bad, or good again (R-CALL-755). Not in 3.16.
  case callQuality(CallID, QualityChange)

  /// A bridge was made, closed, muted or silenced, or its calls are others; look at `audioBridge.getAll()` (R-CALL-712).
  case audioBridgeChange(AudioBridge.ID)
  /// A function of `audioBridge` failed.
  case audioBridgeError(BasicError)

  /// The server has begun to connect two people.
  case clickToCallStart(ClickToCallID)
  case clickToCallError(ClickToCallID, BasicError)

  case mediaInitialize(MediaInitialization)
  case mediaPermissions(granted: Bool, devices: MediaDevices, error: BasicError?)
  case devicesChange(MediaDevices)
  /// The speaker of all calls was changed (R-MEDIA-18).
  case speakerChange(String)
  case devicesDefaultsChange(DefaultDevices)
  /// The device list, or the defaults, could not be read or set; `listFailed` tells which.
  case devicesError(BasicError, listFailed: Bool)
  case videoPreviewChange(displaying: Bool)
  case videoPreviewError(BasicError)
}

/// Why a connection ended that nobody asked to end (R-CONN-302).
public struct Disconnection: Sendable, Hashable {
  public var reason: DisconnectReason
  /// Whether the server ended it.
  public var forced: Bool
  /// Seconds after which the server would like to see the client again (R-CONN-572).
  public var retryAfter: Double?

  public init(reason: DisconnectReason, forced: Bool = false, retryAfter: Double? = nil) {
    self.reason = reason
    self.forced = forced
    self.retryAfter = retryAfter
  }
}

/// `disconnectReasons` (R-CONN-574); the raw values are the documented constants.
public enum DisconnectReason: String, Sendable, Hashable, Codable, CaseIterable {
  /// The server ended the subscription.
  case gone = "GONE"
  /// The WebSocket could not be re-established.
  case lostConnection = "LOST_CONNECTION"
  /// Another client took over this subscription's channel (R-CONN-751). Not in 3.16's constants.
  case webSocketOverridden = "WS_OVERRIDDEN"
}

/// How a notification arrived (R-CONN-710).
public enum NotificationChannel: String, Sendable, Hashable, Codable, CaseIterable {
  case webSocket = "WEBSOCKET"
  case push = "PUSH"

  /// Reads a channel's name in any case (R-CONN-712).
  public init?(_ name: String) {
    self.init(rawValue: name.uppercased())
  }
}

/// The documented names of all events, those of features to come included (R-CONN-301).
public enum EventName: String, Sendable, Hashable, Codable, CaseIterable {
  case authChange = "auth:change"
  case authError = "auth:error"
  case authResub = "auth:resub"
  case wsChange = "ws:change"
  case notificationsChange = "notifications:change"
  case notificationsError = "notifications:error"
  case notificationReceived = "notification:received"
  case callStart = "call:start"
  case callReceive = "call:receive"
  case callStateChange = "call:stateChange"
  case callMediaStateChange = "call:mediaStateChange"
  case callScreenshareChange = "call:screenshareChange"
  case callJoin = "call:join"
  case callForward = "call:forward"
  case callError = "call:error"
  case callCustomParameters = "call:customParameters"
  case callMediaRestart = "call:mediaRestart"
  case callOperation = "call:operation"
  case callQuality = "call:quality"
  case videoPreviewChange = "videoPreview:change"
  case videoPreviewError = "videoPreview:error"
  case devicesChange = "devices:change"
  case devicesDefaultsChange = "devices:defaultsChange"
  case devicesError = "devices:error"
  case mediaPermissions = "media:permissions"
  case mediaInitialize = "media:initialize"
  case audioBridgeChange = "audioBridge:change"
  case audioBridgeError = "audioBridge:error"
  case callHistoryChange = "callHistory:change"
  case callHistoryCacheChange = "callHistoryCache:change"
  case callHistoryError = "callHistory:error"
  case clickToCallStart = "clickToCall:start"
  case clickToCallError = "clickToCall:error"
  case contactsNew = "contacts:new"
  case contactsChange = "contacts:change"
  case contactsError = "contacts:error"
  case directoryChange = "directory:change"
  case directoryError = "directory:error"
  case usersChange = "users:change"
  case usersError = "users:error"
  case conversationsNew = "conversations:new"
  case conversationsChange = "conversations:change"
  case messagesChange = "messages:change"
  case messagesError = "messages:error"
  case presenceChange = "presence:change"
  case presenceSelfChange = "presence:selfChange"
  case presenceSubscribe = "presence:subscribe"
  case presenceUnsubscribe = "presence:unsubscribe"
  case presenceError = "presence:error"
  case sipSubscriptionChange = "sip:subscriptionChange"
  case sipError = "sip:error"
  case sipEventsChange = "sip:eventsChange"
  case voicemailChange = "voicemail:change"
  case voicemailError = "voicemail:error"
}

extension Event {
  public var name: EventName {
    switch self {
    case .authChange: .authChange
    case .authError: .authError
    case .authResub: .authResub
    case .wsChange: .wsChange
    case .notificationsChange: .notificationsChange
    case .notificationsError: .notificationsError
    case .notificationReceived: .notificationReceived
    case .callStart: .callStart
    case .callReceive: .callReceive
    case .callStateChange: .callStateChange
    case .callMediaStateChange: .callMediaStateChange
    case .callScreenshareChange: .callScreenshareChange
    case .callJoin: .callJoin
    case .callForward: .callForward
    case .callCustomParameters: .callCustomParameters
    case .callMediaRestart: .callMediaRestart
    case .callError: .callError
    case .callOperation: .callOperation
    case .callQuality: .callQuality
    case .audioBridgeChange: .audioBridgeChange
    case .audioBridgeError: .audioBridgeError
    case .clickToCallStart: .clickToCallStart
    case .clickToCallError: .clickToCallError
    case .mediaInitialize: .mediaInitialize
    case .mediaPermissions: .mediaPermissions
    case .devicesChange, .speakerChange: .devicesChange
    case .devicesDefaultsChange: .devicesDefaultsChange
    case .devicesError: .devicesError
    case .videoPreviewChange: .videoPreviewChange
    case .videoPreviewError: .videoPreviewError
    }
  }
}
