public import LinkProtocol

extension SessionMachine {
  /// Numbers a request of the application, and the connection that a `connect` leads to.
  public typealias RequestNumber = Int
  /// Numbers the attempts to open a WebSocket, and the socket that one leads to.
  public typealias AttemptNumber = Int

  /// Where the connection stands (part 01 §5.11: I, S, W, C and R, D; `over` after `destroy`).
  public enum Phase: Sendable, Hashable {
    case idle, subscribing, opening, connected, disconnecting, over
  }

  /// The values of `config.connectivity` that matter here.
  public struct Settings: Sendable, Hashable {
    public var backoff: Backoff.Policy
    public var pingInterval: Duration
    public var autoReconnect: Bool
    public var checkConnectivity: Bool

    public init(
      backoff: Backoff.Policy = Backoff.Policy(), pingInterval: Duration = .seconds(30), autoReconnect: Bool = true,
      checkConnectivity: Bool = true
    ) {
      self.backoff = backoff
      self.pingInterval = pingInterval
      self.autoReconnect = autoReconnect
      self.checkConnectivity = checkConnectivity
    }
  }

  /// What `connect` asks for.
  public struct ConnectRequest: Sendable, Hashable {
    /// Also the number of the connection that it leads to.
    public var number: RequestNumber
    public var username: String
    /// Whether the credentials can be used (R-CONN-510).
    public var isUsable: Bool
    public var body: SubscribeRequest

    public init(number: RequestNumber, username: String, isUsable: Bool, body: SubscribeRequest) {
      self.number = number
      self.username = username
      self.isUsable = isUsable
      self.body = body
    }
  }

  /// What a request to the server came to when it did not succeed.
  public struct ServerFailure: Error, Sendable, Hashable {
    /// `nil` when there was no answer.
    public var httpStatus: Int?
    public var statusCode: StatusCode?
    public var message: String

    public init(httpStatus: Int? = nil, statusCode: StatusCode? = nil, message: String) {
      self.httpStatus = httpStatus
      self.statusCode = statusCode
      self.message = message
    }

    /// The subscription does not exist any more (R-CONN-545).
    var meansGone: Bool { httpStatus == 404 && statusCode == .resourceNotFound }
  }

  /// Why an operation of the application failed.
  public struct Failure: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
      /// The credentials cannot be used (R-CONN-512).
      case invalidCredentials
      /// The subscription was refused (R-CONN-540).
      case subscribe
      /// The WebSocket did not open (R-CONN-540).
      case socket
      /// A refresh or an update was refused (R-CONN-545, R-CONN-554).
      case update
      /// It makes no sense now.
      case invalidState
      /// `disconnect` or the end of the connection came first.
      case abandoned
      /// `destroy` came first.
      case destroyed
    }

    public var kind: Kind
    /// What the server said, where it did.
    public var server: ServerFailure?

    public init(_ kind: Kind, _ server: ServerFailure? = nil) {
      self.kind = kind
      self.server = server
    }
  }

  /// Why a connection ended that nobody asked to end (R-CONN-302).
  public enum EndReason: Sendable, Hashable {
    case gone(retryAfter: Double?)
    case lostConnection
    case overridden
  }

  /// What is said to the application.
  public enum Report: Sendable, Hashable {
    case authChange(EndReason?)
    case authError(Failure)
    case authResub(attemptNum: Int, failure: Failure?)
    case wsChange
  }

  public enum Timer: Sendable, Hashable, CaseIterable {
    case refresh, reconnect, keepalive
  }

  /// Where a refresh or update goes (R-CONN-541).
  public enum RefreshTarget: Sendable, Hashable {
    case path(String)
    case correlator(ClientCorrelator)
  }

  /// How a refresh or update was answered.
  public typealias Answer = Result<SubscribeResponse, ServerFailure>

  public enum Input: Sendable, Hashable {
    case settings(Settings)
    case connect(ConnectRequest)
    /// Whoever called `connect` does not want it any more.
    case abandon(RequestNumber)
    case disconnect(RequestNumber)
    case updateServices(RequestNumber, [ServiceName])
    /// `setCredentials`, and whether they can be used (R-CONN-591).
    case credentials(isUsable: Bool)
    /// `connection.enableConnectivityChecking`.
    case checkConnectivity(Bool)
    case destroy

    case subscribed(RequestNumber, Answer)
    case refreshed(RequestNumber, Answer)
    case unsubscribed(RequestNumber)
    case socketOpened(AttemptNumber)
    case socketFailed(AttemptNumber)
    /// By the peer, or because it broke; the code of the peer's close frame if there was one.
    case socketClosed(AttemptNumber, code: Int?)
    case timerFired(Timer, generation: Int)
    /// The notification, and the connection on whose socket it came; `nil` when it came by push.
    case gone(RequestNumber?, retryAfter: Double?)
    case overridden(RequestNumber?)
  }

  public enum Effect: Sendable, Hashable {
    case report(Report)
    /// Answers a request of the application; `nil` is success.
    case finish(RequestNumber, Failure?)

    /// POST; `subscribed` follows, whatever happens in between.
    case subscribe(RequestNumber, SubscribeRequest)
    /// PUT; `refreshed` follows. One at a time.
    case refresh(RequestNumber, RefreshTarget, SubscribeRequest)
    /// DELETE; `unsubscribed` follows.
    case unsubscribe(RequestNumber, path: String)
    /// `socketOpened` or `socketFailed` follows, unless `closeSocket` comes first.
    case openSocket(AttemptNumber, RequestNumber, path: String, timeout: Duration)
    /// From now on its frames are processed; `socketClosed` follows at last, unless `closeSocket` comes first.
    case readSocket(AttemptNumber)
    /// Abandons an attempt, or closes what it led to. Nothing follows.
    case closeSocket(AttemptNumber)
    /// Sends `Keepalive.frame`.
    case sendKeepalive(AttemptNumber)
    /// Fires once, after a duration from the range, chosen at random.
    case startTimer(Timer, generation: Int, within: ClosedRange<Duration>)
    case cancelTimer(Timer)

    /// The connection is complete.
    case connected(RequestNumber)
    case webSocketOpened(isReconnection: Bool)
    /// A connection that was complete has ended.
    case ended(RequestNumber)
    /// Nothing more will be asked of the server on behalf of this connection.
    case forget(RequestNumber)
  }
}
