/// The version of the API that this SDK implements, and of the SDK.
enum Version {
  static let current = "3.16.0"
}
