"""The gateway and its users, as their operator sees them: options, files, a second process, a restart."""

import base64
import http.client
import json
import os
import signal
import ssl
import tempfile
import time

from harness import PATIENCE, ROOT, Gateway, people, run

CERTIFICATES = ROOT / "Tests" / "Fixtures" / "certificates"
SUBSCRIBE = json.dumps({"subscribeRequest": {"expires": 60, "service": ["call", "IM", "Presence"]}})


def ask(gateway, method, path, body=None, user="alice@example.com", password="secret", headers=None, tls=None):
    """One request; returns the status, the headers and the parsed body."""
    if tls:
        connection = http.client.HTTPSConnection("localhost", gateway.port, timeout=PATIENCE, context=tls)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection.request(
        method, f"/rest/version/1/user/{user}/{path}", body=body,
        headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json", **(headers or {})},
    )
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, response.headers, json.loads(text)


def get(port, path):
    """One request without credentials; returns the status, the headers and the text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def subscribe(gateway, **more):
    status, _, body = ask(gateway, "POST", "subscription", SUBSCRIBE, **more)
    return status, body["subscribeResponse"]


def write(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


def test_users_come_from_a_file_and_are_not_made_twice():
    with tempfile.TemporaryDirectory() as folder:
        users = write(folder, "users.json", [
            {"address": "zoë@example.com", "password": "secret", "firstName": "Zoë", "authname": "z"},
            {"address": "dave@example.com", "password": "secret", "services": ["IM"]},
            {"address": "alice@example.com", "password": "another"},
        ])
        with Gateway("--users", users, users=("alice",)) as gateway:
            assert subscribe(gateway)[0] == 200, "Alice was there before and keeps her password"
            assert subscribe(gateway, password="another")[0] == 403
            status, body = subscribe(gateway, user="dave@example.com")
            assert status == 200 and body["subscriptionParams"]["service"] == ["IM"], body
            listed = json.loads(run("user", "list", "--json", "--database", gateway.database).stdout)
            assert [user["address"] for user in listed] == [
                "alice@example.com", "dave@example.com", "zoë@example.com"
            ], listed
            assert listed[2]["firstName"] == "Zoë" and listed[2]["authname"] == "z", listed
            assert listed[1]["services"] == ["IM"] and "services" not in listed[0], listed
            assert "secret" not in json.dumps(listed) and "scrypt" not in json.dumps(listed), listed
        broken = write(folder, "broken.json", {"address": "x"})
        done = run("gateway", "--port", "0", "--database", "memory", "--users", broken, expect=2)
        assert "broken.json" in done.stderr and done.stdout == "", done.stderr


def test_settings_come_from_a_file_and_options_come_before_them():
    with tempfile.TemporaryDirectory() as folder:
        config = write(folder, "config.json", {
            "port": 1, "limits": {"longestLifetime": 90, "subscriptionsPerUser": 1, "bodySize": 1024},
        })
        with Gateway("--config", config, users=("alice",)) as gateway:
            status, body = subscribe(gateway)
            assert status == 200 and body["subscriptionParams"]["expires"] == 60, body
            status, body = subscribe(gateway)
            assert body["statusCode"] == 19, body
            assert ask(gateway, "POST", "subscription", "x" * 1025)[0] == 413
            long = SUBSCRIBE.replace("60", "3600").replace("}}", ', "forceLogOut": true}}')
            status, _, body = ask(gateway, "POST", "subscription", long)
            assert body["subscribeResponse"]["subscriptionParams"]["expires"] == 90, body
        for wrong, word in (
            ({"limits": {"longestLifetime": 2**62}}, "longestLifetime"), ({"prot": 1}, "prot"), ({"port": "x"}, "port"),
        ):
            path = write(folder, "wrong.json", wrong)
            done = run("gateway", "--database", "memory", "--config", path, expect=2)
            assert word in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_only_listed_origins_may_read_the_answers():
    with Gateway(
        "--allow-origin", "https://a.example.org", "--allow-origin", "https://b.example.org", users=("alice",)
    ) as gateway:
        for origin, allowed in (
            ("https://a.example.org", "https://a.example.org"), ("https://b.example.org", "https://b.example.org"),
            ("https://c.example.org", None),
        ):
            for password, expected in (("secret", 200), ("wrong", 403)):
                status, headers, _ = ask(
                    gateway, "POST", "subscription", SUBSCRIBE, password=password, headers={"Origin": origin}
                )
                assert status == expected, status
                assert headers["Access-Control-Allow-Origin"] == allowed, (origin, headers.items())
                assert headers["Vary"] == "Origin", headers.items()


def test_metrics_have_a_port_of_their_own():
    with Gateway("--metrics-port", "0", users=("alice",)) as gateway:
        line = gateway.process.stdout.readline().strip()
        assert line.startswith("metrics on http://127.0.0.1:") and line.endswith("/metrics"), line
        port = int(line.rsplit(":", 1)[1].split("/")[0])
        assert subscribe(gateway)[0] == 200
        assert subscribe(gateway, password="wrong")[0] == 403
        status, headers, text = get(port, "/metrics")
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers.items()
        for line in (
            "# TYPE kandy_gateway_subscriptions gauge", "kandy_gateway_subscriptions 1",
            'kandy_gateway_requests_total{endpoint="subscription",method="POST",status="2xx"} 1',
            'kandy_gateway_authentication_failures_total{credentials="password",reason="invalid"} 1',
        ):
            assert line in text.splitlines(), text
        assert "alice" not in text and "example.com" not in text, text
        assert get(gateway.port, "/metrics")[0] == 404
        taken = run("gateway", "--port", "0", "--database", "memory", "--metrics-port", str(port), expect=2)
        assert taken.stdout == "" and len(taken.stderr.strip().splitlines()) == 1, taken
        assert f"127.0.0.1:{port}: the port is in use" in taken.stderr, taken.stderr
        taken = run("gateway", "--port", str(gateway.port), "--database", "memory", "--metrics-port", "0", expect=2)
        assert taken.stdout == "" and len(taken.stderr.strip().splitlines()) == 1, taken
        assert f"127.0.0.1:{gateway.port}: the port is in use" in taken.stderr, taken.stderr
    with Gateway(users=()) as gateway:
        assert get(gateway.port, "/metrics")[0] == 404
    same = run("gateway", "--port", "8580", "--database", "memory", "--metrics-port", "8580", expect=2)
    assert "metrics.port" in same.stderr, same.stderr
    alone = run("gateway", "--database", "memory", "--metrics-host", "::1", expect=2)
    assert "--metrics-port" in alone.stderr, alone.stderr


def test_https():
    tls = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
    with Gateway(
        "--tls-certificate", str(CERTIFICATES / "localhost.pem"), "--tls-key", str(CERTIFICATES / "key.pem"),
        users=("alice",),
    ) as gateway:
        assert gateway.url.startswith("https://"), gateway.url
        assert subscribe(gateway, tls=tls)[0] == 200
        try:
            subscribe(gateway)
        except (http.client.HTTPException, OSError):
            pass
        else:
            raise AssertionError("plain HTTP was answered")
        assert subscribe(gateway, tls=tls)[0] == 200
    done = run("gateway", "--database", "memory", "--tls-key", str(CERTIFICATES / "key.pem"), expect=2)
    assert "--tls-certificate" in done.stderr, done.stderr


def test_a_running_gateway_sees_a_password_that_another_process_changed():
    with Gateway(users=("alice",)) as gateway:
        assert subscribe(gateway)[0] == 200
        run(
            "user", "password", "alice@example.com", "--database", gateway.database, "--password-stdin", stdin="new\n"
        )
        status, body = subscribe(gateway)
        assert status == 403 and body["statusCode"] == 4, body
        assert subscribe(gateway, password="new")[0] == 200
        run("user", "password", "nobody@example.com", "--database", gateway.database, "--password", "x", expect=1)


def test_a_user_has_only_the_services_that_are_granted():
    with Gateway(users=("alice",)) as gateway:
        gateway.add("dave@example.com", "secret", "--services", "IM, Presence")
        status, body = subscribe(gateway, user="dave@example.com")
        assert body["subscriptionParams"]["service"] == ["IM", "Presence"], body
        call = json.dumps(
            {"callControlRequest": {"type": "callStart", "from": "dave", "to": "alice@example.com", "sdp": "v=0"}}
        )
        status, _, body = ask(gateway, "POST", "callControl", call, user="dave@example.com")
        assert status == 403 and body["callControlResponse"]["statusCode"] == 35, body
        done = run(
            "user", "add", "eve@example.com", "--database", gateway.database, "--password", "x", "--services", "cal",
            expect=1,
        )
        assert '"cal"' in done.stderr, done.stderr


def test_a_terminated_gateway_ends_its_calls_and_keeps_who_was_away():
    with people("alice", "bob") as (gateway, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.do("call.answer", incoming, {"isVideoEnabled": False}, client="bob")
        console.event("call:stateChange", client="alice", callId=outgoing, state="IN_CALL")
        status, away = subscribe(gateway)
        assert status == 200, away
        gateway.process.send_signal(signal.SIGTERM)
        for client, call in (("alice", outgoing), ("bob", incoming)):
            console.event("call:stateChange", client=client, callId=call, state="ENDED")
            console.event("auth:change", client=client, reason="GONE")
        assert gateway.process.wait(timeout=PATIENCE) == 0, gateway.log()

        gateway.process.stdout.close()
        gateway.start()
        path = away["subscription"].split("alice@example.com/", 1)[1]
        status, _, body = ask(gateway, "PUT", path, '{"subscribeRequest": {}}')
        assert status == 200, body


def test_what_goes_wrong_in_the_gateway_stands_in_its_log():
    import sqlite3

    with Gateway(users=("alice",)) as gateway:
        with sqlite3.connect(gateway.database) as database:
            database.execute("DROP TABLE kept_notification")
            database.execute("DROP TABLE subscription")
        status, body = subscribe(gateway)
        assert status == 500 and body["statusCode"] == 26, body
        deadline = time.monotonic() + PATIENCE
        while "a request failed" not in gateway.log():
            assert time.monotonic() < deadline, gateway.log()
            time.sleep(0.1)
        line = next(line for line in gateway.log().splitlines() if "a request failed" in line)
        assert "error" in line and "subscription" in line and "DatabaseError" in line, line
        assert "alice" not in gateway.log() and "secret" not in gateway.log(), gateway.log()
