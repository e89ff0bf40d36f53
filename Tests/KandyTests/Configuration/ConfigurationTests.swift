import KandyTesting
import LinkLogic
import LinkMedia
import LinkProtocol
import Testing

@testable import Kandy

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct ConfigurationTests {
  /// Everything documented, with its default (part 01 §1.2 to §1.8).
  private let defaults: JSONValue = [
    "logs": [
      "logLevel": "DEBUG", "enableFcsLogs": true,
      "logActions": [
        "actionOnly": true, "collapsed": false, "diff": false, "exposePayloads": false, "level": "DEBUG",
      ],
    ],
    "authentication": [
      "subscription": [
        "protocol": "https", "port": 443, "version": "1", "expires": 3600, "service": ["IM", "Presence", "call"],
        "localization": "English_US", "notificationType": "WebSocket", "useTurn": true,
      ],
      "websocket": ["protocol": "wss", "port": 443],
    ],
    "call": [
      "callDefaults": ["isAudioEnabled": true, "isVideoEnabled": true, "sendInitialVideo": false],
      "recordCallStats": false, "earlyMedia": false, "callAuditTimer": 30_000, "activeCallTimeoutMS": 120_000,
      "ringingFeedback": false, "videoInactiveOnHold": false, "forceDisableMediaOnHold": false,
      "iceCandidateCollectionTimeoutInterval": 3_000, "relayCandidateCollectionTimeoutCycle": false,
      "bundlePolicy": "DISABLED", "useRelay": false, "trickleIceSupport": "none", "continuity": false,
      "resyncOnConnect": false, "iceserver": [], "serverProvidedTurnCredentials": false, "webrtcdtls": true,
      "useRelayOnly": false, "normalizeDestination": false,
    ],
    "connectivity": [
      "pingInterval": 30_000, "reconnectLimit": 5, "reconnectDelay": 5_000, "reconnectTimeMultiplier": 1,
      "reconnectTimeLimit": 640_000, "autoReconnect": true, "maxMissedPings": 3, "checkConnectivity": true,
      "webSocketOAuthMode": "query", "method": "keepAlive",
    ],
    "notifications": ["idCacheLength": 100, "incomingCallNotificationMode": "any-channel"],
    "requests": ["injectAgentVersionHeader": true],
    "messaging": ["features": ["base"]],
    "common": ["enableReduxDevTools": false, "allowProxy": false],
  ]

  @Test(.spec("R-CONN-101")) func theDefaultsAreTheDocumentedOnes() {
    #expect(Configuration().json == defaults)
  }

  @Test(.spec("R-CONN-131", "R-CONN-151")) func valuesAreMergedObjectByObject() {
    var configuration = Configuration()
    configuration.merge(["authentication": ["subscription": ["server": "kl.example.com", "port": "8580"]]])
    configuration.merge(["authentication": ["subscription": ["protocol": "http"]]])
    let subscription = configuration.authentication.subscription
    #expect(subscription.server == "kl.example.com")
    #expect(subscription.port == 8580)
    #expect(subscription.protocol == "http")
    #expect(subscription.expires == 3600)
  }

  @Test(.spec("R-CONN-152", "D-02")) func arraysAreReplaced() {
    var configuration = Configuration()
    configuration.merge(["authentication": ["subscription": ["service": ["X"]]]])
    #expect(configuration.authentication.subscription.service == ["X"])
  }

  @Test(.spec("R-CONN-151")) func nullTakesAValueAway() {
    var configuration = Configuration(json: ["notifications": ["pushRegistration": ["server": "p", "port": 8080]]])
    #expect(configuration.notifications.pushRegistration?.port == "8080")
    configuration.merge(["notifications": ["pushRegistration": nil]])
    #expect(configuration.notifications.pushRegistration == nil)
  }

  @Test(.spec("R-CONN-103", "R-CONN-140")) func whatCannotBeUsedIsPassedOverAndSaid() {
    let configuration = Configuration(json: [
      "logs": ["logLevel": "loud", "logActions": false],
      "connectivity": ["pingInterval": "soon", "reconnectLimit": 7, "reconectDelay": 1],
      "call": [
        "bundlePolicy": "most", "iceserver": [["url": "stun:a"], 5],
        "codecsToReplace": [["name": "VP8/90000", "value": "97"], ["name": "opus/48000"], 5],
      ],
      "nonsense": 1, "callHistory": [:],
    ])
    #expect(
      configuration.problems.map(\.description) == [
        "logs.logLevel: one of TRACE, DEBUG, INFO, WARN, ERROR, SILENT is expected",
        "call.codecsToReplace[1]: an object with a name such as VP8/90000 and a payload type as value is expected",
        "call.codecsToReplace[2]: an object with a name such as VP8/90000 and a payload type as value is expected",
        "call.bundlePolicy: another value is expected",
        "call.iceserver[1]: an object with urls is expected",
        "connectivity.pingInterval: a number is expected",
        "connectivity.reconectDelay: a known key is expected",
        "nonsense: a known key is expected",
      ])
    #expect(configuration.logs.logLevel == .debug)
    #expect(configuration.logs.logActions == nil)
    #expect(configuration.connectivity.pingInterval == 30_000)
    #expect(configuration.connectivity.reconnectLimit == 7)
    #expect(configuration.call.iceserver.map(\.server) == [ICEServer(urls: ["stun:a"])])
    #expect(configuration.call.codecsToReplace == [CodecReplacement(name: "VP8/90000", value: 97)])
  }

  @Test(
    .spec("R-CONN-103", "R-SDP-60"),
    arguments: ["telephone-event/8000=101", ["name": "VP8/90000", "value": 97], 5] as [JSONValue])
  func codecsToReplaceThatAreNoArrayLeaveThoseBeforeAndAreSaid(_ value: JSONValue) {
    var configuration = Configuration(json: ["call": ["codecsToReplace": [["name": "VP8/90000", "value": 100]]]])
    configuration.merge(["call": ["codecsToReplace": value]])
    #expect(configuration.problems.map(\.description) == ["call.codecsToReplace: an array is expected"])
    #expect(configuration.json["call"]?["codecsToReplace"] == [["name": "VP8/90000", "value": 100]])
  }

  @Test func namesOfLevelsAreReadInAnyCase() {
    #expect(Configuration(json: ["logs": ["logLevel": "wArN"]]).logs.logLevel == .warn)
  }

  @Test(.spec("R-CONN-101")) func requestIsTheNameInAndRequestsTheNameOut() {
    let configuration = Configuration(json: ["request": ["injectAgentVersionHeader": false]])
    #expect(configuration.json["requests"] == ["injectAgentVersionHeader": false])
    #expect(configuration.json["request"] == nil)
  }

  @Test func theUndocumentedKeysOfCallsAreRead() {
    let configuration = Configuration(json: [
      "call": [
        "iceserver": [["urls": ["turn:t?transport=udp"], "username": "u", "credential": "c"]],
        "relayCandidateCollectionTimeoutCycle": 3, "serverProvidedTurnCredentials": true,
        "opusConfig": ["maxAverageBitrate": 24_000, "ptime": 2.5], "callConstraints": ["chrome": [:]],
      ]
    ])
    #expect(configuration.problems == [])
    #expect(
      configuration.call.iceserver.map(\.server) == [
        ICEServer(urls: ["turn:t?transport=udp"], username: "u", credential: "c")
      ])
    #expect(configuration.call.relayCandidateCollectionTimeoutCycle.count == 3)
    #expect(configuration.call.opusConfig?.ptime == 2.5)
    #expect(configuration.json["call"]?["opusConfig"] == ["maxAverageBitrate": 24_000, "ptime": 2.5])
  }

  @Test func aConfigurationSurvivesItsOwnJSON() throws {
    var configuration = Configuration()
    configuration.authentication.subscription.server = "kl.example.com"
    configuration.authentication.websocket.server = "ws.example.com"
    configuration.call.iceserver = [.init(ICEServer(urls: ["stun:a", "stun:b"]))]
    configuration.logs.logActions = nil
    let data = try JSONEncoder().encode(configuration)
    let read = try JSONDecoder().decode(Configuration.self, from: data)
    #expect(read.json == configuration.json)
    #expect(read.problems == [])
  }

  @Test func aFileIsReadAndAMissingOneIsSaid() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "kandy-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(#"{"connectivity":{"pingInterval":5000}}"#.utf8).write(to: path)
    #expect(try Configuration(contentsOfFile: path.path).connectivity.pingInterval == 5000)
    try Data("no".utf8).write(to: path)
    #expect(throws: BasicError.self) { try Configuration(contentsOfFile: path.path) }
    #expect(throws: BasicError.self) { try Configuration(contentsOfFile: "/nowhere.json") }
  }

  @Test func theEnvironmentIsRead() {
    var configuration = Configuration()
    let problems = configuration.merge(environment: [
      "KANDY_AUTHENTICATION_SUBSCRIPTION_SERVER": "127.0.0.1", "KANDY_AUTHENTICATION_SUBSCRIPTION_PORT": "8580",
      "KANDY_AUTHENTICATION_SUBSCRIPTION_SERVICE": #"["call"]"#, "KANDY_CONNECTIVITY_AUTORECONNECT": "maybe",
      "KANDY_LOGS_LOGLEVEL": "warn", "KANDY_CALL_CALLDEFAULTS_SENDINITIALVIDEO": "true", "HOME": "/root",
    ])
    #expect(problems.map(\.path) == ["connectivity.autoReconnect"])
    #expect(configuration.authentication.subscription.server == "127.0.0.1")
    #expect(configuration.authentication.subscription.port == 8580)
    #expect(configuration.authentication.subscription.service == ["call"])
    #expect(configuration.logs.logLevel == .warn)
    #expect(configuration.call.callDefaults.sendInitialVideo)
  }

  @Test(.spec("R-CONN-104")) func aMissingWebSocketSectionFollowsTheServer() {
    func bases(_ json: JSONValue) -> [String] {
      let access = ServerAccess(
        Configuration(json: ["authentication": json]).authentication, username: "a", credential: .hmac(token: "t"))
      return [access.base, access.socketBase]
    }
    #expect(
      bases(["subscription": ["server": "127.0.0.1", "protocol": "http", "port": 8580]]) == [
        "http://127.0.0.1:8580", "ws://127.0.0.1:8580",
      ])
    #expect(bases(["subscription": ["server": "kl"]]) == ["https://kl:443", "wss://kl:443"])
    #expect(
      bases(["subscription": ["server": "kl", "port": 8443], "websocket": ["server": "ws"]]) == [
        "https://kl:8443", "wss://ws:443",
      ])
    #expect(
      bases(["subscription": ["server": "kl"], "websocket": ["port": 9443]]) == ["https://kl:443", "wss://kl:9443"])
    #expect(bases(["subscription": ["server": "::1"]]) == ["https://[::1]:443", "wss://[::1]:443"])
  }

  // MARK: What creation says about it

  private func entries(_ configuration: Configuration) -> [LogEntry] {
    let record = LogRecord()
    var configuration = configuration
    configuration.validate(LoggerSet(handler: record.handler, now: { 0 }))
    return record.entries
  }

  @Test(.spec("R-CONN-102")) func aMissingServerIsAnError() {
    #expect(entries(Configuration()).map { [$0.target.name, $0.level.rawValue] } == [["AUTH", "ERROR"]])
  }

  @Test(.spec("R-CONN-140")) func senselessValuesAreKeptAndListedInOneEntry() {
    let configuration = Configuration(json: [
      "authentication": ["subscription": ["server": "kl"]], "connectivity": ["pingInterval": -5],
      "notifications": ["incomingCallNotificationMode": "carrier-pigeon"],
    ])
    let entries = entries(configuration)
    #expect(entries.map(\.target.name) == ["VALIDATION"])
    #expect(entries.first?.level == .info)
    #expect(
      entries.first?.messages.first?.stringValue.flatMap { JSONValue(parsing: $0) } == [
        ["connectivity": ["pingInterval: -5.0 is not a number from 0 on"]],
        [
          "notifications": [
            "incomingCallNotificationMode: carrier-pigeon is neither any-channel nor push-channel-only"
          ]
        ],
      ])
    #expect(configuration.connectivity.pingInterval == -5)
  }

  @Test func browserOnlyKeysAreAcceptedAndWarnedAbout() {
    let configuration = Configuration(json: [
      "authentication": ["subscription": ["server": "kl"]], "call": ["chromeExtensionId": "x", "webrtcdtls": false],
    ])
    let keys = entries(configuration).map { $0.messages.last?["key"] }
    #expect(keys == ["call.chromeExtensionId", "call.webrtcdtls"])
  }
}
