import Kandy
import KandyTesting
import LinkProtocol
import Testing

@Suite(.spec("R-CONN-301"))
struct EventTests {
  @Test func theNamesAreTheDocumentedOnes() {
    #expect(EventName.allCases.count == 54)
    #expect(EventName(rawValue: "call:receive") == .callReceive)
    #expect(EventName(rawValue: "contacts:new") == .contactsNew)
    #expect(EventName(rawValue: "voicemail:new") == nil)
  }

  @Test(.spec("R-CONN-302"))
  func authenticationEventsCarryWhatIsDocumented() {
    let error = BasicError(.subscribeFailed, "No.", statusCode: 4)
    #expect(Event.authChange(nil).payload == [:])
    #expect(
      Event.authChange(Disconnection(reason: .gone, forced: true)).payload == ["forced": true, "reason": "GONE"])
    #expect(Event.authChange(Disconnection(reason: .lostConnection)).payload == ["reason": "LOST_CONNECTION"])
    #expect(
      Event.authError(error).payload == ["error": ["code": "authentication:4", "message": "No.", "statusCode": 4]])
    #expect(Event.authResub(attemptNum: 1, error: nil).payload == ["attemptNum": 1, "isFailure": false])
    #expect(
      Event.authResub(attemptNum: 2, error: BasicError(.updateSubscriptionFailed, "No.")).payload == [
        "attemptNum": 2, "isFailure": true, "error": ["code": "authentication:6", "message": "No."],
      ])
    #expect(Event.wsChange.payload == ["platform": "link"])
    #expect(Event.notificationsChange(.webSocket).payload == ["channel": "WEBSOCKET"])
  }

  @Test func aNotificationIsHandedOnWhole() {
    let notification = Notification(eventType: "custom", eventId: "e1", other: ["customParams": ["a": 1]])
    #expect(
      Event.notificationReceived(notification).payload == [
        "payload": [
          "notificationMessage": ["eventType": "custom", "eventId": "e1", "customParams": ["a": 1]]
        ]
      ])
  }

  @Test(.spec("R-CALL-712")) func eventsOfBridgesCarryWhatIsDocumented() {
    #expect(Event.audioBridgeChange("b").payload == ["bridgeId": "b"])
    #expect(
      Event.audioBridgeError(BasicError(.audioBridgeAlreadyExists, "No.")).payload == [
        "error": ["code": "audioBridge:3", "message": "No."]
      ])
  }

  @Test(.spec("R-CALL-325"))
  func callEventsCarryWhatIsDocumented() {
    let transition = CallTransition(
      code: 9904, reasonText: "Responded from another device", previousState: .ringing, newState: .ended)
    #expect(
      Event.callStateChange(CallStateChange("c", state: .ended, transition: transition)).payload == [
        "callId": "c", "state": "ENDED",
        "transition": [
          "code": 9904, "reasonText": "Responded from another device", "prevState": "RINGING", "newState": "ENDED",
        ],
      ])
    #expect(Event.callStateChange(CallStateChange("c")).payload == ["callId": "c"])
    #expect(Event.callMediaStateChange("c", .connected).payload == ["callId": "c", "mediaState": "CONNECTED"])
    #expect(Event.callJoin("j", joinedCalls: ["a", "b"]).payload == ["callId": "j", "joinedCalls": ["a", "b"]])
    #expect(Event.callError(nil, BasicError()).payload == ["error": ["code": "NO_CODE", "message": "An error occurred."]])
    #expect(
      Event.callOperation(CallOperationChange("c", operation: "hold", transition: .finish)).payload == [
        "callId": "c", "operation": "hold", "transition": "FINISH", "isLocal": true,
      ])
  }

  @Test(.spec("R-MEDIA-2", "R-MEDIA-15"))
  func mediaEventsCarryWhatIsDocumented() {
    #expect(
      Event.mediaInitialize(.initialized).payload == [
        "result": ["error": false, "code": 0, "message": "Media initialized."]
      ])
    let devices = MediaDevices(speaker: [MediaDevice(id: "virtual:null", kind: .speaker, label: "No sound")])
    let expected: JSONValue = [
      "devices": [
        "camera": [], "microphone": [],
        "speaker": [["deviceId": "virtual:null", "groupId": "", "kind": "audiooutput", "label": "No sound"]],
      ]
    ]
    #expect(Event.devicesChange(devices).payload == expected)
    let error: JSONValue = ["code": "call:5", "message": "No."]
    #expect(
      Event.devicesError(BasicError(.callNotSupported, "No."), listFailed: true).payload == ["error": error, "devices": [:]])
    #expect(Event.devicesError(BasicError(.callNotSupported, "No."), listFailed: false).payload == ["error": error])
    #expect(Event.speakerChange("s").payload == ["type": "speaker", "deviceId": "s"])
    #expect(Event.speakerChange("s").name == .devicesChange)
    #expect(
      Event.devicesDefaultsChange(DefaultDevices(camera: "k")).payload == ["devices": ["camera": "k"]])
  }
}
