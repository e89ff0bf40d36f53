import LinkMedia
import LinkProtocol

extension CallStatistics {
  /// Reads what an engine has counted.
  init(_ records: [StatisticsRecord], timestamp: Int64, peer: Int, iceConnectionState: ICEConnectionState) {
    self.init(timestamp: timestamp, peer: peer, iceConnectionState: iceConnectionState)
    let reading = Reading(records)
    audio = reading.medium(.audio)
    video = reading.medium(.video)
    transports = reading.transports
  }
}

/// The records of one reading, which refer to one another by id.
private struct Reading {
  let records: [StatisticsRecord]
  let byID: [String: StatisticsRecord]

  init(_ records: [StatisticsRecord]) {
    self.records = records
    byID = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func record(_ id: String?) -> StatisticsRecord? { id.flatMap { byID[$0] } }

  /// The records of a type and kind. `mediaType` is what `kind` was called before.
  func all(_ type: String, _ kind: MediaKind) -> [StatisticsRecord] {
    records.filter { $0.type == type && ($0.texts["kind"] ?? $0.texts["mediaType"]) == kind.rawValue }
  }

  // MARK: Streams

  /// An engine may still list a stream that another one has replaced: the one that has carried most is meant.
  func medium(_ kind: MediaKind) -> CallStatistics.Medium {
    func busiest(_ type: String, _ counter: String) -> StatisticsRecord? {
      all(type, kind).max { $0.numbers[counter] ?? 0 < $1.numbers[counter] ?? 0 }
    }
    return CallStatistics.Medium(
      outbound: busiest("outbound-rtp", "packetsSent").map { outbound($0, kind) },
      inbound: busiest("inbound-rtp", "packetsReceived").map(inbound))
  }

  private func outbound(_ record: StatisticsRecord, _ kind: MediaKind) -> CallStatistics.Outbound {
    let source = self.record(record.texts["mediaSourceId"]) ?? all("media-source", kind).first
    var stream = CallStatistics.Outbound()
    stream.packetsSent = record.int("packetsSent") ?? 0
    stream.bytesSent = record.int("bytesSent") ?? 0
    stream.retransmittedPacketsSent = record.int("retransmittedPacketsSent")
    stream.targetBitrate = record.numbers["targetBitrate"]
    stream.audioLevel = source?.numbers["audioLevel"]
    stream.framesEncoded = record.int("framesEncoded")
    stream.frameWidth = record.int("frameWidth")
    stream.frameHeight = record.int("frameHeight")
    stream.framesPerSecond = record.numbers["framesPerSecond"]
    stream.qualityLimitationReason = record.texts["qualityLimitationReason"]
    stream.codec = codec(record)
    stream.remote = remote(record, kind)
    stream.transportId = record.texts["transportId"]
    return stream
  }

  private func remote(_ record: StatisticsRecord, _ kind: MediaKind) -> CallStatistics.Report? {
    let reports = all("remote-inbound-rtp", kind)
    let mine =
      self.record(record.texts["remoteId"]) ?? reports.first { $0.texts["localId"] == record.id }
      ?? reports.first { $0.texts["localId"] == nil }
    guard let mine else { return nil }
    var report = CallStatistics.Report()
    report.packetsLost = mine.int("packetsLost")
    report.fractionLost = mine.numbers["fractionLost"]
    report.jitter = mine.numbers["jitter"]
    report.roundTripTime = mine.numbers["roundTripTime"]
    return report
  }

  private func inbound(_ record: StatisticsRecord) -> CallStatistics.Inbound {
    var stream = CallStatistics.Inbound()
    stream.packetsReceived = record.int("packetsReceived") ?? 0
    stream.bytesReceived = record.int("bytesReceived") ?? 0
    stream.packetsLost = record.int("packetsLost") ?? 0
    stream.packetsDiscarded = record.int("packetsDiscarded")
    stream.jitter = record.numbers["jitter"]
    stream.jitterBufferDelay = record.numbers["jitterBufferDelay"]
    stream.jitterBufferEmittedCount = record.int("jitterBufferEmittedCount")
    stream.totalSamplesReceived = record.int("totalSamplesReceived")
    stream.concealedSamples = record.int("concealedSamples")
    stream.silentConcealedSamples = record.int("silentConcealedSamples")
    stream.concealmentEvents = record.int("concealmentEvents")
    stream.audioLevel = record.numbers["audioLevel"]
    stream.framesDecoded = record.int("framesDecoded")
    stream.framesDropped = record.int("framesDropped")
    stream.frameWidth = record.int("frameWidth")
    stream.frameHeight = record.int("frameHeight")
    stream.framesPerSecond = record.numbers["framesPerSecond"]
    stream.freezeCount = record.int("freezeCount")
    stream.totalFreezesDuration = record.numbers["totalFreezesDuration"]
    stream.codec = codec(record)
    stream.transportId = record.texts["transportId"]
    return stream
  }

  private func codec(_ stream: StatisticsRecord) -> CallStatistics.Codec? {
    guard let record = record(stream.texts["codecId"]), let type = record.texts["mimeType"] else { return nil }
    var codec = CallStatistics.Codec(mimeType: type)
    codec.payloadType = record.int("payloadType")
    codec.clockRate = record.int("clockRate")
    codec.channels = record.int("channels")
    codec.sdpFmtpLine = record.texts["sdpFmtpLine"]
    return codec
  }

  // MARK: The way

  var transports: [CallStatistics.Transport] {
    records.filter { $0.type == "transport" }.map { record in
      var transport = CallStatistics.Transport(id: record.id)
      transport.dtlsState = record.texts["dtlsState"]
      transport.dtlsRole = record.texts["dtlsRole"]
      transport.tlsVersion = record.texts["tlsVersion"]
      transport.srtpCipher = record.texts["srtpCipher"]
      transport.iceState = record.texts["iceState"]
      transport.iceRole = record.texts["iceRole"]
      transport.bytesSent = record.int("bytesSent")
      transport.bytesReceived = record.int("bytesReceived")
      transport.selectedCandidatePair = self.record(record.texts["selectedCandidatePairId"]).map(pair)
      return transport
    }
  }

  private func pair(_ record: StatisticsRecord) -> CallStatistics.CandidatePair {
    var pair = CallStatistics.CandidatePair()
    pair.local = self.record(record.texts["localCandidateId"]).map(candidate)
    pair.remote = self.record(record.texts["remoteCandidateId"]).map(candidate)
    pair.nominated = record.numbers["nominated"].map { $0 != 0 }
    pair.currentRoundTripTime = record.numbers["currentRoundTripTime"]
    pair.availableOutgoingBitrate = record.numbers["availableOutgoingBitrate"]
    return pair
  }

  private func candidate(_ record: StatisticsRecord) -> CallStatistics.Candidate {
    var candidate = CallStatistics.Candidate()
    candidate.candidateType = record.texts["candidateType"]
    candidate.protocol = record.texts["protocol"]
    candidate.relayProtocol = record.texts["relayProtocol"]
    candidate.networkType = record.texts["networkType"]
    candidate.address = record.texts["address"] ?? record.texts["ip"]
    candidate.port = record.int("port")
    return candidate
  }
}

extension StatisticsRecord {
  /// A counter; `nil` too when it is no number that can be counted to.
  fileprivate func int(_ name: String) -> Int? { numbers[name].flatMap { Int(exactly: $0.rounded()) } }
}
