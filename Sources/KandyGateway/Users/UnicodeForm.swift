import Foundation

extension String {
  /// Unicode's composed form (NFC). Only the full Foundation has it.
  var precomposedForm: String { precomposedStringWithCanonicalMapping }
}
