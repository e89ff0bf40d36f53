// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets (libFuzzer), off the default path: `make fuzz` builds and runs them. What is under test are the sources of the main
// package, by symbolic links – of LinkLogic the session descriptions and what a call reads of a notification –, so that they are
// compiled with coverage here and nothing else has to be built or fetched. What has to be so is written in the tests, which try the
// corpus.

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .unsafeFlags(["-sanitize=fuzzer"]),
]

func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzChecks", "FuzzDriver"], swiftSettings: swift,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
}

let package = Package(
  name: "kandy-fuzz",
  targets: [
    .target(name: "LinkProtocol", swiftSettings: swift),
    .target(name: "LinkLogic", dependencies: ["LinkProtocol"], swiftSettings: swift + [.unsafeFlags(["-enable-testing"])]),
    .target(
      name: "FuzzChecks", dependencies: ["LinkProtocol", "LinkLogic"],
      swiftSettings: swift),
    .target(name: "CFuzzer"),
    .target(name: "FuzzDriver", dependencies: ["CFuzzer"], swiftSettings: swift),
    fuzzer("FuzzCalls"),
    fuzzer("FuzzDescriptions"),
    fuzzer("FuzzNotifications"),
  ],
  swiftLanguageModes: [.v6]
)
