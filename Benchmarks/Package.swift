// swift-tools-version: 6.2
import PackageDescription

// Benchmarks, off the default path: `make bench` builds and runs them and writes RESULTS.md. The plugin wants each target below
// Benchmarks/. Its traits are off: they count allocations by interposing malloc, which would change what is measured.

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func ours(_ name: String) -> Target.Dependency { .product(name: name, package: "kandy-swift") }
func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }

func benchmarks(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [.product(name: "Benchmark", package: "benchmark")], path: "Benchmarks/\(name)",
    swiftSettings: swift, plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

let package = Package(
  name: "kandy-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "kandy-swift", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    benchmarks("LogicBenchmarks", [ours("Kandy"), ours("KandyTesting")]),
    benchmarks(
      "GatewayBenchmarks",
      [
        ours("Kandy"), ours("KandyGateway"), ours("KandyTesting"), nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
        nio("NIOWebSocket"), .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ]),
    benchmarks("MediaBenchmarks", [ours("Kandy"), ours("KandyGateway"), ours("KandyTesting"), ours("KandyWebRTC")]),
  ],
  swiftLanguageModes: [.v6]
)
