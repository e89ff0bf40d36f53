"""Connecting, disconnecting, and everything that can be asked about it."""

from harness import Console, Gateway, Refused, people, run


def refused(console, code, *command, **options):
    try:
        console.do(*command, **options)
    except Refused as refusal:
        assert refusal.code == code, f"{refusal.code}, not {code}: {refusal.message}"
        return refusal.message
    raise AssertionError(f"{command[0]} was accepted")


def test_alice_connects_and_disconnects():
    with people("alice") as (_, console):
        assert console.names("alice")[-4:] != []
        console.event("auth:change", client="alice")
        console.event("ws:change", client="alice")
        console.event("media:initialize", client="alice")
        assert console.do("getUserInfo", client="alice")["username"] == "alice@example.com"
        connection = console.do("getConnection", client="alice")
        assert connection["isConnected"] is True and connection["isPending"] is False, connection
        services = console.do("getServices", client="alice")
        assert services["status"] == "FULL" and services["services"]["call"] is True, services
        socket = console.do("connection.getSocketState", client="alice")
        assert socket["connected"] is True and socket["platform"] == "link", socket
        console.do("disconnect", client="alice")
        assert console.do("getConnection", client="alice")["isConnected"] is False
        assert console.do("getUserInfo", client="alice") == {}


def test_events_of_a_connect_come_in_the_documented_order():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        console.do("connect", {"username": "alice@example.com", "password": "secret"})
        console.event("media:initialize")
        wanted = ["auth:change", "ws:change", "ws:change", "auth:change", "media:initialize"]
        names = [name for name in console.names() if name in wanted]
        assert names == wanted, names


def test_wrong_password_and_unknown_user_look_the_same():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        wrong = refused(console, "authentication:4", "connect", {"username": "alice@example.com", "password": "x"})
        unknown = refused(console, "authentication:4", "connect", {"username": "nobody@example.com", "password": "x"})
        assert wrong == unknown, (wrong, unknown)
        payload = console.event("auth:error")
        assert payload["error"]["code"] == "authentication:4", payload


def test_unusable_credentials():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        refused(console, "authentication:1", "connect", {"username": "alice@example.com"})


def test_an_unreachable_server():
    with Console() as console:
        console.do(
            "create", {"authentication": {"subscription": {"protocol": "http", "server": "127.0.0.1", "port": 1}}}
        )
        refused(console, "authentication:4", "connect", {"username": "alice@example.com", "password": "secret"})


def test_authname_and_hmac():
    with Gateway(users=()) as gateway, Console() as console:
        gateway.add("dave@example.com", "secret", "--authname", "dv")
        console.do("create", gateway.configuration(), client="dave")
        console.do(
            "connect", {"username": "dave@example.com", "authname": "dv", "password": "secret"}, client="dave"
        )
        console.do("disconnect", client="dave")
        printed = run("user", "hmac-key", "example.com", "--database", gateway.database).stdout.split()
        import base64
        import binascii
        import hashlib
        import hmac

        text = b'{"authenticationTokenRequest":{"subscriberId":"dave","organizationId":"example.com"}}'
        key = printed[-1].encode()
        digest = hmac.new(key, text, hashlib.sha1).digest()
        for token in (binascii.hexlify(digest).decode(), base64.b64encode(digest).decode()):
            console.do("connect", {"username": "dave@example.com", "hmacToken": token}, client="dave")
            assert console.do("getConnection", client="dave")["isConnected"] is True
            console.do("disconnect", client="dave")


def test_changing_services():
    with people("alice") as (_, console):
        console.do("updateConnection", {"services": ["IM", "call"]}, client="alice")
        assert set(console.do("getServices", client="alice")["received"]) == {"IM", "call"}


def test_changing_services_needs_services():
    with people("alice") as (_, console):
        console.do("updateConnection", ["call"], client="alice")
        assert console.do("getServices", client="alice")["received"] == ["call"]
        for argument in ((), ({},), ({"services": "call"},), ("call",)):
            refused(console, "console:3", "updateConnection", *argument, client="alice")
        assert console.do("getServices", client="alice")["received"] == ["call"]


def test_a_notification_of_an_unknown_channel_is_ignored():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        for identifier, channel in (("a", "pigeon"), ("b", "push"), ("c", None)):
            message = {"notificationMessage": {"eventType": "custom", "eventId": identifier}}
            console.do("notification.process", message, channel)

        def received():
            payloads = [m["args"][0]["payload"] for m in list(console.events) if m["event"] == "notification:received"]
            return [payload["notificationMessage"]["eventId"] for payload in payloads]

        console.until(lambda: "c" in received(), what="the last notification")
        assert received() == ["b", "c"], received()


def test_configuration():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        config = console.do("getConfig")
        assert config["connectivity"]["pingInterval"] == 30000, config["connectivity"]
        assert config["call"]["bundlePolicy"] == "DISABLED" and config["call"]["callAuditTimer"] == 30000
        console.do("updateConfig", {"connectivity": {"pingInterval": 15000}})
        assert console.do("getConfig")["connectivity"]["pingInterval"] == 15000
        assert console.do("subscriptionStates") == {"FULL": "FULL", "PARTIAL": "PARTIAL", "NONE": "NONE"}
        assert console.do("disconnectReasons")["GONE"] == "GONE"
        assert console.do("logger.levels")["DEBUG"] == "debug"
        assert console.do("getVersion")


def test_a_removed_user_is_gone():
    with people("alice") as (gateway, console):
        run("user", "remove", "alice@example.com", "--database", gateway.database)
        console.start("updateConnection", {"services": ["call"]}, client="alice")
        payload = console.event("auth:change", client="alice", reason="GONE")
        assert payload["forced"] is True, payload


def test_the_gateway_goes_away():
    with Gateway() as gateway, Console() as console:
        console.do("create", gateway.configuration())
        console.do("connect", {"username": "alice@example.com", "password": "secret"})
        # After another answer the gateway, too, has the WebSocket: the client sees it open a moment before.
        console.do("updateConnection", {"services": ["call"]})
        assert gateway.stop() == 0
        console.event("auth:change", reason="GONE")
        gateway.stop = lambda: 0


def test_destroy():
    with people("alice") as (_, console):
        console.do("destroy", client="alice")
        try:
            console.do("getConfig", client="alice")
        except Refused:
            return
        raise AssertionError("a destroyed client still answers")
