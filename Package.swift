// swift-tools-version: 6.2
import PackageDescription

// One table of targets, one list of settings. The arrows between the targets are drawn in ARCHITECTURE.md.
//
// KANDY_WITHOUT_WEBRTC=1 leaves out everything that links libwebrtc: the SDK, the gateway and their tests then build on a
// machine that has no media engine.

let withWebRTC = Context.environment["KANDY_WITHOUT_WEBRTC"] == nil
let inCI = Context.environment["CI"] != nil

let swift: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ] + (inCI ? [.treatAllWarnings(as: .error)] : [])

/// What Debian's libtgowt-dev was built with. `NDEBUG` must stay undefined: the library's structures would differ.
let webRTCDefines: [CXXSetting] =
  [
    "WEBRTC_POSIX", "WEBRTC_LINUX", "WEBRTC_USE_X11", "WEBRTC_USE_PIPEWIRE", "RTC_ENABLE_VP9", "WEBRTC_USE_H264",
    "WEBRTC_HAVE_SCTP", "WEBRTC_HAVE_DCSCTP", "WEBRTC_LIBRARY_IMPL", "WEBRTC_DUMMY_AUDIO_BUILD",
    "WEBRTC_INCLUDE_INTERNAL_AUDIO_DEVICE", "HAVE_WEBRTC_VIDEO", "RTC_DISABLE_TRACE_EVENTS", "NO_MAIN_THREAD_WRAPPING",
  ].map { .define($0) } + [
    .define("WEBRTC_NON_STATIC_TRACE_EVENT_HANDLERS", to: "1"),
    .define("WEBRTC_ENABLE_PROTOBUF", to: "0"),
    .define("WEBRTC_APM_DEBUG_DUMP", to: "0"),
    .define("WEBRTC_OPUS_VARIABLE_COMPLEXITY", to: "0"),
    .define("WEBRTC_OPUS_SUPPORT_120MS_PTIME", to: "1"),
    .define("BWE_TEST_LOGGING_COMPILE_TIME_ENABLE", to: "0"),
  ]

// MARK: - Products of other packages

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket", "NIOConcurrencyHelpers"].map {
  Target.Dependency.product(name: $0, package: "swift-nio")
}
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypes = ["NIOHTTPTypes", "NIOHTTPTypesHTTP1"].map {
  Target.Dependency.product(name: $0, package: "swift-nio-extras")
}
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")

// MARK: - Targets

func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swift)
}

let libraries: [Target] = [
  library("LinkProtocol", []),
  library("LinkLogic", ["LinkProtocol", deque, orderedCollections]),
  library("LinkMetrics", [metrics]),
  library("LinkSocket", nio + [nioSSL, logging]),
  .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  library("LinkMedia", ["LinkProtocol", "CZlib"]),
  library(
    "Kandy",
    [
      "LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "LinkMetrics", "CZlib", asyncHTTPClient, logging, metrics, deque,
      orderedCollections, crypto, nioSSL,
    ] + nio),
  library(
    "KandyGateway",
    [
      "LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "LinkMetrics", hummingbird, hummingbirdCore, hummingbirdTLS, grdb,
      crypto, cryptoExtras, lifecycle, logging, metrics, httpTypes, deque, orderedCollections, nioSSL,
    ] + nio + nioHTTPTypes),
  library(
    "KandyTesting",
    ["LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "Kandy", "KandyGateway", deque, logging, metrics] + nio),
]

let webRTCLibraries: [Target] = [
  .systemLibrary(name: "CEditline", path: "Sources/CEditline", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
  .systemLibrary(name: "CTgOwt", path: "Sources/CTgOwt", pkgConfig: "tg_owt", providers: [.apt(["libtgowt-dev"])]),
  .target(name: "CWebRTC", dependencies: ["CTgOwt"], cxxSettings: webRTCDefines),
  library("KandyWebRTC", ["CWebRTC", "LinkMedia", "LinkProtocol"]),
  .executableTarget(
    name: "KandyCommand",
    dependencies: [
      "LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "KandyWebRTC", "Kandy", "KandyGateway", "CEditline",
      argumentParser,
      deque, lifecycle, unixSignals, logging, orderedCollections, subprocess,
    ],
    swiftSettings: swift),
]

let testTargets: [Target] = [
  tests("LinkProtocolTests", ["LinkProtocol", "KandyTesting"]),
  tests("LinkLogicTests", ["LinkLogic", "LinkProtocol", "KandyTesting"]),
  tests("LinkSocketTests", ["LinkSocket", "KandyTesting", nioEmbedded, nioSSL, logging] + nio),
  tests("LinkMetricsTests", ["LinkMetrics", metrics]),
  tests("LinkMediaTests", ["LinkMedia", "LinkProtocol", "CZlib", "KandyTesting"]),
  tests(
    "KandyTests",
    ["Kandy", "LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "LinkMetrics", "KandyTesting", logging, nioSSL] + nio),
  tests(
    "KandyGatewayTests",
    [
      "KandyGateway", "LinkProtocol", "LinkLogic", "LinkSocket", "LinkMedia", "LinkMetrics", "KandyTesting", metrics,
      hummingbird,
      hummingbirdCore, hummingbirdTLS, hummingbirdTesting, grdb, httpTypes, lifecycle, logging, nioSSL,
    ] + nio),
  tests("KandyTestingTests", ["KandyTesting", "LinkMedia", "LinkLogic", "LinkProtocol", "Kandy"]),
  tests(
    "ScenarioTests",
    ["Kandy", "KandyGateway", "KandyTesting", "LinkProtocol", "LinkMedia", "LinkLogic", "LinkMetrics", metrics]),
]

let webRTCTestTargets: [Target] = [
  tests("KandyWebRTCTests", ["KandyWebRTC", "LinkLogic", "LinkMedia", "LinkProtocol", "KandyTesting"]),
  tests(
    "LiveTests",
    [
      "Kandy", "KandyGateway", "KandyWebRTC", "KandyTesting", "LinkProtocol", "LinkLogic", "LinkMedia", "LinkSocket",
      asyncHTTPClient,
      logging, nioSSL, subprocess,
    ] + nio, exclude: ["console"]),
]

let package = Package(
  name: "kandy-swift",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Kandy", targets: ["Kandy"]),
    .library(name: "KandyGateway", targets: ["KandyGateway"]),
    .library(name: "KandyTesting", targets: ["KandyTesting"]),
  ]
    + (withWebRTC
      ? [
        .library(name: "KandyWebRTC", targets: ["KandyWebRTC"]),
        .executable(name: "kandy", targets: ["KandyCommand"]),
      ] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
  ],
  targets: libraries + (withWebRTC ? webRTCLibraries : []) + testTargets + (withWebRTC ? webRTCTestTargets : []),
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
