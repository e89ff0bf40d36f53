import LinkProtocol

extension Configuration {
  /// Says in the log what is wrong with the configuration and what has no effect; nothing is changed but `messaging.features`
  /// (R-CONN-103, R-CONN-140).
  mutating func validate(_ log: LoggerSet) {
    logProblems(log)
    logSenselessValues(log)
    logWithoutEffect(log)
    if authentication.subscription.server == nil {
      log.logger(.auth).error("authentication.subscription.server is missing: no server can be reached.")
    }
    if messaging.features != ["base"] {
      log.logger(.messaging).warn("messaging.features has one value only: base.")
      messaging.features = ["base"]
    }
  }

  private func logProblems(_ log: LoggerSet) {
    for problem in problems {
      log.logger(.config).warn(
        "A value of the configuration was passed over.",
        ["key": .string(problem.path), "expected": .string(problem.expectation)])
    }
  }

  /// One entry for all, as documented: `[{"connectivity": ["…"]}]`.
  private func logSenselessValues(_ log: LoggerSet) {
    let sections = [("connectivity", connectivityProblems), ("notifications", notificationsProblems)]
    let found = sections.filter { !$0.1.isEmpty }.map { section, texts in
      JSONValue.object([section: .array(texts.map { .string($0) })])
    }
    guard !found.isEmpty else { return }
    log.logger(.validation).log(.info, text: JSONValue.array(found).prettyText)
  }

  private var connectivityProblems: [String] {
    let notNegative: [(String, Double)] = [
      ("pingInterval", connectivity.pingInterval), ("reconnectLimit", Double(connectivity.reconnectLimit)),
      ("reconnectDelay", connectivity.reconnectDelay), ("reconnectTimeMultiplier", connectivity.reconnectTimeMultiplier),
      ("reconnectTimeLimit", connectivity.reconnectTimeLimit), ("maxMissedPings", connectivity.maxMissedPings),
    ]
    var texts = notNegative.filter { $0.1 < 0 }.map { "\($0.0): \($0.1) is not a number from 0 on" }
    if !["query", "none"].contains(connectivity.webSocketOAuthMode) {
      texts.append("webSocketOAuthMode: \(connectivity.webSocketOAuthMode) is neither query nor none")
    }
    if connectivity.method != "keepAlive", connectivity.method["type"] != "keepAlive" {
      texts.append("method: \(connectivity.method.compactText) is not keepAlive, the only one of this platform")
    }
    return texts
  }

  private var notificationsProblems: [String] {
    var texts: [String] = []
    if notifications.idCacheLength < 0 {
      texts.append("idCacheLength: \(notifications.idCacheLength) is not a number from 0 on")
    }
    let mode = notifications.incomingCallNotificationMode
    if mode != "any-channel", mode != "push-channel-only" {
      texts.append("incomingCallNotificationMode: \(mode) is neither any-channel nor push-channel-only")
    }
    return texts
  }

  private func logWithoutEffect(_ log: LoggerSet) {
    let given = [
      ("call.chromeExtensionId", call.chromeExtensionId != nil), ("call.callConstraints", call.callConstraints != nil),
      ("call.webrtcdtls", !call.webrtcdtls), ("authentication.subscription.useTurn", !authentication.subscription.useTurn),
      ("common.enableReduxDevTools", common.enableReduxDevTools), ("common.allowProxy", common.allowProxy),
    ]
    for (key, isGiven) in given where isGiven {
      log.logger(.config).warn("A key of the configuration has no effect here.", ["key": .string(key)])
    }
  }
}
