import KandyTesting
import LinkProtocol
import Testing

@testable import Kandy

@Suite struct AudioBridgeTableTests {
  private func table(_ ids: AudioBridge.ID...) -> AudioBridgeTable {
    var table = AudioBridgeTable()
    for id in ids { table.create(id) }
    return table
  }

  private func add(
    _ call: CallID?, to id: AudioBridge.ID, _ table: inout AudioBridgeTable, isHeld: Bool = false, unheard: Set<CallID> = []
  ) throws(BasicError) {
    _ = try table.add(call, to: id, isHeld: isHeld) { !unheard.contains($0) }
  }

  private func expect(
    _ code: BasicError.Code, _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(BasicError) -> Void
  ) {
    do {
      try body()
      Issue.record("It was not refused.", sourceLocation: sourceLocation)
    } catch {
      #expect(error.code == code && error.message == message, "\(error)", sourceLocation: sourceLocation)
    }
  }

  @Test(.spec("R-CALL-711")) func aRecordIsAsDocumented() throws {
    var table = table("b1", "b2")
    try add("c1", to: "b2", &table)
    try table.update("b2") { $0.muted = true }
    try table.update("b1") { $0.status = .closed }
    #expect(
      JSONValue.of(table.all) == [
        ["id": "b1", "muted": false, "silenced": false, "calls": [], "status": "CLOSED"],
        ["id": "b2", "muted": true, "silenced": false, "calls": ["c1"], "status": "OPEN"],
      ])
  }

  @Test(.spec("R-CALL-713", "R-CALL-714", "TV-158")) func whatIsRefusedIsRefusedInTheDocumentedOrder() throws {
    var table = table("b1", "b2")
    let noMatch = "A provided ID did not match an existing bridge and/or call."
    expect("audioBridge:2", noMatch) { () throws(BasicError) in
      try add("c1", to: "none", &table, isHeld: true)
    }
    expect("audioBridge:2", noMatch) { () throws(BasicError) in try add(nil, to: "b1", &table, isHeld: true) }
    expect("audioBridge:7", "Invalid state.") { () throws(BasicError) in try add("c1", to: "b1", &table, isHeld: true) }
    // The first call of a bridge is not checked for media.
    try add("c1", to: "b1", &table, unheard: ["c1"])
    expect("audioBridge:7", "Invalid state.") { () throws(BasicError) in try add("c1", to: "b1", &table, isHeld: true) }
    for bridge: AudioBridge.ID in ["b1", "b2"] {
      expect("audioBridge:3", "Call already added to bridge.") { () throws(BasicError) in
        try add("c1", to: bridge, &table, unheard: ["c1"])
      }
    }
    for unheard: Set<CallID> in [["c1"], ["c2"]] {
      expect("audioBridge:6", "Failed to find media.") { () throws(BasicError) in
        try add("c2", to: "b1", &table, unheard: unheard)
      }
    }
    try add("c2", to: "b1", &table)
    #expect(table.all.map(\.calls) == [["c1", "c2"], []])
  }

  @Test(.spec("R-CALL-713")) func onlyWhatIsInABridgeIsTakenOutOfIt() throws {
    var table = table("b1", "b2")
    try add("c1", to: "b1", &table)
    let noMatch = "A provided ID did not match an existing bridge and/or call."
    expect("audioBridge:2", noMatch) { () throws(BasicError) in try table.remove("c1", from: "none") }
    expect("audioBridge:2", noMatch) { () throws(BasicError) in try table.remove(nil, from: "b1") }
    expect("audioBridge:4", "Specified call not in bridge.") { () throws(BasicError) in try table.remove("c1", from: "b2") }
    try table.remove("c1", from: "b1")
    expect("audioBridge:4", "Specified call not in bridge.") { () throws(BasicError) in try table.remove("c1", from: "b1") }
    #expect(table.bridge(of: "c1") == nil)
    try add("c1", to: "b2", &table)
    #expect(table.bridge(of: "c1") == "b2")
  }

  @Test(.spec("R-CALL-713", "R-CALL-716", "R-CALL-721")) func anUnknownBridgeIsNotFoundAndAClosedOneIsRefused() throws {
    var table = table("b1", "b2")
    let noMatch = "Provided ID does not match an existing bridge."
    expect("audioBridge:2", noMatch) { () throws(BasicError) in try table.update("none") { $0.muted = true } }
    try add("c1", to: "b1", &table)
    try table.update("b1") { $0.status = .closed }
    expect("audioBridge:7", "Invalid state.") { () throws(BasicError) in try table.update("b1") { $0.status = .closed } }
    expect("audioBridge:7", "Invalid state.") { () throws(BasicError) in try add("c2", to: "b1", &table) }
    expect("audioBridge:7", "Invalid state.") { () throws(BasicError) in try table.remove("c1", from: "b1") }
    // Its list stays as it was, and its calls are free.
    #expect(table.all[0] == AudioBridge(id: "b1", calls: ["c1"], status: .closed))
    try add("c1", to: "b2", &table)
  }
}
