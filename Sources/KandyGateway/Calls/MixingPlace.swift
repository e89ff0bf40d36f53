import LinkLogic
import LinkMedia
import LinkProtocol

/// One seat's connection with its client, and its port at the mixer.
///
/// A client may come back with another connection (R-CALL-840), and an engine may not recover from a description that it has refused
/// (R-UP-22): then a new connection takes over once it has answered.
struct MixingPlace {
  typealias Failure = GatewayCallMachine.MixerFailure

  private let engine: any MediaEngine
  private let mixer: AudioMixer
  private var connection: MixingConnection?

  init(engine: any MediaEngine, mixer: AudioMixer) {
    self.engine = engine
    self.mixer = mixer
  }

  mutating func perform(_ order: GatewayCallMachine.MixerOrder) async throws(Failure) -> GatewayCallMachine.MixerNews? {
    do {
      switch order {
      case .offer(let pattern): return .offer(try await offer(like: pattern))
      case .answer(let offer): return .answer(try await answer(try SessionDescription(offer)))
      case .accept(let answer): try await accept(try SessionDescription(answer))
      case .candidates(let candidates):
        // One that cannot be used is not missed: there are others.
        for candidate in candidates { try? await connection?.peer.addCandidate(candidate) }
        return nil
      case .rollback:
        await connection?.rollBack()
        return nil
      case .leave: return nil
      }
      return .accepted
    } catch let failure as Failure {
      throw failure
    } catch let error as MediaError {
      throw error.code == .invalidDescription ? Failure.unusableDescription : Failure.engine
    } catch {
      throw error is SDPProblem ? Failure.unusableDescription : Failure.engine
    }
  }

  mutating func close() async {
    await connection?.close()
    connection = nil
  }

  private mutating func offer(like pattern: String?) async throws -> String {
    let used: MixingConnection
    if let connection { used = connection } else { used = try await connect() }
    connection = used
    let offer = try await used.offer()
    return pattern.flatMap { try? SessionDescription($0) }.map { offer.rejectingTheOtherSections(of: $0).text } ?? offer.text
  }

  private mutating func answer(_ offer: SessionDescription) async throws -> String {
    guard let audio = offer.audioOnly else { throw Failure.unusableDescription }
    if let connection, !connection.isSpoilt, !connection.isElsewhere(audio) {
      do {
        return try await connection.answer(audio).rejectingTheOtherSections(of: offer).text
      } catch {
        await connection.rollBack()
        connection.isSpoilt = true
      }
    }
    let fresh = try await connect()
    do {
      let answer = try await fresh.answer(audio)
      await connection?.close()
      connection = fresh
      return answer.rejectingTheOtherSections(of: offer).text
    } catch {
      await fresh.close()
      throw error
    }
  }

  private func accept(_ answer: SessionDescription) async throws {
    guard let audio = answer.audioOnly, let connection else { throw Failure.unusableDescription }
    try await connection.accept(audio)
  }

  private func connect() async throws -> MixingConnection {
    MixingConnection(try await engine.makePeer(PeerConfiguration()), mixer.addPort())
  }
}

/// A peer whose far end hears the mixer and is heard by it. Descriptions have one section, audio.
final class MixingConnection {
  let peer: any MediaPeer
  private let port: AudioMixer.Port
  private var localRole: DTLSRole?
  private var local: SessionDescription?
  private var remote: SessionDescription?
  private var localOffer: SessionDescription?
  /// The engine has refused a description, and may refuse all further ones.
  var isSpoilt = false

  init(_ peer: any MediaPeer, _ port: AudioMixer.Port) {
    self.peer = peer
    self.port = port
  }

  func isElsewhere(_ offer: SessionDescription) -> Bool { remote.map { offer.comesFromNewEndpoint(comparedTo: $0) } ?? false }

  func offer() async throws -> SessionDescription {
    try await attach(.sendrecv)
    let made = try await peer.createOffer(iceRestart: false)
    let context = LocalDescriptionPipeline.Context(
      callId: nil, type: .offer, operation: .update, localRole: localRole, current: local)
    let sent = try await describe(made, context)
    localOffer = sent
    return sent
  }

  func answer(_ offer: SessionDescription) async throws -> SessionDescription {
    let prepared = try prepare(offer, .offer)
    try await peer.setRemoteDescription(.offer, prepared.text)
    // The old way to hold says nothing about directions (R-UP-4).
    try await attach(offer.media.contains { offer.isHeldByAddress($0) } ? .inactive : .sendrecv)
    let made = try await peer.createAnswer()
    let context = LocalDescriptionPipeline.Context(
      callId: nil, type: .answer, operation: .respond, localRole: localRole, remoteOffer: prepared.description)
    let sent = try await describe(made, context)
    localRole = DTLSRole.local(afterLocalAnswer: sent) ?? localRole
    (local, remote) = (sent, prepared.description)
    port.gain = offer.isHold ? 0 : 1
    return sent
  }

  func accept(_ answer: SessionDescription) async throws {
    let prepared = try prepare(answer, .answer)
    try await peer.setRemoteDescription(.answer, prepared.text)
    localRole = prepared.description.flatMap(DTLSRole.local(afterRemoteAnswer:)) ?? localRole
    (local, remote, localOffer) = (localOffer, prepared.description, nil)
    port.gain = answer.isHold ? 0 : 1
  }

  func rollBack() async {
    localOffer = nil
    do { try await peer.rollback() } catch { isSpoilt = true }
  }

  func close() async {
    await peer.close()
    port.leave()
  }

  private func attach(_ direction: MediaDirection) async throws {
    if try await peer.transceivers().contains(.audio) {
      try await peer.setDirection(.audio, direction)
    } else {
      try await peer.addTransceiver(.audio, direction: direction)
    }
    try await peer.setMicrophone(port)
    try await peer.setAudioSinks([port])
  }

  private func prepare(_ description: SessionDescription, _ type: DescriptionType) throws -> PreparedDescription {
    let context = RemoteDescriptionPipeline.Context(
      callId: nil, type: type, operation: .update, localRole: localRole, isOriginator: localOffer != nil,
      localOffer: type == .answer ? localOffer : nil, current: remote)
    return try RemoteDescriptionPipeline().prepareToSet(description.text, context)
  }

  /// Sets a local description and waits for its candidates: the mixer has addresses of its own and no server to ask, so they come
  /// at once.
  private func describe(
    _ made: String, _ context: LocalDescriptionPipeline.Context
  ) async throws -> SessionDescription {
    let pipeline = LocalDescriptionPipeline()
    try await peer.setLocalDescription(context.type, pipeline.prepareToSet(made, context).text)
    while try await peer.gatheringState() != .complete {
      var events = peer.events.makeAsyncIterator()
      guard await events.next(isolation: #isolation) != nil else { throw MediaError.closed }
    }
    guard let gathered = try await peer.localDescription() else { throw MediaError(.engine, "There is no description.") }
    return try SessionDescription(pipeline.prepareToSend(gathered, context).text)
  }
}
