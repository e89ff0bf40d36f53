"""What the gateway gives clients for their TURN servers, with its options and a file of settings."""

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time
import urllib.request

from harness import Gateway, run

ALICE = "/rest/version/1/user/alice@example.com/subscription"
URL = "turn:turn.example.com:3478?transport=udp"


def send(gateway, method, path, **members):
    request = urllib.request.Request(
        gateway.url + path,
        data=json.dumps({"subscribeRequest": {"service": ["call"], **members}}).encode(),
        method=method,
        headers={
            "Authorization": "Basic " + base64.b64encode(b"alice@example.com:secret").decode(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["subscribeResponse"]


def check(credentials, secret, lifetime):
    expiry, user = credentials["username"].split(":", 1)
    assert user == "alice@example.com", credentials
    assert abs(int(expiry) - time.time() - lifetime) < 10, credentials
    code = hmac.new(secret, credentials["username"].encode(), hashlib.sha1).digest()
    assert credentials["password"] == base64.b64encode(code).decode(), credentials
    assert credentials["uris"] == [URL], credentials


def test_options_and_a_file_say_the_same():
    with tempfile.TemporaryDirectory() as folder:
        secret, settings = os.path.join(folder, "secret"), os.path.join(folder, "settings.json")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("a shared secret\n")
        with open(settings, "w", encoding="utf-8") as file:
            json.dump({"turn": {"secret": "a shared secret", "urls": [URL], "lifetime": 7200}}, file)
        for options in (
            ["--turn-secret-file", secret, "--turn-url", URL, "--turn-lifetime", "7200"],
            ["--config", settings],
        ):
            with Gateway("--log-level", "trace", *options, users=("alice",)) as gateway:
                made = send(gateway, "POST", ALICE, useTurn=True, expires=3600)
                first = made["subscriptionParams"]["turnCredentials"]
                check(first, b"a shared secret", 7200)
                time.sleep(1.1)  # user names count seconds
                again = send(gateway, "PUT", made["subscription"], useTurn=True)["subscriptionParams"]["turnCredentials"]
                check(again, b"a shared secret", 7200)
                assert again["password"] != first["password"]
                assert "turnCredentials" not in send(gateway, "POST", ALICE)["subscriptionParams"]
                for word in ("a shared secret", first["password"], again["password"]):
                    assert word not in gateway.log(), "a secret is in the log"


def test_options_that_make_no_sense_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        empty, full = os.path.join(folder, "empty"), os.path.join(folder, "full")
        for path, text in ((empty, "\n"), (full, "secret")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        for options in (
            ["--turn-url", URL],
            ["--turn-lifetime", "600"],
            ["--turn-secret-file", os.path.join(folder, "nothing")],
            ["--turn-secret-file", empty],
            ["--turn-secret-file", full, "--turn-url", "stun:turn.example.com"],
            ["--turn-secret-file", full, "--turn-lifetime", "1"],
        ):
            done = run("gateway", "--database", "memory", "--port", "0", *options, expect=2)
            assert done.stdout == "" and len(done.stderr.strip().splitlines()) == 1, (options, done.stderr)
