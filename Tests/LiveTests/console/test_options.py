"""Options of calls, given from outside: what is said on the wire then, and whether people hear each other."""

import base64
import contextlib
import hashlib
import hmac
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from harness import PATIENCE, Console, Gateway, join
from test_calls import connected, ended, hears
from test_midcall import state
from test_statistics import data_folder
from wire import Wire

SECRET = "a secret between gateway and relay"


class Line:
    """A client's way to the gateway, as `join` wants it."""

    def __init__(self, wire):
        self.configuration = wire.configuration


@contextlib.contextmanager
def people(*gateway_options, **settings):
    """A gateway and a console with these people, each with settings for its calls and a wire of its own."""
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(Gateway(*gateway_options, users=tuple(settings)))
        wires = {name: stack.enter_context(Wire(gateway)) for name in settings}
        console = stack.enter_context(Console())
        for number, (name, call) in enumerate(settings.items()):
            join(Line(wires[name]), console, name, hz=400 + 300 * number, configuration={"call": call})
        yield console, wires


def heard(console, outgoing, incoming):
    hears(console, "bob", incoming, 400)
    hears(console, "alice", outgoing, 700)


def sdp(wire, kind, number=0):
    return wire.controls(kind)[number]["sdp"]


def directions(text):
    """The direction of each section."""
    return re.findall(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", text, re.MULTILINE)


def candidates(text):
    return re.findall(r"^a=candidate:.* typ (\w+)", text, re.MULTILINE)


# MARK: - What descriptions say


def test_a_bundle_is_wanted_by_both_or_by_nobody():
    for policy, groups in (("DISABLED", 0), ("max-bundle", 1)):
        settings = {"bundlePolicy": policy}
        with people(alice=settings, bob=settings) as (console, wires):
            outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True)
            heard(console, outgoing, incoming)
            offer, answer = sdp(wires["alice"], "callStart"), sdp(wires["bob"], "callAnswer")
            assert offer.count("a=group:BUNDLE 0 1") == groups and offer.count("a=group") == groups, (policy, offer)
            assert answer.count("a=group:BUNDLE 0 1") == groups, (policy, answer)
            transports = console.do("call.getStats", outgoing, client="alice")["transports"]
            assert len(transports) == (1 if groups else 2), (policy, transports)


def test_opus_and_payload_types_are_as_configured():
    settings = {
        "opusConfig": {"maxPlaybackRate": 16000, "maxAverageBitrate": 20000, "fec": 0, "dtx": 1, "ptime": 40},
        "codecsToReplace": [{"name": "opus/48000", "value": 120}, {"name": "telephone-event/8000", "value": "101"}],
    }
    with people(alice=settings, bob={}) as (console, wires):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        heard(console, outgoing, incoming)
        offer = sdp(wires["alice"], "callStart").splitlines()
        formats = next(line for line in offer if line.startswith("m=audio")).split()[3:]
        assert formats[0] == "120" and "101" in formats and not {"111", "126"} & set(formats), formats
        assert "a=rtpmap:120 opus/48000/2" in offer and "a=rtpmap:101 telephone-event/8000" in offer, offer
        assert "a=ptime:40" in offer, offer
        wanted = {"maxplaybackrate=16000", "maxaveragebitrate=20000", "useinbandfec=0", "usedtx=1"}
        parameters = [line for line in offer if line.startswith("a=fmtp:120 ")]
        assert [set(line.split(" ", 1)[1].split(";")) for line in parameters] == [wanted], parameters
        # It is Bob whom they ask to save: his encoder takes the rate, Alice's stays as it was.
        rates = [
            console.do("call.getStats", call, client=client)["audio"]["outbound"]["targetBitrate"]
            for client, call in (("bob", incoming), ("alice", outgoing))
        ]
        assert rates[0] == 20000 < rates[1], rates


def test_early_media_is_announced_only_when_wanted():
    with people(alice={"earlyMedia": True}, bob={}) as (console, wires):
        connected(console, "alice", "bob", isVideoEnabled=False)
        connected(console, "bob", "alice", isVideoEnabled=False)
        assert wires["alice"].controls("callStart")[0]["supported"] == ["earlymedia"]
        assert "supported" not in wires["bob"].controls("callStart")[0]


def test_who_rings_says_so_only_when_wanted():
    with people(alice={}, bob={"ringingFeedback": True}) as (console, wires):
        connected(console, "alice", "bob", isVideoEnabled=False)
        connected(console, "bob", "alice", isVideoEnabled=False)
        # Said aside: the answer may overtake it.
        console.until(lambda: wires["bob"].controls("ringing") == [{"type": "ringing"}], what="that Bob's device rings")
        assert wires["alice"].controls("ringing") == []


def test_an_address_is_normalised_when_wanted():
    with people(alice={}, bob={}) as (console, wires):
        options = {"isVideoEnabled": False, "normalizeAddress": True}
        outgoing = console.do("call.make", " tel:bob ", options, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.do("call.answer", incoming, {"isVideoEnabled": False}, client="bob")
        heard(console, outgoing, incoming)
        assert console.do("call.getById", outgoing, client="alice")["normalizeAddress"] is True
        for address, wanted in (
            (" +1 (555) 010-0199 ", "sip:+15550100199@example.com"),
            ("*67 555-0100", "sip:*675550100@example.com"),
        ):
            call = console.do("call.make", address, options, client="alice")
            ended(console, "alice", call, 404)
            assert wires["alice"].controls("callStart")[-1]["to"] == wanted, wires["alice"].controls("callStart")
        call = console.do("call.make", "tel:bob", {"isVideoEnabled": False}, client="alice")
        state(console, "alice", call, "RINGING")  # the gateway knows what is meant, too
        assert wires["alice"].controls("callStart")[-1]["to"] == "tel:bob"


# MARK: - Hold


def test_video_on_hold_is_inactive_when_wanted():
    with people(alice={"videoInactiveOnHold": True}, bob={}) as (console, wires):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True, sendInitialVideo=True)
        for holder, other, call, seen, wanted in (
            ("alice", "bob", outgoing, incoming, ["sendonly", "inactive"]),
            ("bob", "alice", incoming, outgoing, ["sendonly", "sendonly"]),
        ):
            console.do("call.hold", call, client=holder)
            state(console, other, seen, "ON_REMOTE_HOLD")
            assert directions(sdp(wires[holder], "startCallUpdate")) == wanted
            console.do("call.unhold", call, client=holder)
            state(console, other, seen, "IN_CALL")
        heard(console, outgoing, incoming)


def test_nothing_is_sent_on_hold_when_so_wanted():
    with people(alice={"forceDisableMediaOnHold": True}, bob={}) as (console, wires):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        heard(console, outgoing, incoming)

        def sent(client, call):
            return console.do("call.getStats", call, client=client)["audio"]["outbound"]["packetsSent"]

        def played():
            return console.do("lab.probe", incoming, client="bob")["audio"]["frames"]

        # Without the option who holds sends silence.
        console.do("call.hold", incoming, client="bob")
        before = sent("bob", incoming)
        console.until(lambda: sent("bob", incoming) > before + 25, what="silence that is sent")
        console.do("call.unhold", incoming, client="bob")
        hears(console, "alice", outgoing, 700)

        console.do("call.hold", outgoing, client="alice")
        counts = []
        for _ in range(3):  # the first may be one that the engine has kept from before
            counts.append(sent("alice", outgoing))
            frames = played()
            console.until(lambda: played() > frames + 30, what="0.3 s by the clock of Bob's speaker")
        assert counts[1] == counts[2] == sent("alice", outgoing), counts
        assert directions(sdp(wires["alice"], "startCallUpdate")) == ["sendonly"], "the description stays as it is"
        console.do("call.unhold", outgoing, client="alice")
        heard(console, outgoing, incoming)


# MARK: - After an interruption


def test_calls_are_asked_for_after_an_interruption_when_wanted():
    with people(alice={"resyncOnConnect": True}, bob={}) as (console, wires):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        heard(console, outgoing, incoming)

        def asked(name, part):
            return [path for method, path, _ in wires[name].requests() if method == "GET" and part in path]

        for name in ("alice", "bob"):
            assert asked(name, "/callSessions/") == []
            wires[name].cut()
        session = console.do("call.getById", outgoing, client="alice")["wrtcsSessionId"]
        console.until(lambda: asked("alice", "/callSessions/"), what="that Alice asks for her call")
        assert asked("alice", "/callSessions/")[0].endswith(f"/callSessions/{session}")
        for name in ("alice", "bob"):
            console.until(lambda: len(asked(name, "/notification/websocket/")) >= 2, what=f"{name}'s second WebSocket")
            console.until(
                lambda: console.do("connection.getSocketState", client=name)["connected"], what=f"that {name} is back"
            )
        # The call goes on, in both directions of signalling.
        console.do("call.hold", incoming, client="bob")
        state(console, "alice", outgoing, "ON_REMOTE_HOLD")
        console.do("call.unhold", incoming, client="bob")
        heard(console, outgoing, incoming)
        assert asked("bob", "/callSessions/") == []


def test_a_ringing_call_survives_the_process_when_wanted():
    for continuity in (True, False):
        settings = {"call": {"continuity": continuity}}
        with data_folder() as folder, Gateway(users=("alice", "bob")) as gateway, Console() as console:
            join(gateway, console, "alice", hz=400)
            first = Console()
            join(gateway, first, "bob", configuration=settings)
            outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
            rung = first.event("call:receive", client="bob")["callId"]
            if continuity:  # written aside
                first.until(lambda: any(folder.glob("FCS_bob*")), what="a kept call")
            first.process.kill()
            first.process.wait(timeout=PATIENCE)
            with Console() as second:
                join(gateway, second, "bob", hz=700, configuration=settings)
                if not continuity:
                    second.do("updateConnection", {"services": ["call"]}, client="bob")
                    assert second.do("call.getAll", client="bob") == []
                    continue
                incoming = second.event("call:receive", client="bob")["callId"]
                assert incoming != rung
                second.do("call.answer", incoming, {"isVideoEnabled": False}, client="bob")
                state(console, "alice", outgoing, "IN_CALL")
                hears(console, "alice", outgoing, 700)
                hears(second, "bob", incoming, 400)


# MARK: - A relay, and candidates


@contextlib.contextmanager
def relay():
    """A coturn on a free loopback port, which shares the secret with a gateway; gives the settings of who uses nothing else."""
    assert shutil.which("turnserver"), "there is no turnserver on this machine; scripts/setup installs coturn"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="kandy-turn-") as folder:
        process = subprocess.Popen(
            [
                "turnserver", "-n", "--verbose", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp",
                "--allow-loopback-peers",
                "--listening-ip", "127.0.0.1", "--listening-port", str(port), "--relay-ip", "127.0.0.1",
                "--realm", "kandy.test", "--use-auth-secret", "--static-auth-secret", SECRET,
                "--log-file", "stdout", "--simple-log",
                "--pidfile", f"{folder}/pid", "--userdb", f"{folder}/db",
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        listening, said = threading.Event(), []

        def read():
            for line in process.stdout:
                said.append(line)
                if "UDP listener opened on" in line:
                    listening.set()

        threading.Thread(target=read, daemon=True).start()
        try:
            assert listening.wait(PATIENCE), "".join(said[-10:])
            yield {"useRelay": True, "iceserver": [{"urls": f"turn:127.0.0.1:{port}?transport=udp"}]}
        finally:
            process.kill()
            process.wait()


def with_credentials(settings, secret=SECRET, lifetime=600):
    """The configuration with credentials that the application has made for its user, good for so many seconds."""
    username = f"{int(time.time()) + lifetime}:alice@example.com"
    code = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    server = {**settings["iceserver"][0], "username": username, "credential": base64.b64encode(code).decode()}
    return {**settings, "iceserver": [server]}


@contextlib.contextmanager
def secret_file():
    with tempfile.NamedTemporaryFile("w", prefix="kandy-secret-") as file:
        file.write(SECRET)
        file.flush()
        yield file.name


def test_a_call_through_a_relay():
    with relay() as settings, secret_file() as secret:
        # Alice's credentials stand in her configuration, Bob's come from the gateway.
        with people(
            "--turn-secret-file", secret, "--turn-url", settings["iceserver"][0]["urls"],
            alice=with_credentials(settings), bob={**settings, "serverProvidedTurnCredentials": True},
        ) as (console, wires):
            outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
            heard(console, outgoing, incoming)
            for text in (sdp(wires["alice"], "callStart"), sdp(wires["bob"], "callAnswer")):
                assert set(candidates(text)) == {"relay"}, text
            for client, call in (("alice", outgoing), ("bob", incoming)):
                pair = console.do("call.getStats", call, client=client)["transports"][0]["selectedCandidatePair"]
                assert [pair[end]["candidateType"] for end in ("local", "remote")] == ["relay", "relay"], pair
            console.do("call.end", outgoing, client="alice")
            ended(console, "bob", incoming)


def test_a_relay_that_refuses_the_credentials_fails_the_call():
    with relay() as settings:
        for bad in (with_credentials(settings, secret="another"), with_credentials(settings, lifetime=-600)):
            with people(alice=bad, bob={}) as (console, wires):
                call = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
                failure = console.event("call:error", client="alice", callId=call)
                assert failure["error"]["code"] == "call:2", failure
                finish = console.event("call:operation", client="alice", callId=call, operation="make", transition="FINISH")
                assert finish["error"]["code"] == "call:2", finish
                record = console.do("call.getById", call, client="alice")
                assert record["state"] == "ENDED" and record["error"]["code"] == "call:2", record
                assert wires["alice"].controls("callStart") == [] and "call:receive" not in console.names("bob")


def test_candidates_trickle_as_far_as_wanted():
    with relay() as settings, secret_file() as secret:
        for mode in ("none", "half", "full"):
            # The candidates of a relay come later than the description, those of the machine itself may be there at once.
            wanted = {**settings, "serverProvidedTurnCredentials": True, "trickleIceSupport": mode}
            with people("--turn-secret-file", secret, alice=wanted, bob=wanted) as (console, wires):
                outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
                heard(console, outgoing, incoming)
                offer, answer = sdp(wires["alice"], "callStart"), sdp(wires["bob"], "callAnswer")
                for text in (offer, answer):
                    assert ("a=ice-options:trickle" in text) == (mode != "none"), (mode, text)
                assert bool(candidates(offer)) == (mode != "full"), (mode, offer)
                assert bool(candidates(answer)) == (mode == "none"), (mode, answer)
                trickled = {name: wires[name].controls("updateIceCandidate") for name in wires}
                assert bool(trickled["alice"]) == (mode == "full"), (mode, trickled)
                assert bool(trickled["bob"]) == (mode != "none"), (mode, trickled)
