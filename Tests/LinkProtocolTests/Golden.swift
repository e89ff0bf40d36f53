import Foundation
import LinkProtocol
import Testing

/// A JSON text as a value, so that white space and the order of members do not matter.
func json(_ text: String) throws -> JSONValue {
  try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
}

/// A body as it would be written.
func written<Body: WireBody>(_ body: Body) throws -> JSONValue {
  try JSONDecoder().decode(JSONValue.self, from: WireCoding.encode(body))
}

/// A text as it would be read.
func read<Body: WireBody>(_ type: Body.Type, _ text: String) throws -> Body {
  try WireCoding.decode(type, from: Data(text.utf8))
}

/// The text, written by hand from the specification, is read as this body, and the body is written as this text.
func expectGolden<Body: WireBody & Equatable>(
  _ body: Body, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(try read(Body.self, text) == body, sourceLocation: sourceLocation)
  #expect(try written(body) == json(text), sourceLocation: sourceLocation)
}
