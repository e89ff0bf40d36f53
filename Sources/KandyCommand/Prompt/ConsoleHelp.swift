/// What `help` says at the prompt.
enum ConsoleHelp {
  /// Arguments as they are typed; names that have none are left out.
  private static let arguments: [String: String] = [
    "help": "[NAME]",
    "create": "[{configuration}]",
    "connect": "username=ADDRESS password=WORD",
    "setCredentials": "username=ADDRESS password=WORD",
    "updateConnection": "services=[\"call\",\"IM\"]",
    "updateConfig": "{configuration}",
    "call.make": "ADDRESS [isVideoEnabled=true] [sendInitialVideo=true] [microphone=ID] [remoteVideoContainer=F.png]",
    "call.answer": "CALL [isVideoEnabled=true] [sendInitialVideo=true] [microphone=ID] [remoteVideoContainer=F.png]",
    "call.ignore": "CALL",
    "call.reject": "CALL",
    "call.end": "CALL",
    "call.mute": "CALL",
    "call.unmute": "CALL",
    "call.silence": "CALL",
    "call.unsilence": "CALL",
    "call.hold": "CALL",
    "call.unhold": "CALL",
    "call.stopVideo": "CALL",
    "call.stopScreenshare": "CALL",
    "call.changeInputDevices": "CALL",
    "call.restartMedia": "CALL",
    "call.getStats": "CALL",
    "call.getById": "CALL",
    "call.getCustomParameters": "CALL",
    "call.sendCustomParameters": "CALL",
    "call.startVideo": "CALL [videoResolution={\"width\":640,\"height\":480}]",
    "call.startScreenshare": "CALL mediaSourceId=ID [width=N] [height=N] [frameRate=N]",
    "call.sendDTMF": "CALL TONE [duration=MILLISECONDS] [intertoneGap=MILLISECONDS]",
    "call.changeSpeaker": "SPEAKER",
    "call.setCustomParameters": "CALL [{\"name\":\"N\",\"value\":\"V\"}]",
    "call.forwardCall": "CALL ADDRESS",
    "call.directTransfer": "CALL ADDRESS",
    "call.consultativeTransfer": "CALL OTHER-CALL",
    "call.join": "CALL OTHER-CALL",
    "audioBridge.close": "BRIDGE",
    "audioBridge.addCall": "BRIDGE CALL",
    "audioBridge.removeCall": "BRIDGE CALL",
    "audioBridge.mute": "BRIDGE",
    "audioBridge.unmute": "BRIDGE",
    "audioBridge.silence": "BRIDGE",
    "audioBridge.unsilence": "BRIDGE",
    "audioBridge.getBridgeCalls": "BRIDGE",
    "clickToCall.make": "OWN-ADDRESS ADDRESS",
    "media.setDefaultDevices": "microphone=ID speaker=ID camera=ID",
    "notification.process": "{notification} [PUSH]",
    "notification.enableWebsocket": "true|false",
    "connection.enableConnectivityChecking": "true|false",
    "connection.getSocketState": "[link]",
    "logger.getLevel": "[TYPE]",
    "logger.setLevel": "LEVEL [TYPE]",
    "lab.probe": "CALL [[HZ, …]]",
    "lab.snapshot": "CALL F.png",
    "lab.record": "CALL F.wav",
  ]

  static func text(for name: String?) -> String {
    guard let name else { return overview }
    guard ConsoleVerbs.names.contains(name) else {
      return "There is no \"\(name)\"; help without a name lists what there is."
    }
    return [name, arguments[name]].compactMap { $0 }.joined(separator: " ")
  }

  /// Everything there is, a namespace a line.
  private static var overview: String {
    var namespaces: [String: [String]] = [:]
    for name in ConsoleVerbs.names {
      namespaces[name.contains(".") ? String(name.prefix { $0 != "." }) : "", default: []].append(name)
    }
    let lines = namespaces.sorted { $0.key < $1.key }.map { "  " + $0.value.joined(separator: "  ") }
    return """
      Type a name, its arguments, and options as key=value; the tabulator key completes names, arrows bring lines back. What has
      blanks in it stands between quotation marks.
      \(lines.joined(separator: "\n"))
      help NAME shows the arguments of one. quit, exit and Control-D disconnect and end.
      """
  }
}
