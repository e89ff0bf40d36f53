public import Kandy
public import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How a `ScriptedTransport` answers a request.
public enum ScriptedAnswer: Sendable, Hashable {
  case response(TransportResponse)
  case failure(TransportError)
  /// No answer ever comes. The request ends with `TransportError.Code.timeout` when the transport's clock has passed its timeout.
  case never

  /// An answer without content.
  public static func status(_ status: Int) -> ScriptedAnswer {
    .response(TransportResponse(status: status))
  }

  /// The answer 200 with a JSON body.
  public static func json(_ body: JSONValue) -> ScriptedAnswer {
    json(200, body)
  }

  /// An answer with a JSON body.
  public static func json(_ status: Int, _ body: JSONValue) -> ScriptedAnswer {
    .response(
      TransportResponse(status: status, headers: ["content-type": "application/json"], body: Data(body.serialized.utf8)))
  }

  /// An answer with a body of the protocol in its envelope.
  /// - Throws: `EncodingError` when the body cannot be encoded.
  public static func body(_ status: Int, _ body: some WireBody) throws -> ScriptedAnswer {
    .response(
      TransportResponse(
        status: status, headers: ["content-type": "application/json"], body: try WireCoding.encode(body)))
  }
}

extension JSONValue {
  /// The value as JSON text with sorted keys.
  public var serialized: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only a number that is not finite cannot be encoded, and JSON has none.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  /// Reads JSON text; `nil` when it is none.
  public init?(parsing text: String) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
    self = value
  }
}

extension TransportRequest {
  /// The path of the URL without its query, as it is, escapes and all.
  public var path: String { URLParts(url).path }

  /// The query of the URL without its question mark; empty when there is none.
  public var query: String { URLParts(url).query }

  /// The body as JSON; `nil` when there is none or it is something else.
  public var json: JSONValue? {
    body.flatMap { JSONValue(parsing: String(decoding: $0, as: UTF8.self)) }
  }
}

/// A URL cut into what a script looks at.
struct URLParts {
  let path: String
  let query: String

  init(_ url: String) {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let local = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
    let parts = local.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts.first.map(String.init) ?? ""
    query = parts.count > 1 ? String(parts[1]) : ""
  }
}

/// What a script says about a path: segments with `*` for any one, from the root with a leading slash, else the last segments.
struct PathPattern: Sendable, CustomStringConvertible {
  let description: String
  private let segments: [Substring]

  init(_ text: String) {
    description = text
    segments = text.split(separator: "/", omittingEmptySubsequences: true)
  }

  func matches(_ path: String) -> Bool {
    let path = path.split(separator: "/", omittingEmptySubsequences: true)
    guard description.hasPrefix("/") ? path.count == segments.count : path.count >= segments.count else { return false }
    return zip(path.suffix(segments.count), segments).allSatisfy { $1 == "*" || $0 == $1 }
  }
}
