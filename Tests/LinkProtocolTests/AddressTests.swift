import KandyTesting
import LinkProtocol
import Testing

@Suite struct AddressTests {
  @Test(
    .spec("R-CALL-620", "R-CALL-621"),
    arguments: [
      ("bob", "sip:bob@example.com"), ("bob@other.org", "sip:bob@other.org"), ("sip:bob@other.org", "sip:bob@other.org"),
      (" +1 (555) 010-0199 ", "sip:+15550100199@example.com"),
      ("555.010.0199@pstn.example.com", "sip:5550100199@pstn.example.com"),
      ("*67 555-0100", "sip:*675550100@example.com"), ("#31#5550100", "sip:#31#5550100@example.com"),
      ("bob.smith-jones", "sip:bob.smith-jones@example.com"), ("@bob", "sip:@bob@example.com"),
      ("bob@", "sip:bob@@example.com"), ("tel:+15550100", "sip:+15550100@example.com"), ("", "sip:@example.com"),
      // A digit with an accent is no digit.
      ("1\u{301}2-3", "sip:1\u{301}2-3@example.com"),
    ])
  func aDestinationIsNormalized(_ typed: String, _ normalized: String) {
    #expect(AddressRules.normalize(typed, defaultDomain: "example.com") == normalized)
  }

  @Test(.spec("R-CALL-620"), arguments: [("", "sip:bob"), ("@x.org", "sip:bob@x.org"), ("x.org", "sip:bob@x.org")])
  func theDefaultDomainMayBeMissingOrHaveItsSign(_ domain: String, _ normalized: String) {
    #expect(AddressRules.normalize("bob", defaultDomain: domain) == normalized)
  }

  @Test(
    .spec("R-CALL-630", "R-CALL-631"),
    arguments: [
      ("bob", "", "bob"), ("sip:5550100", "", "5550100"), ("bob@example.com", "", "sip:bob@example.com"),
      ("sip:bob@example.com", "", "sip:bob@example.com"),
      ("alice@example.com", "Alice Adams", "Alice Adams<sip:alice@example.com>"), ("alice", "Adams", "Adams<alice>"),
    ])
  func addressesOnTheWire(_ address: String, _ name: String, _ wire: String) {
    #expect(AddressRules.wireForm(address, name: name) == wire)
  }

  @Test(
    .spec("R-CALL-634"),
    arguments: [
      ("Reception", "Reception", nil), (" Front desk ", "Front desk", nil), ("5550100", "5550100", nil),
      ("sip:", "sip:", nil), ("me@", "me@", nil), ("A<B>", "A<B>", nil), ("", nil, nil), ("  ", nil, nil),
      ("alice@example.com", nil, "alice@example.com"), ("sip:5550100", nil, "sip:5550100"),
      ("TEL:+15550100", nil, "TEL:+15550100"), ("<alice@example.com>", nil, "alice@example.com"),
      ("Reception<sip:desk@example.com>", "Reception", "sip:desk@example.com"),
      ("\"Front desk\" <desk@example.com>", "Front desk", "desk@example.com"),
    ] as [(String, String?, String?)])
  func aCallerIsANameAnAddressOrBoth(_ text: String, _ name: String?, _ address: String?) {
    let caller = AddressRules.readCaller(text)
    #expect(caller.name == name)
    #expect(caller.address == address)
  }

  @Test(
    .spec("R-CALL-632"),
    arguments: [
      ("bob", "bob@example.com"), ("sip:bob", "bob@example.com"), ("bob@Other.ORG", "bob@other.org"),
      ("sip:bob@other.org", "bob@other.org"), ("SIPS:bob@other.org;user=phone", "bob@other.org"),
      ("tel:+15550100", "+15550100@example.com"), ("Bob Brown<sip:bob@other.org>", "bob@other.org"),
      ("Bob Brown <sip:bob@other.org;user=phone>", "bob@other.org"), ("Bob <bob>", "bob@example.com"),
      (" bob ", "bob@example.com"), ("Bob@example.com", "Bob@example.com"), ("", nil), ("<>", nil), ("a b", nil),
      ("sip:", nil), ("@example.com", nil), ("bob@", nil), ("bob\u{0}", nil),
    ] as [(String, String?)])
  func anyClientsAddressIsUnderstood(_ text: String, _ address: String?) {
    #expect(AddressRules.read(text, defaultDomain: "example.com")?.description == address)
  }

  @Test(
    .spec("R-CALL-206"),
    arguments: [
      ("5550100", "example.com", "5550100@example.com"), ("bob@x.org", "example.com", "bob@x.org"), ("bob", "", "bob"),
    ])
  func numbersGetTheOwnDomain(_ number: String, _ domain: String, _ completed: String) {
    #expect(AddressRules.completed(number, domain: domain) == completed)
  }

  @Test(arguments: [
    ("bob@Example.com", "bob@example.COM", true), ("Bob@example.com", "bob@example.com", false),
    ("a@b@example.com", "a@b@example.com", true), ("bob", "bob", false),
  ])
  func domainsAreComparedWithoutRegardToCaseAndUsersExactly(_ one: String, _ other: String, _ same: Bool) {
    let address = UserAddress(one)
    #expect((address != nil && address == UserAddress(other)) == same)
  }

  @Test(
    .spec("R-CONN-401", "R-CONN-402"),
    arguments: [
      ("alice@example.com", "alice@example.com"), ("a:b", "a:b"), ("a/b", "a%2Fb"), ("a b?c#d", "a%20b%3Fc%23d"),
      ("müller", "m%C3%BCller"), ("100%", "100%25"), ("a!$&'()*+,;=-._~z", "a!$&'()*+,;=-._~z"), ("\u{1}", "%01"),
    ])
  func usersInPathsAreEscaped(_ user: String, _ escaped: String) {
    #expect(
      Subscription.create.path(user: user) == "/rest/version/1/user/\(escaped)/subscription")
  }

  @Test(.spec("R-CALL-1", "R-CALL-4", "R-CALL-7", "R-CONN-541")) func pathsOfTheEndpoints() {
    let user = "alice@example.com"
    let base = "/rest/version/1/user/alice@example.com"
    #expect(CallControl.start.path(user: user) == "\(base)/callControl")
    #expect(CallControl.update.path(user: user, key: "s-%0A1") == "\(base)/callControl/callSessions/s-%0A1")
    #expect(CallControl.disposition.path(user: user, version: "2") == "/rest/version/2/user/alice@example.com/calldisposition")
    #expect(Subscription.refresh.path(user: user, key: "6d1f") == "\(base)/subscription/6d1f")
    #expect(
      Subscription.refreshByCorrelator.path(user: user, key: "3f1c") == "\(base)/subscription/clientCorrelator/3f1c")
    #expect(
      [CallControl.start.method, CallControl.update.method, CallControl.end.method, CallControl.state.method] == [
        .post, .put, .delete, .get,
      ])
  }
}
