/// The versions of this SDK.
public enum Version {
  /// The version of the API document that is implemented; what `getVersion` gives.
  public static let current = "3.16.0"
}
