import LinkMedia

/// What an engine has counted, as libwebrtc's records have it, some time after a call has begun.
struct Counted {
  /// Seconds of audio, at 50 packets of 80 bytes a second in both directions.
  var seconds = 0.0
  /// Of the packets that were sent to this end, and of the samples that were to be played.
  var lost = 0.0
  var concealed = 0.0
  /// Of what this end has sent, as the far end reports it.
  var farEndLost = -1.0
  var roundTripTime = 0.02
  /// Whether nothing came at all in the last seconds.
  var silentSeconds = 0.0

  /// - Parameters:
  ///   - loss: of the packets, all of which are heard as gaps.
  mutating func pass(_ time: Double, loss: Double = 0) {
    seconds += time
    lost += time * 50 * loss
    concealed += time * 48_000 * loss
  }

  mutating func hearNothing(_ time: Double) {
    seconds += time
    silentSeconds += time
  }

  private var heard: Double { seconds - silentSeconds }

  var records: [StatisticsRecord] {
    [
      .init(
        type: "outbound-rtp", id: "O",
        numbers: ["packetsSent": seconds * 50, "bytesSent": seconds * 4_000, "targetBitrate": 32_000],
        texts: [
          "kind": "audio", "codecId": "C", "transportId": "T", "mediaSourceId": "S", "remoteId": "RI", "mid": "0",
        ]),
      .init(
        type: "remote-inbound-rtp", id: "RI",
        numbers: ["packetsLost": farEndLost, "fractionLost": 0.25, "jitter": 0.003, "roundTripTime": 0.031],
        texts: ["kind": "audio", "localId": "O"]),
      .init(
        type: "inbound-rtp", id: "I",
        numbers: [
          "packetsReceived": heard * 50 - lost, "bytesReceived": (heard * 50 - lost) * 80, "packetsLost": lost,
          "jitter": 0.004, "jitterBufferDelay": seconds * 48_000 * 0.06, "jitterBufferEmittedCount": seconds * 48_000,
          "totalSamplesReceived": seconds * 48_000, "concealedSamples": concealed + silentSeconds * 48_000,
          "silentConcealedSamples": silentSeconds * 48_000, "audioLevel": 0.5,
        ], texts: ["kind": "audio", "codecId": "C", "transportId": "T"]),
      .init(type: "media-source", id: "S", numbers: ["audioLevel": 0.25], texts: ["kind": "audio"]),
      .init(
        type: "codec", id: "C", numbers: ["payloadType": 111, "clockRate": 48_000, "channels": 2],
        texts: ["mimeType": "audio/opus", "sdpFmtpLine": "minptime=10;useinbandfec=1"]),
      .init(
        type: "transport", id: "T", numbers: ["bytesSent": 5_000, "bytesReceived": 6_000],
        texts: ["dtlsState": "connected", "dtlsRole": "client", "selectedCandidatePairId": "P"]),
      .init(
        type: "candidate-pair", id: "P", numbers: ["nominated": 1, "currentRoundTripTime": roundTripTime],
        texts: ["localCandidateId": "L", "remoteCandidateId": "R"]),
      .init(
        type: "local-candidate", id: "L", numbers: ["port": 50_000],
        texts: ["candidateType": "relay", "protocol": "udp", "relayProtocol": "tcp", "ip": "192.0.2.1"]),
      .init(
        type: "remote-candidate", id: "R", numbers: ["port": 40_000],
        texts: ["candidateType": "host", "protocol": "udp", "address": "198.51.100.7"]),
    ]
  }
}
