/// Who opens the DTLS association of a peer connection. Chosen with the first answer, it stays for as long as the association
/// does (R-DTLS-2); the owner of the peer connection keeps the local role, and forgets it with the connection (R-DTLS-3).
public enum DTLSRole: String, Sendable, Hashable, CaseIterable {
  case active, passive

  /// The role of the other end.
  public var complement: DTLSRole { self == .active ? .passive : .active }

  /// The value of `a=setup` that states this role.
  public var setup: SetupRole { self == .active ? .active : .passive }

  /// The local role after setting a local answer (R-DTLS-3). - Returns: `nil` if the answer states none.
  public static func local(afterLocalAnswer answer: SessionDescription) -> DTLSRole? {
    answer.statedRole
  }

  /// The local role after setting a remote answer, provisional or final (R-DTLS-3). An answer that says nothing is active, so
  /// the local role is passive. - Returns: `nil` if everything in the answer is rejected.
  public static func local(afterRemoteAnswer answer: SessionDescription) -> DTLSRole? {
    guard answer.media.contains(where: { !$0.isRejected }) else { return nil }
    return (answer.statedRole ?? .active).complement
  }
}

extension SessionDescription {
  /// The first definite role that a section in use states.
  var statedRole: DTLSRole? {
    media.lazy.filter { !$0.isRejected }.compactMap { self.setup(of: $0) }.compactMap { DTLSRole(rawValue: $0.rawValue) }.first
  }

  /// States a role in every section in use, and nowhere else.
  mutating func write(setup role: SetupRole) {
    removeAttributes("setup")
    for index in media.indices {
      if !media[index].isRejected {
        media[index].setup = role
      } else if media[index].hasAttribute("setup") {
        media[index].removeAttributes("setup")
      }
    }
  }

  /// Makes a local description state the role that the association has: offers leave the choice open (R-DTLS-1), answers repeat
  /// what was chosen (R-DTLS-2, R-DTLS-12).
  mutating func settleLocalRole(isOffer: Bool, localRole: DTLSRole?) {
    guard let role = isOffer ? .actpass : localRole?.setup else { return }
    for index in media.indices where media[index].setup != nil && media[index].setup != role {
      media[index].setup = role
    }
  }

  /// Makes a remote offer's role one that an engine accepts: in a call it leaves the choice open, whatever was written
  /// (R-DTLS-4); at the beginning only `holdconn` is changed (R-DTLS-8).
  mutating func settleRoleOfRemoteOffer(localRole: DTLSRole?) {
    let roles = media.filter { !$0.isRejected }.map { setup(of: $0) }
    let mustChange = localRole == nil ? roles.contains(.holdconn) : roles.contains { $0 != .actpass }
    if mustChange { write(setup: .actpass) }
  }

  /// Makes a remote answer's role definite and the complement of the local one (R-DTLS-5, R-DTLS-6, R-DTLS-8).
  ///
  /// Without a local role yet, an `actpass` (illegal, but gateways mirror the offer) becomes `passive` if this end placed the call: such
  /// a gateway waits for the other side. An answer without any role stays so; the engine takes it as active.
  mutating func settleRoleOfRemoteAnswer(localRole: DTLSRole?, isOriginator: Bool) {
    let roles = media.filter { !$0.isRejected }.map { setup(of: $0) }
    if let localRole {
      let role = localRole.complement.setup
      if roles.contains(where: { $0 != role }) { write(setup: role) }
    } else if roles.contains(.actpass) || roles.contains(.holdconn) {
      write(setup: statedRole?.setup ?? (isOriginator ? .passive : .active))
    }
  }
}
