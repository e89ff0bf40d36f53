"""Drives the executable `kandy` from outside, as any program in another language would.

A script in this folder is a list of functions named `test_…`; `scripts/console-tests` runs them all.
"""

import contextlib
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
KANDY = os.environ.get("KANDY", str(ROOT / ".build" / "debug" / "kandy"))
PATIENCE = float(os.environ.get("KANDY_PATIENCE", "40"))


class Refused(Exception):
    """The console answered a command with an error."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.message = error.get("message")


def run(*arguments, stdin=None, expect=0):
    """Runs `kandy` to its end and returns what it printed."""
    done = subprocess.run(
        [KANDY, *arguments], input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == expect, (
        f"kandy {' '.join(arguments)} ended with {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
    )
    return done


class Gateway:
    """A gateway with a database file of its own, on a free port."""

    def __init__(self, *options, users=("alice", "bob", "carol")):
        self.folder = tempfile.TemporaryDirectory(prefix="kandy-console-")
        self.database = os.path.join(self.folder.name, "gateway.sqlite")
        for name in users:
            self.add(f"{name}@example.com")
        self.start(*options)

    def start(self, *options):
        """Starts the gateway, also once more after it has ended."""
        self.process = subprocess.Popen(
            [KANDY, "gateway", "--port", "0", "--database", self.database, *options],
            stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.folder.name, "gateway.log"), "w", encoding="utf-8"),
            text=True,
        )
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on http"), f"the gateway said: {line!r}\n{self.log()}"
        self.url = line.removeprefix("listening on ")
        self.port = int(self.url.rsplit(":", 1)[1])

    def add(self, address, password="secret", *options):
        first = address.split("@")[0].capitalize()
        run(
            "user", "add", address, "--database", self.database, "--password-stdin", "--first-name", first,
            "--last-name", "Tester", *options, stdin=password + "\n",
        )

    def log(self):
        return pathlib.Path(self.folder.name, "gateway.log").read_text(encoding="utf-8")

    def configuration(self, **more):
        return {
            "authentication": {"subscription": {"protocol": "http", "server": "127.0.0.1", "port": self.port}},
            "logs": {"logLevel": "warn"},
            **more,
        }

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        code = self.stop()
        if exception == (None, None, None):
            assert code == 0, f"the gateway ended with {code}"


class Console:
    """One `kandy console --json`, any number of clients in it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [KANDY, "console", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.next_id = 0
        self.answers = {}
        self.events = []
        self.taken = set()
        self.changed = threading.Condition()
        self.closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self.changed:
                if "event" in message:
                    self.events.append(message)
                else:
                    self.answers[message.get("id")] = message
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def line(self, text):
        """Sends a line as it is."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def start(self, name, *arguments, client=None):
        """Sends a command and returns its id."""
        self.next_id += 1
        command = {"id": self.next_id, "do": name, "args": list(arguments)}
        if client:
            command["client"] = client
        self.line(json.dumps(command))
        return self.next_id

    def answer(self, number, timeout=PATIENCE):
        message = self._wait(lambda: self.answers.pop(number, None), timeout, f"an answer to command {number}")
        if "error" in message:
            raise Refused(message["error"])
        return message.get("result")

    def do(self, name, *arguments, client=None, timeout=PATIENCE):
        return self.answer(self.start(name, *arguments, client=client), timeout)

    def event(self, name, client=None, timeout=PATIENCE, **members):
        """Waits for the first event not yet taken that has this name and these members, and takes it."""

        def find():
            for index, message in enumerate(self.events):
                if index in self.taken or message["event"] != name:
                    continue
                if client and message.get("client") != client:
                    continue
                payload = (message.get("args") or [{}])[0]
                if all(payload.get(key) == value for key, value in members.items()):
                    self.taken.add(index)
                    return payload
            return None

        return self._wait(find, timeout, f"{name} {members or ''} at {client or 'the client'}")

    def names(self, client=None):
        """The names of all events so far, in order."""
        with self.changed:
            return [m["event"] for m in self.events if not client or m.get("client") == client]

    def _wait(self, find, timeout, what):
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                found = find()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.closed:
                    tail = "\n".join(json.dumps(m) for m in self.events[-15:])
                    reason = "the console has ended" if self.closed else f"{timeout:.0f} s"
                    raise AssertionError(f"waited for {what}: {reason}; the last events:\n{tail}")
                self.changed.wait(min(left, 0.5))

    def until(self, check, timeout=PATIENCE, what="the condition"):
        """Asks again and again until `check()` gives something true, and returns it."""
        deadline = time.monotonic() + timeout
        while True:
            value = check()
            if value:
                return value
            assert time.monotonic() < deadline, f"{what}: not within {timeout:.0f} s"
            time.sleep(0.1)

    def finish(self):
        """Ends the input and returns the exit code."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        return self.process.wait(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            code = self.finish()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if exception == (None, None, None):
            assert code == 0, f"the console ended with {code}"


@contextlib.contextmanager
def people(*names, gateway_options=(), configuration=None):
    """A gateway and a console in which these people are connected, each with a tone of their own."""
    with Gateway(*gateway_options) as gateway, Console() as console:
        for number, name in enumerate(names):
            join(gateway, console, name, hz=400 + 300 * number, configuration=configuration)
        yield gateway, console


def join(gateway, console, name, hz=440, user=None, configuration=None):
    """Creates and connects a client called `name`, as the user of that name unless told otherwise."""
    console.do("create", gateway.configuration(**(configuration or {})), client=name)
    enter(console, name, hz, user)


def enter(console, name, hz, user=None):
    """Gives the client a voice and a camera, and connects it."""
    console.do(
        "media.setDefaultDevices",
        {
            "microphone": f"virtual:tone?hz={hz}",
            "speaker": "virtual:null",
            "camera": "virtual:pattern?width=320&height=240&fps=25",
        },
        client=name,
    )
    console.do("connect", {"username": f"{user or name}@example.com", "password": "secret"}, client=name)
