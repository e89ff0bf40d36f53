import HTTPTypes
import LinkProtocol

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How much of a request may travel on to another user. Without a limit one user could send another a notification that closes the
/// other's socket, again and again, since clients accept messages of a certain size only.
enum PassedOn {
  /// Bytes of a session description. Real ones have a few thousand.
  static let descriptionLimit = 256 * 1024
  /// Bytes of everything else, as JSON: custom parameters and bodies, candidates.
  static let extrasLimit = 64 * 1024
  /// Bytes of one candidate. So those that are held until a call is answered stay few and small.
  static let candidateLimit = 2 * 1024

  /// - Throws: `Refusal` with code 37 that names the member and its limit.
  static func check(_ request: CallControlRequest) throws(Refusal) {
    if let sdp = request.sdp, sdp.utf8.count > descriptionLimit {
      throw refusal("A session description", limit: descriptionLimit)
    }
    if request.iceCandidates?.contains(where: { size(of: $0) > candidateLimit }) == true {
      throw refusal("A candidate", limit: candidateLimit)
    }
    let extras = size(of: request.customParameters) + size(of: request.customBodies) + size(of: request.iceCandidates)
    guard extras <= extrasLimit else { throw refusal("What goes with a session description", limit: extrasLimit) }
  }

  private static func refusal(_ subject: String, limit: Int) -> Refusal {
    Refusal(.badRequest, .invalidValue, "\(subject) has at most \(limit) bytes.")
  }

  private static func size<Value: Encodable>(of value: Value?) -> Int {
    // What came as JSON can be written as JSON.
    value.flatMap { try? JSONEncoder().encode($0) }?.count ?? 0
  }
}
