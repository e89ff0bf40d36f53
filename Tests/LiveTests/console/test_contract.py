"""The console's contract, the users' commands, and the gateway's options."""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

from harness import KANDY, PATIENCE, Console, Gateway, run


def test_lines_that_are_no_commands():
    with Gateway() as gateway, Console() as console:
        console.line("this is not JSON")
        error = console._wait(lambda: console.answers.pop(None, None), PATIENCE, "an answer without id")
        assert error["id"] is None and error["error"]["message"], error
        for line, number, code in (
            ('{"id": 77, "do": "no.such.verb"}', 77, "console:2"), ('{"id": 78}', 78, "console:1"),
            ('{"id": 80, "do": "create", "client": 5}', 80, "console:1"),
            ('{"id": 81, "do": "create", "client": ["alice"]}', 81, "console:1"),
            ('{"id": 82, "do": "create", "args": {}}', 82, "console:1"),
        ):
            console.line(line)
            answer = console._wait(lambda: console.answers.pop(number, None), PATIENCE, f"an answer to {number}")
            assert answer["error"]["code"] == code and "client" not in answer, answer
        console.line('{"id": 79, "do": "create", "args": [' + json.dumps(gateway.configuration()) + "]}")
        assert console.answer(79) is None


def test_a_slow_reader_gets_every_line_whole():
    with subprocess.Popen([KANDY, "console", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        count = 700
        client = "alice" * 2_000  # longer than what a pipe takes in one piece

        def write():
            lines = [{"id": 0, "do": "create", "args": [{"logs": {"logLevel": "silent"}}]}]
            lines += [{"id": number, "do": "media.getDevices"} for number in range(1, count)]
            for line in lines:
                process.stdin.write(json.dumps({**line, "client": client}).encode() + b"\n")
            process.stdin.close()

        writer = threading.Thread(target=write)
        writer.start()
        text = bytearray()
        while piece := os.read(process.stdout.fileno(), 5_000):
            text += piece
        writer.join()
        messages = [json.loads(line) for line in text.decode().splitlines()]
        assert {message["id"] for message in messages if "id" in message} == set(range(count))
        assert process.wait(timeout=PATIENCE) == 0


def test_a_reader_may_take_longer_than_the_patience_of_the_end():
    with subprocess.Popen([KANDY, "console", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b'{"id": 0, "do": "create", "args": [{"logs": {"logLevel": "silent"}}]}\n')
        process.stdin.write(b'{"id": 1, "do": "getConfig"}\n' * 200)
        process.stdin.close()
        text = bytearray()
        deadline = time.monotonic() + 7  # the end waits five seconds for a reader who has stopped
        while piece := os.read(process.stdout.fileno(), 6_000):
            text += piece
            time.sleep(0.2 if time.monotonic() < deadline else 0)
        messages = [json.loads(line) for line in text.decode().splitlines()]
        assert len([message for message in messages if "id" in message]) == 201, len(messages)
        assert process.wait(timeout=PATIENCE) == 0


def test_a_reader_who_leaves_ends_the_console():
    with subprocess.Popen([KANDY, "console", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(b'{"id": 1, "do": "create"}\n')
        process.stdin.flush()
        assert process.wait(timeout=PATIENCE) == 0


def test_a_reader_who_never_reads_does_not_keep_the_console_alive():
    with subprocess.Popen([KANDY, "console", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b'{"id": 0, "do": "create", "args": [{"logs": {"logLevel": "silent"}}]}\n')
        process.stdin.write(b'{"id": 1, "do": "getConfig"}\n' * 60)
        process.stdin.close()
        assert process.wait(timeout=PATIENCE) == 0


def test_the_end_of_the_input_ends_a_console_whose_command_waits():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = {"protocol": "http", "server": "127.0.0.1", "port": silent.getsockname()[1]}
        with Console() as console:
            console.do("create", {"authentication": {"subscription": server}, "logs": {"logLevel": "error"}})
            number = console.start("connect", {"username": "alice@example.com", "password": "secret"})
            assert console.finish() == 0
            assert console._wait(lambda: console.answers.pop(number, None), PATIENCE, "an answer")["error"]


def test_a_client_is_echoed():
    with Gateway() as gateway, Console() as console:
        number = console.start("create", gateway.configuration(), client="zoë")
        answer = console._wait(lambda: console.answers.pop(number, None), PATIENCE, "an answer")
        assert answer["client"] == "zoë", answer


def test_every_command_has_help_with_an_example():
    tree = json.loads(run("--experimental-dump-help").stdout)["command"]

    def commands(command, above):
        path = [*above, command["commandName"]]
        yield path
        for below in command.get("subcommands", []):
            if below["commandName"] != "help":
                yield from commands(below, path)

    found = list(commands(tree, []))
    assert ["kandy", "user", "hmac-key"] in found and ["kandy", "bot", "play"] in found, found
    for command in found:
        text = run(*command[1:], "--help").stdout
        example = text.partition("Example:")[2].strip()
        assert example.startswith(" ".join(command)), f"{command}: {text}"


def test_users_are_kept_and_no_password_is_printed():
    with tempfile.TemporaryDirectory() as folder:
        database = os.path.join(folder, "users.sqlite")
        text = ""
        for name in ("alice", "bob", "zoë"):
            done = run(
                "user", "add", f"{name}@example.com", "--database", database, "--password-stdin", stdin="s3cr3t-w0rd\n"
            )
            text += done.stdout + done.stderr
        listed = run("user", "list", "--database", database)
        text += listed.stdout + listed.stderr
        assert "alice@example.com" in listed.stdout and "zoë@example.com" in listed.stdout, listed.stdout
        run("user", "remove", "bob@example.com", "--database", database)
        assert "bob@example.com" not in run("user", "list", "--database", database).stdout
        assert "s3cr3t" not in text
        again = run(
            "user", "add", "alice@example.com", "--database", database, "--password-stdin", stdin="x\n", expect=1
        )
        assert "alice@example.com" in again.stderr
        run("user", "remove", "nobody@example.com", "--database", database, expect=1)


def sentence(*arguments, expect=2):
    """What a command says that does not do what it is asked: one sentence on standard error."""
    done = run(*arguments, expect=expect)
    assert done.stdout == "", done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("kandy: "), done.stderr
    return lines[0].removeprefix("kandy: ")


def test_only_a_new_user_makes_a_new_database():
    with tempfile.TemporaryDirectory() as folder:
        database = os.path.join(folder, "typo.sqlite")
        for command in (
            ["list"], ["remove", "alice@example.com"], ["password", "alice@example.com", "--password", "x"],
        ):
            assert "There is no database" in sentence("user", *command, "--database", database, expect=1)
            assert os.listdir(folder) == []
        add = ["user", "add", "alice@example.com", "--database", database, "--password", "x"]
        for more in (["--no-password"], ["--password-stdin"]):
            assert "not both" in sentence(*add, *more)
            assert os.listdir(folder) == []
        assert "not both" in sentence(
            "user", "add", "alice@example.com", "--database", database, "--no-password", "--password-stdin"
        )
        run(*add)
        assert "not both" in sentence(
            "user", "password", "alice@example.com", "--database", database, "--password", "x", "--password-stdin"
        )


def test_a_value_that_cannot_be_read_is_answered_with_one_that_can():
    account = ["--user", "alice@example.com", "--password", "x"]
    for arguments, example in (
        (["user", "add", "alice", "--no-password"], "such as alice@example.com"),
        (["user", "remove", "a b@example.com"], "such as alice@example.com"),
        (["call", "bob", *account], "such as alice@example.com"),
        (["call", "bob@example.com", "--user", "alice"], "such as alice@example.com"),
        (["call", "bob@example.com", *account, "--tone", "loud"], "such as 440"),
        (["call", "bob@example.com", *account, "--dtmf", "x"], "such as 12#"),
        (["bot", "echo", *account, "--ring-for", "ever"], "such as 3"),
        (["gateway", "--port", "80x"], "such as 8580"),
        (["gateway", "--ring-time", "1.5"], "such as 60"),
        (["gateway", "--log-level", "foo"], "one of trace, debug, info"),
    ):
        said = sentence(*arguments)
        assert example in said, (arguments, said)


def test_the_gateway_refuses_to_start_with_one_sentence():
    with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for options in (
            ["--port", str(taken.getsockname()[1]), "--database", "memory"],
            ["--port", "99999", "--database", "memory"],
            ["--database", os.path.join(folder, "no", "such", "folder", "x.sqlite")],
            ["--tls-certificate", "/no/such/file", "--tls-key", "/no/such/file", "--database", "memory"],
            ["--no-such-option"],
            ["--host", "no such host", "--database", "memory"],
            ["--host", "192.0.2.1", "--database", "memory"],
            *(["--allow-origin", origin, "--database", "memory"] for origin in ("foo", "https://app.example.com/")),
            *(
                ["--turn-url", url, "--turn-secret-file", write(folder, "secret", "s"), "--database", "memory"]
                for url in ("turn:", "turn:turn.example.com:99999")
            ),
            ["--config", write(folder, "list.json", [1]), "--database", "memory"],
            *(
                ["--users", write(folder, f"users{number}.json", users), "--database", "memory"]
                for number, users in enumerate((
                    [{"address": "alice@example.com", "pasword": "x"}], [{"address": "alice"}], [5], {},
                ))
            ),
        ):
            assert sentence("gateway", *options).endswith((".", "'")), options


def write(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


def test_the_gateway_ends_on_a_signal():
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [KANDY, "gateway", "--port", "0", "--database", "memory"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline().startswith("listening on http://127.0.0.1:")
            process.send_signal(number)
            assert process.wait(timeout=PATIENCE) == 0


def request(gateway, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    base = {"Authorization": "Basic YWxpY2VAZXhhbXBsZS5jb206c2VjcmV0", "Content-Type": "application/json"}
    connection.request(method, path, body=body, headers={**base, **(headers or {})})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, response.headers, text


def test_what_strangers_may_send():
    me = "/rest/version/1/user/alice@example.com"
    with Gateway() as gateway:
        for method, path, body, status, code in (
            ("POST", f"{me}/subscription", "{", 400, None),
            ("POST", f"{me}/subscription", '{"subscribeRequest": {"service": 7}}', 400, None),
            ("POST", f"{me}/callControl", "[]", 400, None),
            ("POST", "/rest/version/1/user/bob@example.com/subscription", "{}", 403, None),
            ("PUT", f"{me}/callControl/callSessions/unknown", '{"callControlRequest": {"type": "audit"}}', 404, 42),
            ("GET", f"{me}/callControl/callSessions/unknown", None, 404, 47),
            ("PUT", f"{me}/subscription/unknown", '{"subscribeRequest": {"service": ["call"]}}', 404, 39),
            ("GET", "/rest/version/1/user/a%2Fb/%2F/subscription", None, None, None),
            ("POST", "/rest/version/1/user/zo%C3%AB@example.com/subscription", "{}", 403, None),
            ("GET", "/nothing/here", None, 404, None),
        ):
            answer, headers, text = request(gateway, method, path, body)
            assert answer == status or (status is None and 400 <= answer < 500), (method, path, answer, text)
            assert "json" in headers.get("Content-Type", ""), (path, headers.get("Content-Type"))
            parsed = json.loads(text)
            if code is not None:
                assert str(code) in json.dumps(parsed), parsed
        answer, _, _ = request(gateway, "POST", f"{me}/subscription", "x" * (3 << 20))
        assert answer == 413, answer
        answer, headers, _ = request(
            gateway,
            "OPTIONS",
            f"{me}/subscription",
            headers={
                "Origin": "https://app.example.net",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type, x-token",
            },
        )
        assert answer in (200, 204) and headers["Access-Control-Allow-Origin"], headers
        assert "x-token" in headers["Access-Control-Allow-Headers"].lower(), headers
        answer, _, _ = request(gateway, "POST", f"{me}/subscription", '{"subscribeRequest": {"service": ["call"]}}')
        assert answer == 200, answer
        assert gateway.process.poll() is None
