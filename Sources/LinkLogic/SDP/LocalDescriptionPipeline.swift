public import LinkProtocol

/// What of the configuration concerns session descriptions. A change takes effect with the next exchange (R-SDP-23).
public struct SDPOptions: Sendable {
  /// `call.bundlePolicy` (R-SDP-50).
  public var bundlePolicy: BundlePolicy
  /// `call.codecsToReplace`, of entries with the same name the last one counts (R-SDP-60).
  public var codecsToReplace: [CodecReplacement]
  /// `call.opusConfig` (R-SDP-65).
  public var opus: OpusParameters?
  /// `call.sdpHandlers`, in the order in which they run.
  public var handlers: [SDPHandler]

  public init(
    bundlePolicy: BundlePolicy = .disabled, codecsToReplace: [CodecReplacement] = [], opus: OpusParameters? = nil,
    handlers: [SDPHandler] = []
  ) {
    self.bundlePolicy = bundlePolicy
    self.codecsToReplace = codecsToReplace
    self.opus = opus
    self.handlers = handlers
  }
}

/// What comes out of a pipeline.
public struct PreparedDescription: Sendable, Hashable {
  /// The text to go on with: to be set, or to be sent.
  public var text: String
  /// The same as a value; `nil` if the text could not be read.
  public var description: SessionDescription?
  /// The description as the far end, or the engine, made it: what hold and directions are read from (R-SDP-96). `nil` if the
  /// text could not be read.
  public var original: SessionDescription?
  /// What to log.
  public var remarks: [SDPRemark]

  public init(
    text: String, description: SessionDescription? = nil, original: SessionDescription? = nil, remarks: [SDPRemark] = []
  ) {
    self.text = text
    self.description = description
    self.original = original
    self.remarks = remarks
  }
}

/// Everything that happens to a description between the engine that made it and the engine that sets it, and again before it
/// leaves (R-SDP-42, left column).
public struct LocalDescriptionPipeline: Sendable {
  /// What a description is made for.
  public struct Context: Sendable, Hashable {
    /// The call, once it has an identifier (R-SDP-25).
    public var callId: String?
    public var type: DescriptionType
    public var operation: SDPOperation
    /// Whether `a=ice-options:trickle` is to be there (R-SDP-75); otherwise it is removed (R-SDP-76).
    public var advertisesTrickle: Bool
    /// The role of this end in the peer connection's DTLS association, once it has one (R-DTLS-3).
    public var localRole: DTLSRole?
    /// Of an answer: the remote offer, as it was set.
    public var remoteOffer: SessionDescription?
    /// Of an offer in a call: the current local description, whose ICE credentials stay (R-UP-8). `nil` for the first one, and
    /// when ICE is to be restarted.
    public var current: SessionDescription?

    public init(
      callId: String?, type: DescriptionType, operation: SDPOperation, advertisesTrickle: Bool = false,
      localRole: DTLSRole? = nil, remoteOffer: SessionDescription? = nil, current: SessionDescription? = nil
    ) {
      self.callId = callId
      self.type = type
      self.operation = operation
      self.advertisesTrickle = advertisesTrickle
      self.localRole = localRole
      self.remoteOffer = remoteOffer
      self.current = current
    }

    func info(_ step: SDPStep) -> SDPHandler.Info {
      SDPHandler.Info(callId: callId, type: type, step: step, operation: operation)
    }
  }

  public var options: SDPOptions

  public init(_ options: SDPOptions = SDPOptions()) {
    self.options = options
  }

  /// Prepares what the engine made for being set. Preparing the result again changes nothing, as far as the handlers do not
  /// (R-SDP-43).
  public func prepareToSet(_ text: String, _ context: Context) -> PreparedDescription {
    prepare(text) { description, remarks in
      let isOffer = context.type == .offer
      if isOffer {
        if let current = context.current, options.bundlePolicy == .disabled { description.keepCredentials(of: current) }
        for replacement in mergedReplacements where !description.apply(replacement) {
          remarks.append(.codecReplacementIgnored(replacement))
        }
      }
      if let opus = options.opus { description.apply(opus) }
      description.setTrickle(context.advertisesTrickle)
      for index in description.media.indices { description.media[index].removeAttributes("crypto") }  // R-DTLS-20
      description.settleLocalRole(isOffer: isOffer, localRole: context.localRole)
      if options.bundlePolicy == .disabled { description.removeBundle() }
      description = options.handlers.run(on: description, context.info(.preSetLocal), remarks: &remarks)
      clamp(&description, context)
    }
  }

  /// Prepares what the engine has set, now with candidates, for being sent. The engine does not learn of the changes.
  public func prepareToSend(_ text: String, _ context: Context) -> PreparedDescription {
    var prepared = prepare(text) { description, remarks in
      // Setting a description moves or adds the option in some engines (R-SDP-75), and restores no group; both stay as wanted.
      description.setTrickle(context.advertisesTrickle)
      description = options.handlers.run(on: description, context.info(.preSendLocal), remarks: &remarks)
      if options.bundlePolicy == .disabled { description.removeBundle() }
      clamp(&description, context)
    }
    let bytes = prepared.text.utf8.count
    if bytes > 4096 { prepared.remarks.append(.oversized(bytes: bytes)) }
    return prepared
  }

  private func prepare(
    _ text: String, _ change: (inout SessionDescription, inout [SDPRemark]) -> Void
  ) -> PreparedDescription {
    guard let original = try? SessionDescription(text) else {
      return PreparedDescription(text: text, remarks: [.unreadable])
    }
    var description = original
    var remarks: [SDPRemark] = []
    change(&description, &remarks)
    return PreparedDescription(
      text: description.text, description: description, original: original, remarks: remarks)
  }

  /// A handler may not widen an answer beyond the offer (R-SDP-96).
  private func clamp(_ description: inout SessionDescription, _ context: Context) {
    if context.type != .offer, let offer = context.remoteOffer { description.clampDirections(toOffer: offer) }
  }

  private var mergedReplacements: [CodecReplacement] {
    options.codecsToReplace.enumerated().filter { index, replacement in
      !options.codecsToReplace.dropFirst(index + 1).contains { $0.name.lowercased() == replacement.name.lowercased() }
    }.map(\.element)
  }
}
