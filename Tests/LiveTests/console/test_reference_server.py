"""The SDK against a second server of the protocol, which shares none of our code and therefore none of our misreadings.

`KANDY_SECOND_SERVER` names the folder that it is in. It needs aiohttp from PyPI, which is installed into `.venv`.
A test that only calls one of another script is that test with this server in place of our gateway.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

import test_calls
import test_join
import test_midcall
import test_redirect
from harness import PATIENCE, ROOT, Console, enter
from test_calls import connected, ended, hears
from test_click_to_call import clicked
from test_connection import refused
from test_join import hears_only
from test_midcall import level, state
from test_redirect import answer, rings

FOLDER = pathlib.Path(os.environ.get("KANDY_SECOND_SERVER", ROOT / ".." / "shared" / "reference-server")).resolve()
# What this server says to one whose call goes on without her; a server's code counts before our own, 9905 and 9906.
OK = 200
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
        enter(console, name, hz, user)

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


def test_mute_silences_and_unmute_restores():
    test_calls.test_mute_silences_and_unmute_restores(people)


def test_two_people_see_each_other():
    test_calls.test_two_people_see_each_other(people)


def test_hold_and_unhold():
    test_midcall.test_hold_and_unhold(people)


def test_video_starts_and_stops():
    test_midcall.test_video_starts_and_stops(people)


def test_a_screen_is_shared():
    test_midcall.test_a_screen_is_shared(people)


def test_tones_are_counted_by_the_far_end():
    test_midcall.test_tones_are_counted_by_the_far_end(people)


def test_other_input_devices():
    test_midcall.test_other_input_devices(people)


def test_media_is_restarted():
    test_midcall.test_media_is_restarted(people)


def test_bob_forwards_to_carol():
    test_redirect.test_bob_forwards_to_carol(people)


def test_alice_transfers_bob_to_carol():
    test_redirect.test_alice_transfers_bob_to_carol(people, OK)


def test_carol_does_not_want_to_be_transferred_to():
    test_redirect.test_carol_does_not_want_to_be_transferred_to(people)


def test_alice_consults_carol_and_connects_her_with_bob():
    test_redirect.test_alice_consults_carol_and_connects_her_with_bob(people, OK)


def test_call_waiting_and_swapping():
    test_redirect.test_call_waiting_and_swapping(people)


def test_alice_clicks_and_hears_bob():
    with people("alice", "bob") as (_, console):
        _, call = clicked(console)
        at_bob = rings(console, "bob")
        answer(console, "bob", at_bob)
        state(console, "alice", call, "IN_CALL")
        hears(console, "alice", call, 700)
        hears(console, "bob", at_bob, 400)
        console.do("call.end", at_bob, client="bob")
        ended(console, "alice", call)


def test_a_join_without_a_mixer_reaches_the_first_only():
    """This server connects the new call to whom the first call was with; Carol is left alone until she hangs up."""
    with test_join.conference(people, OK) as (console, joined, at_bob, at_carol):
        assert console.do("call.getById", joined, client="alice")["isJoinedCall"] is True
        hears_only(console, "alice", joined, "bob")
        hears_only(console, "bob", at_bob, "alice")
        console.until(lambda: level(console, "carol", at_carol) < -60, what="silence at carol")
        assert console.do("call.getById", at_carol, client="carol")["state"] == "ON_REMOTE_HOLD"
        console.do("call.end", joined, client="alice")
        ended(console, "alice", joined, 9901)
        ended(console, "bob", at_bob)
        console.do("call.end", at_carol, client="carol")
        ended(console, "carol", at_carol, 9901)


def test_both_hold_at_the_same_moment():
    with people("alice", "bob") as (server, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        calls = {"alice": outgoing, "bob": incoming}

        def refusals():
            told = [frame.get("notificationMessage", {}) for frame in server.frames("send")]
            return sum(message.get("statusCode") == 49 for message in told)

        for _ in range(5):  # on a busy machine one of them may come too late to be refused
            for command in [console.start("call.hold", call, client=client) for client, call in calls.items()]:
                console.answer(command)
            for client, call in calls.items():
                done = {"operation": "hold", "isLocal": True, "transition": "FINISH"}
                finished = console.event("call:operation", client=client, callId=call, **done)
                assert "error" not in finished, finished
                record = console.do("call.getById", call, client=client)
                assert record["localHold"] and record["remoteHold"] and record["state"] == "ON_HOLD", record
                console.until(lambda: level(console, client, call) < -60, what=f"silence at {client}")
            for client, call in calls.items():
                console.do("call.unhold", call, client=client)
            hears(console, "bob", incoming, 400)
            hears(console, "alice", outgoing, 700)
            if refusals():
                break
        assert refusals(), "none of them was ever told to try again later"


def test_a_forward_to_nobody_is_refused_and_bob_still_answers():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = rings(console, "bob")
        test_midcall.refused(console, "call.forwardCall", incoming, "nobody@example.com", client="bob", code="call:2")
        answer(console, "bob", incoming)
        hears(console, "alice", outgoing, 700)
