/// What has to be so for any bytes at all. A fuzz target tries those that libFuzzer thinks of; a test tries the corpus.
package protocol FuzzCheck: SendableMetatype {
  /// - Throws: what is wrong.
  static func examine(_ bytes: [UInt8]) throws
}

package struct FuzzComplaint: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
