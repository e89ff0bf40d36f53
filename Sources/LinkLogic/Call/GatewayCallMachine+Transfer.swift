import LinkProtocol

// Handing an answered call over to somebody else (part 02 §8.17, §8.18).
extension GatewayCallMachine {
  /// A transfer that has been accepted and is not decided yet.
  struct Transfer: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
      case direct, consultative
      /// Nobody wanted it: two that spoke with each other are connected anew, since a join has failed.
      case reunion
    }

    enum Progress: Sendable, Hashable {
      /// The target of a direct transfer rings.
      case ringing
      /// The target of a consultative transfer is asked for an offer as soon as it can be.
      case asking
      /// The target owes its offer.
      case asked
      /// The target has made its offer, which the transferee is given as soon as it can be.
      case offering(Content)
      /// The transferee owes the answer.
      case offered
    }

    /// Who wants it.
    let transferor: Party
    /// The transferor's leg with the transferee; `nil` when it has left.
    var leg: Leg?
    /// The transferor's leg with the target; `nil` in a direct transfer, and when it has left.
    var consultation: Leg?
    let transferee: Leg
    var target: Leg
    let kind: Kind
    var progress: Progress

    func has(_ leg: Leg) -> Bool {
      leg == self.leg || leg == consultation || leg == transferee || leg == target
    }

    /// What the leg says now is meant for the new far end.
    func isAbout(_ leg: Leg) -> Bool {
      switch progress {
      case .ringing, .asking: false
      case .asked, .offering: leg == target
      case .offered: leg == target || leg == transferee
      }
    }

    /// The target's offer is outstanding.
    var isOffering: Bool {
      switch progress {
      case .offering, .offered: true
      case .ringing, .asking, .asked: false
      }
    }
  }

  func transfer(of leg: Leg) -> Transfer? { transfers.first { $0.has(leg) } }

  private mutating func change(_ transfer: Transfer, _ change: (inout Transfer) -> Void) {
    guard let index = transfers.firstIndex(of: transfer) else { return }
    change(&transfers[index])
  }

  // MARK: - The request

  mutating func transfer(to destination: Destination, by leg: Leg) -> [Effect] {
    guard conference(of: leg) == nil else { return [.respond(Self.isInConference)] }
    guard transfer(of: leg) == nil, let member = members[leg], let transferee = member.far else {
      return [.respond(Self.isBeingTransferred)]
    }
    switch destination {
    case .unreadable: return [.respond(Self.noAddress)]
    case .unknownSession: return [.respond(.callNotFound)]
    case .unansweredSession: return [.respond(Self.secondNotAnswered)]
    case .user(let party, let session, let reach):
      guard !isInCall(party.user, leg, transferee) else { return [.respond(Self.isInCall)] }
      let transfer = Transfer(
        transferor: member.party, leg: leg, transferee: transferee, target: session, kind: .direct, progress: .ringing)
      return [.respond(.accepted)] + ring(party, session, reach, for: transfer)
    case .farEnd(let second):
      return consult(second, transferee, by: leg)
    }
  }

  /// The target gets a call without description, so that its answer brings an offer and the transferee keeps the transferor's media
  /// until then (R-CALL-182).
  private mutating func ring(_ party: Party, _ session: SessionID, _ reach: Reach, for transfer: Transfer) -> [Effect] {
    guard let remote = members[transfer.transferee]?.party else { return [] }
    transfers.append(transfer)
    let invitation = Invitation(content: Content(sdp: nil))
    add(session, party, isOutgoing: false, remote: remote, far: transfer.transferee, .ringing(invitation))
    return begin(transfer.transferee, session, .transferred(by: transfer.transferor.user)) + invite(session, reach)
  }

  private mutating func consult(_ second: Leg, _ transferee: Leg, by leg: Leg) -> [Effect] {
    guard let member = members[leg], members[second]?.party.user == member.party.user else {
      return [.respond(.callNotFound)]
    }
    guard conference(of: second) == nil else { return [.respond(Self.isInConference)] }
    guard stage(second) == .talking, let target = members[second]?.far else { return [.respond(Self.secondNotAnswered)] }
    guard ![leg, transferee].contains(second), let user = members[target]?.party.user, user != members[transferee]?.party.user
    else { return [.respond(Self.isInCall)] }
    guard transfer(of: second) == nil else { return [.respond(Self.isBeingTransferred)] }
    transfers.append(
      Transfer(
        transferor: member.party, leg: leg, consultation: second, transferee: transferee, target: target,
        kind: .consultative, progress: .asking))
    return [.respond(.accepted)]
  }

  private func isInCall(_ user: UserAddress, _ one: Leg, _ other: Leg) -> Bool {
    members[one]?.party.user == user || members[other]?.party.user == user
  }

  // MARK: - On the way

  /// A device of the target has answered, with an offer.
  mutating func acceptTransfer(_ transfer: Transfer, _ content: Content) -> [Effect] {
    let target = transfer.target
    members[target]?.stage = .talking
    change(transfer) { $0.progress = .offering(content) }
    return [.respond(.accepted)] + notify(target, .callCancel) + cancel(.ring(target)) + [startAudit(target)]
  }

  /// Somebody else rings in the target's place.
  mutating func retarget(_ transfer: Transfer, to leg: Leg) {
    change(transfer) { $0.target = leg }
  }

  /// Takes the next step of each transfer that waited for a leg to finish another exchange: no leg is ever given an offer while it
  /// owes an answer or waits for one (R-CALL-441).
  mutating func proceed() -> [Effect] {
    var effects = proceedWithJoins()
    for transfer in transfers {
      switch transfer.progress {
      case .asking where isFree(transfer.target):
        effects += handOver(transfer, to: transfer.target, of: transfer.transferee, nil, .asked)
      case .offering(let content) where isFree(transfer.transferee):
        effects += handOver(transfer, to: transfer.transferee, of: transfer.target, content, .offered)
      case .ringing, .asking, .asked, .offering, .offered: break
      }
    }
    return effects
  }

  /// Gives a leg the new far end's offer, or asks it for its own, and names the new far end (R-CALL-206).
  private mutating func handOver(
    _ transfer: Transfer, to leg: Leg, of far: Leg, _ content: Content?, _ progress: Transfer.Progress
  ) -> [Effect] {
    guard let remote = members[far]?.party else { return [] }
    members[leg]?.remote = remote
    change(transfer) { $0.progress = progress }
    return hand(.startCallUpdate, content, to: leg, asker: .transfer, isSlowStart: content == nil)
  }

  /// The reply to what was handed over: the target's offer, or the transferee's answer, which decides.
  mutating func repliedToTransfer(_ content: Content, from leg: Leg) -> [Effect] {
    guard let transfer = transfer(of: leg) else { return [] }
    guard leg == transfer.transferee else {
      change(transfer) { $0.progress = .offering(content) }
      return []
    }
    return complete(transfer, content)
  }

  // MARK: - Success

  private mutating func complete(_ transfer: Transfer, _ answer: Content) -> [Effect] {
    let (transferee, target) = (transfer.transferee, transfer.target)
    guard let one = members[transferee]?.party.user, let other = members[target]?.party.user else { return [] }
    transfers.removeAll { $0 == transfer }
    members[transferee]?.far = target
    members[target]?.far = transferee
    var effects = notify(target, .respondCallUpdate, answer)
    if let leg = transfer.leg {
      effects +=
        leave(leg, .sessionComplete, .sessionCompleted, "Transfer Successful")
        + conclude(leg, transferee, .transferred(to: other))
    }
    if let leg = transfer.consultation {
      effects += leave(leg, .callEnd, .sessionCompleted, "Transfer Successful") + conclude(leg, target, .transferred(to: one))
    }
    effects += releaseCandidates(transferee, target)
    // Those who are connected anew have had a conversation all the time.
    if transfer.kind == .reunion { return effects }
    if transfer.kind == .consultative { effects += begin(transferee, target, .transferred(by: transfer.transferor.user)) }
    return effects + answered(transferee, target)
  }

  /// The leg is done with the call, which goes on elsewhere. Its session is known for a while: its client deletes it (R-CALL-73,
  /// R-CALL-214).
  mutating func leave(_ leg: Leg, _ type: EventType, _ code: LocalCallCode, _ text: String) -> [Effect] {
    let told = notify(leg, type) {
      $0.sessionParams?.statusCode = StatusCode(rawValue: code.rawValue)
      $0.sessionParams?.reasonText = text
    }
    members[leg]?.stage = .left
    members[leg]?.far = nil
    return told + Timer.Kind.allCases.flatMap { cancel(Timer($0, leg)) } + [startAudit(leg)]
  }

  static let isInConference = Answer.outOfPlace("The call is being joined, or a conference.")
  static let isBeingTransferred = Answer.outOfPlace("The call is being transferred already.")
  private static let isInCall = Answer.invalid("A call cannot be transferred to somebody who is in it.")
  static let secondNotAnswered = Answer.outOfPlace("The second call has not been answered.")
}
