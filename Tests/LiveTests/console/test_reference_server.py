"""The SDK against a second server of the protocol, which shares none of our code and therefore none of our misreadings.

`KANDY_SECOND_SERVER` names the folder that it is in. It needs aiohttp from PyPI, which is installed into `.venv`.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

from harness import PATIENCE, ROOT, Console
from test_calls import connected, ended, hears
from test_connection import refused

FOLDER = pathlib.Path(os.environ.get("KANDY_SECOND_SERVER", ROOT / ".." / "shared" / "reference-server")).resolve()
SKIP = None if FOLDER.is_dir() else f"there is no second server at {FOLDER}; KANDY_SECOND_SERVER says where it is"


def python():
    """The interpreter of an environment that has what the second server needs; made when it is missing."""
    folder = ROOT / ".venv"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        subprocess.run(["python3", "-m", "venv", folder], check=True)
    if subprocess.run([interpreter, "-c", "import aiohttp"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "aiohttp"], check=True, timeout=300)
    return interpreter


class SecondServer:
    """The second server on a free port, with a record of everything that it is sent."""

    def __init__(self):
        program = next(path for path in sorted(FOLDER.glob("*.py")) if '"--port"' in path.read_text(encoding="utf-8"))
        self.folder = tempfile.TemporaryDirectory(prefix="kandy-second-")
        self.trace = pathlib.Path(self.folder.name, "trace.jsonl")
        self.process = subprocess.Popen(
            [python(), program, "--port", "0", "--no-bridge", "--trace", self.trace],
            stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.folder.name, "server.log"), "w", encoding="utf-8"),
            text=True,
        )
        url = next(word for word in self.process.stdout.readline().split() if word.startswith("http://"))
        self.port = int(url.rsplit(":", 1)[1])

    def configuration(self, **more):
        server = {"protocol": "http", "server": "127.0.0.1", "port": self.port}
        # Every client says that it can tell of ringing; this server relies on it.
        call = {"ringingFeedback": True}
        return {"authentication": {"subscription": server}, "logs": {"logLevel": "warn"}, "call": call, **more}

    def join(self, console, name, hz, user=None, **configuration):
        console.do("create", self.configuration(**configuration), client=name)
        devices = {"microphone": f"virtual:tone?hz={hz}", "speaker": "virtual:null"}
        console.do("media.setDefaultDevices", devices, client=name)
        console.do("connect", {"username": f"{user or name}@example.com", "password": "secret"}, client=name)

    def frames(self, direction):
        """The WebSocket frames so far that the server received (`recv`) or sent (`send`)."""
        records = [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines()]
        return [record.get("data") for record in records if record["kind"] == "ws" and record["dir"] == direction]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()


@contextlib.contextmanager
def people(*names, **configuration):
    """The second server and a console in which these people are connected, each with a tone of their own."""
    with contextlib.ExitStack() as stack:
        server = SecondServer()
        stack.callback(server.stop)
        console = stack.enter_context(Console())
        for number, name in enumerate(names):
            server.join(console, name, hz=400 + 300 * number, **configuration)
        yield server, console


def test_alice_connects_and_disconnects():
    with people("alice") as (_, console):
        assert console.do("getConnection", client="alice")["isConnected"] is True
        assert console.do("getServices", client="alice")["services"]["call"] is True
        assert console.do("connection.getSocketState", client="alice")["connected"] is True
        console.do("updateConnection", {"services": ["call", "IM"]}, client="alice")
        console.do("disconnect", client="alice")
        assert console.do("getConnection", client="alice")["isConnected"] is False
        assert console.names("alice").count("auth:error") == 0


def test_a_wrong_password_is_refused():
    with people() as (server, console):
        console.do("create", server.configuration())
        refused(console, "authentication:4", "connect", {"username": "alice@example.com", "password": "wrong"})
        console.do("connect", {"username": "alice@example.com", "password": "secret"})


def test_each_calls_the_other_and_hears_the_others_tone():
    with people("alice", "bob") as (_, console):
        for caller, callee, hz in (("alice", "bob", (400, 700)), ("bob", "alice", (700, 400))):
            outgoing, incoming = connected(console, caller, callee, isVideoEnabled=False)
            hears(console, callee, incoming, hz[0])
            hears(console, caller, outgoing, hz[1])
            console.do("call.end", outgoing, client=caller)
            ended(console, caller, outgoing)
            ended(console, callee, incoming)


def test_the_callee_hangs_up():
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.end", incoming, client="bob")
        ended(console, "bob", incoming)
        ended(console, "alice", outgoing)


def test_a_second_device_answers_and_the_first_stops_ringing():
    with people("alice", "bob") as (server, console):
        server.join(console, "bob2", hz=1300, user="bob")
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        first = console.event("call:receive", client="bob")["callId"]
        second = console.event("call:receive", client="bob2")["callId"]
        console.do("call.answer", second, {"isVideoEnabled": False}, client="bob2")
        ended(console, "bob", first)
        hears(console, "alice", outgoing, 1300)
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob2", second)


def test_bob_rejects():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.do("call.reject", incoming, client="bob")
        ended(console, "bob", incoming)
        ended(console, "alice", outgoing, 603)


def test_alice_cancels():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.event("call:stateChange", client="alice", callId=outgoing, state="RINGING")
        console.do("call.end", outgoing, client="alice")
        ended(console, "alice", outgoing)
        ended(console, "bob", incoming)


def test_nobody_there():
    with people("alice") as (_, console):
        for address, code in (("nobody@example.com", 404), ("carol@example.com", 480)):
            call = console.do("call.make", address, {"isVideoEnabled": False}, client="alice")
            ended(console, "alice", call, code)


def test_keepalives_are_sent_and_disturb_nothing():
    with people("alice", "bob", connectivity={"pingInterval": 200}) as (server, console):
        ping = {"message_type": "ping"}
        console.until(lambda: server.frames("recv").count(ping) >= 8, what="keepalives")
        assert console.do("connection.getSocketState", client="alice")["connected"] is True
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)
