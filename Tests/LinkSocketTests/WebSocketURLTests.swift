import KandyTesting
import Testing

@testable import LinkSocket

@Suite struct WebSocketURLTests {
  @Test func thePartsAreTakenApart() throws {
    let url = try #require(WebSocketURL("wss://ws.example.com:8443/notification/websocket/9b7e?token=a%20b"))
    #expect(url.isSecure)
    #expect(url.host == "ws.example.com")
    #expect(url.port == 8443)
    #expect(url.target == "/notification/websocket/9b7e?token=a%20b")
    #expect(url.authority == "ws.example.com:8443")
    #expect(url.serverName == "ws.example.com")
  }

  @Test(arguments: [("ws://h", 80), ("wss://h", 443), ("WS://h/", 80), ("ws://h:443", 443)])
  func theSchemeGivesThePort(_ url: String, _ port: Int) {
    #expect(WebSocketURL(url)?.port == port)
  }

  @Test(arguments: [
    ("ws://h:80/", "h"), ("wss://h:443/", "h"), ("ws://h:443/", "h:443"), ("ws://[::1]/", "[::1]"),
    ("ws://[::1]:8/", "[::1]:8"),
  ])
  func theHostHeaderNamesOnlyAnUnusualPort(_ url: String, _ authority: String) {
    #expect(WebSocketURL(url)?.authority == authority)
  }

  @Test(
    .spec("R-CONN-602"),
    arguments: [("ws://h", "/"), ("ws://h?", "/?"), ("ws://h/a?", "/a?"), ("ws://h/a%2Fb@c#end", "/a%2Fb@c")])
  func pathAndQueryStayAsTheyAre(_ url: String, _ target: String) {
    #expect(WebSocketURL(url)?.target == target)
  }

  @Test(arguments: ["ws://127.0.0.1/", "wss://[::1]:8443/"])
  func anAddressIsNotAServerName(_ url: String) throws {
    let url = try #require(WebSocketURL(url))
    #expect(url.serverName == nil)
    #expect(!url.host.contains("["))
  }

  @Test(arguments: [
    "", "h", "http://h/", "ws:", "ws:///path", "ws://h:0/", "ws://h:65536/", "://h", "ws://h:x/", "ws://a%0d%0ab/",
    "ws://a%20b/", "ws://a%2fb/",
  ])
  func whatIsNoWebSocketURLIsRefused(_ url: String) {
    #expect(WebSocketURL(url) == nil)
  }

  @Test(arguments: ["ws://h/a\r\nX-Injected: 1", "ws://h/?a\r\nb", "ws://h\r\nX-Injected: 1/", "ws://h%0d%0aX-Injected:1/"])
  func nothingInAnURLBecomesAnotherHeader(_ url: String) {
    guard let url = WebSocketURL(url) else { return }
    #expect(!(url.target + url.authority).contains { $0.isNewline })
  }
}
