public import LinkProtocol

/// Everything that happens to a description between the wire and the engine that sets it (R-SDP-42, right column).
public struct RemoteDescriptionPipeline: Sendable {
  /// What a description was sent for.
  public struct Context: Sendable, Hashable {
    /// The call, once it has an identifier (R-SDP-25).
    public var callId: String?
    public var type: DescriptionType
    public var operation: SDPOperation
    /// The role of this end in the peer connection's DTLS association, once it has one (R-DTLS-3).
    public var localRole: DTLSRole?
    /// Whether this end placed the call (R-DTLS-5).
    public var isOriginator: Bool
    /// Of an answer: the local offer, as it was set.
    public var localOffer: SessionDescription?
    /// The remote description in force, if there is one: where missing ICE credentials are taken from (R-SDP-84).
    public var current: SessionDescription?

    public init(
      callId: String?, type: DescriptionType, operation: SDPOperation, localRole: DTLSRole? = nil, isOriginator: Bool,
      localOffer: SessionDescription? = nil, current: SessionDescription? = nil
    ) {
      self.callId = callId
      self.type = type
      self.operation = operation
      self.localRole = localRole
      self.isOriginator = isOriginator
      self.localOffer = localOffer
      self.current = current
    }
  }

  public var options: SDPOptions

  public init(_ options: SDPOptions = SDPOptions()) {
    self.options = options
  }

  /// Prepares what came for being set. Preparing the result again changes nothing, as far as the handlers do not (R-SDP-43).
  ///
  /// A text that cannot be read is passed on as it is, without handlers: the engine's error decides (R-SDP-44).
  /// - Throws: why the description cannot be used although it can be read: `empty`, `noMediaSection`, `onlySDES`, `unsecured`,
  ///   `sectionsDoNotMatchOffer`.
  public func prepareToSet(_ text: String, _ context: Context) throws(SDPProblem) -> PreparedDescription {
    var description: SessionDescription
    do {
      description = try SessionDescription(text)
    } catch {
      switch error {
      case .empty: throw error
      case .malformed, .noMediaSection, .onlySDES, .unsecured, .sectionsDoNotMatchOffer:
        return PreparedDescription(text: text, remarks: [.unreadable])
      }
    }
    description.normalizeFormat()
    let original = description
    try makeSound(&description, context)
    makeUsable(&description, context)
    var remarks: [SDPRemark] = []
    let info = SDPHandler.Info(
      callId: context.callId, type: context.type, step: .preSetRemote, operation: context.operation)
    description = options.handlers.run(on: description, info, remarks: &remarks)
    if context.type != .offer, let offer = context.localOffer { description.clampDirections(toOffer: offer) }
    return PreparedDescription(
      text: description.text, description: description, original: original, remarks: remarks)
  }

  /// What an engine needs to be able to set it at all, or why it cannot (R-SDP-90, R-SDP-91, R-SDP-96, R-SDP-97).
  private func makeSound(_ description: inout SessionDescription, _ context: Context) throws(SDPProblem) {
    guard !description.media.isEmpty else { throw .noMediaSection }
    if let problem = description.securityProblem { throw problem }
    description.makeDirectionsExplicit()
    guard context.type != .offer, let offer = context.localOffer else { return }
    try description.matchSections(ofOffer: offer)
    description.clampDirections(toOffer: offer)
  }

  /// Clean-ups and repairs. Fingerprints come before keys, so that a section that gets one loses its keys at once.
  private func makeUsable(_ description: inout SessionDescription, _ context: Context) {
    description.completeFingerprints()
    description.removeRedundantKeys()
    description.removeICEOption("google-ice")  // R-SDP-83
    description.completeCredentials(current: context.current)
    if context.type == .offer {
      description.settleRoleOfRemoteOffer(localRole: context.localRole)
    } else {
      description.settleRoleOfRemoteAnswer(localRole: context.localRole, isOriginator: context.isOriginator)
      if let offer = context.localOffer { description.rejectVideoWithoutCommonCodec(offer: offer) }
    }
    if options.bundlePolicy == .disabled { description.removeBundle() }
  }
}
