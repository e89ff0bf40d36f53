"""Calls between people who are in one console, with real media."""

import os
import struct
import tempfile
import time
import wave

from harness import PATIENCE, Refused, join, people


def connected(console, caller, callee, **options):
    """`caller` calls `callee`, who answers; returns both call ids."""
    outgoing = console.do("call.make", f"{callee}@example.com", options, client=caller)
    incoming = console.event("call:receive", client=callee)["callId"]
    console.event("call:stateChange", client=caller, callId=outgoing, state="RINGING")
    console.do("call.answer", incoming, options, client=callee)
    console.event("call:stateChange", client=callee, callId=incoming, state="IN_CALL")
    console.event("call:stateChange", client=caller, callId=outgoing, state="IN_CALL")
    return outgoing, incoming


def hears(console, client, call, hz):
    def check():
        audio = console.do("lab.probe", call, client=client)["audio"]
        return audio if abs(audio["dominantHz"] - hz) < 10 and audio["purity"] >= 0.95 else None

    return console.until(check, what=f"{client} hears {hz} Hz")


def ended(console, client, call, code=None):
    payload = console.event("call:stateChange", client=client, callId=call, state="ENDED")
    if code is not None:
        assert int(payload["transition"]["code"]) == code, payload
    return payload


def test_two_people_hear_each_other():
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "alice", outgoing, 700)
        hears(console, "bob", incoming, 400)
        record = console.do("call.getById", outgoing, client="alice")
        assert record["direction"] == "outgoing" and record["to"] == "bob@example.com", record
        assert record["remoteParticipant"]["displayNumber"] == "bob@example.com", record
        assert record["startTime"] > 1_600_000_000_000, record
        assert [call["id"] for call in console.do("call.getAll", client="bob")] == [incoming]
        console.do("call.end", outgoing, client="alice")
        ended(console, "alice", outgoing, 9901)
        ended(console, "bob", incoming, 9900)


def record(console, client, call):
    """What `getById` says of a call, without the ids and times, which are looked at here."""
    found = console.do("call.getById", call, client=client)
    assert found.pop("id") == call and len(found.pop("wrtcsSessionId")) > 8, found
    start, end = found.pop("startTime"), found.pop("endTime", None)
    assert 0 <= time.time() * 1000 - start < PATIENCE * 10_000, start
    assert (end is not None) == (found["state"] == "ENDED") and start <= (end or start), (start, end)
    assert found.pop("mediaState") in ("CONNECTED", "COMPLETED"), found
    return found


def test_the_call_object_has_the_documented_members():
    with people("alice", "bob") as (_, console):
        parameters = [{"name": "X-GPS", "value": "48.20,16.37"}]
        options = {
            "isVideoEnabled": True, "sendInitialVideo": True, "customParameters": parameters, "normalizeAddress": False,
            "contact": {"firstName": "Ann", "lastName": "Other"}, "videoResolution": {"width": 320, "height": 240},
        }
        outgoing = console.do("call.make", "bob@example.com", options, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        ringing = console.do("call.getById", incoming, client="bob")
        unanswered = {
            "id": incoming, "wrtcsSessionId": ringing["wrtcsSessionId"], "state": "RINGING", "direction": "incoming",
            "from": "alice@example.com", "to": "bob@example.com", "callerName": "Alice Tester",  # the directory's
            "remoteParticipant": {"displayNumber": "alice@example.com", "displayName": "Alice Tester"},
            "muted": False, "silenced": False, "isScreensharing": False, "localHold": False, "remoteHold": False,
            "isVideoNegotiationAvailable": True, "remoteVideoState": "sendrecv", "remoteCustomParameters": parameters,
        }
        assert ringing == unanswered, ringing
        console.do("call.answer", incoming, {"isVideoEnabled": True}, client="bob")
        console.event("call:stateChange", client="bob", callId=incoming, state="IN_CALL")
        console.event("call:stateChange", client="alice", callId=outgoing, state="IN_CALL")
        hears(console, "bob", incoming, 400)
        hears(console, "alice", outgoing, 700)

        established = {"prevState": "RINGING", "newState": "IN_CALL", "event": "callEstablished"}
        of_alice = {
            "state": "IN_CALL", "direction": "outgoing", "from": "alice@example.com", "to": "bob@example.com",
            "calleeName": "Bob Tester", "originalRemoteParticipant": {"displayNumber": "bob@example.com"},
            "remoteParticipant": {"displayNumber": "bob@example.com", "displayName": "Bob Tester"},
            "contact": options["contact"], "isAudioEnabled": True, "isVideoEnabled": True, "sendInitialVideo": True,
            "webrtcdtls": True, "videoResolution": options["videoResolution"], "normalizeAddress": False,
            "customParameters": parameters, "muted": False, "silenced": False, "isScreensharing": False,
            "isVideoNegotiationAvailable": True, "sendingVideo": True, "remoteVideoState": "recvonly",
            "localHold": False, "remoteHold": False, "transition": established,
        }
        found = record(console, "alice", outgoing)
        assert found == of_alice, found
        of_bob = {key: value for key, value in unanswered.items() if key not in ("id", "wrtcsSessionId")}
        of_bob |= {
            "state": "IN_CALL", "isAudioEnabled": True, "isVideoEnabled": True, "sendInitialVideo": False,
            "sendingVideo": False, "transition": established,
        }
        found = record(console, "bob", incoming)
        assert found == of_bob, found

        console.do("call.hold", outgoing, client="alice")
        console.event("call:stateChange", client="bob", callId=incoming, state="ON_REMOTE_HOLD")
        of_alice |= {"state": "ON_HOLD", "localHold": True, "transition": {"prevState": "IN_CALL", "newState": "ON_HOLD"}}
        found = record(console, "alice", outgoing)
        assert found == of_alice, found
        held = {"prevState": "IN_CALL", "newState": "ON_REMOTE_HOLD"}
        of_bob |= {"state": "ON_REMOTE_HOLD", "remoteHold": True, "remoteVideoState": "sendonly", "transition": held}
        found = record(console, "bob", incoming)
        assert found == of_bob, found

        console.do("call.end", outgoing, client="alice")
        ended(console, "alice", outgoing)
        ended(console, "bob", incoming)
        over = {"prevState": "ON_HOLD", "newState": "ENDED", "code": 9901, "reasonText": "Ended by local user"}
        of_alice |= {"state": "ENDED", "transition": over}
        found = record(console, "alice", outgoing)
        assert found == of_alice, found
        over = {"prevState": "ON_REMOTE_HOLD", "newState": "ENDED", "code": 9900, "reasonText": "Reason not provided"}
        of_bob |= {"state": "ENDED", "transition": over}
        found = record(console, "bob", incoming)
        assert found == of_bob, found
        assert [call["id"] for call in console.do("call.getAll", client="bob")] == [incoming], "it stays"


def test_mute_silences_and_unmute_restores(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.do("call.mute", outgoing, client="alice")
        assert console.do("call.getById", outgoing, client="alice")["muted"] is True
        console.until(
            lambda: console.do("lab.probe", incoming, client="bob")["audio"]["level"] < -60, what="silence at bob"
        )
        console.do("call.unmute", outgoing, client="alice")
        hears(console, "bob", incoming, 400)
        console.do("call.end", incoming, client="bob")
        ended(console, "alice", outgoing)


def test_two_people_see_each_other(people=people):
    with people("alice", "bob") as (_, console), tempfile.TemporaryDirectory() as folder:
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True, sendInitialVideo=True)
        for client, call in (("alice", outgoing), ("bob", incoming)):

            def video():
                picture = console.do("lab.probe", call, client=client)["video"]
                return picture if picture["frames"] > 20 and picture["width"] == 320 else None

            picture = console.until(video, what=f"{client} sees pictures")
            assert picture["height"] == 240, picture
        png = os.path.join(folder, "bob.png")
        console.do("lab.snapshot", incoming, png, client="bob")
        with open(png, "rb") as file:
            head = file.read(24)
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:24]) == (320, 240)
        wav = os.path.join(folder, "bob.wav")
        console.do("lab.record", incoming, wav, client="bob")
        before = hears(console, "bob", incoming, 400)["frames"]
        console.until(
            lambda: console.do("lab.probe", incoming, client="bob")["audio"]["frames"] >= before + 50, what="half a second"
        )
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)
        with wave.open(wav) as file:
            assert file.getframerate() == 48000 and file.getnframes() > 24_000 - 4_800, file.getparams()


def test_bob_rejects():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.do("call.reject", incoming, client="bob")
        ended(console, "bob", incoming, 9902)
        ended(console, "alice", outgoing, 603)


def test_bob_ignores_and_alice_gives_up():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        console.event("call:stateChange", client="alice", callId=outgoing, state="RINGING")
        console.do("call.ignore", incoming, client="bob")
        ended(console, "bob", incoming, 9903)
        console.do("call.end", outgoing, client="alice")
        ended(console, "alice", outgoing, 9901)


def test_the_first_device_to_answer_wins():
    with people("alice", "bob") as (gateway, console):
        join(gateway, console, "bob2", hz=1300, user="bob")
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        first = console.event("call:receive", client="bob")["callId"]
        second = console.event("call:receive", client="bob2")["callId"]
        console.do("call.answer", second, {"isVideoEnabled": False}, client="bob2")
        ended(console, "bob", first, 9904)
        console.event("call:stateChange", client="alice", callId=outgoing, state="IN_CALL")
        hears(console, "alice", outgoing, 1300)
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob2", second)


def test_nobody_there():
    with people("alice") as (_, console):
        for address, code in (("nobody@example.com", 404), ("carol@example.com", 480)):
            call = console.do("call.make", address, {"isVideoEnabled": False}, client="alice")
            ended(console, "alice", call, code)


def test_nobody_answers():
    with people("alice", "bob", gateway_options=("--ring-time", "1")) as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = console.event("call:receive", client="bob")["callId"]
        ended(console, "alice", outgoing, 487)
        ended(console, "bob", incoming, 487)


def test_hanging_up_at_once():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        console.do("call.end", outgoing, client="alice")
        ended(console, "alice", outgoing, 9901)
        assert console.do("call.getById", outgoing, client="alice")["state"] == "ENDED"


def test_a_call_that_does_not_exist():
    with people("alice") as (_, console):
        for verb in ("end", "reject", "ignore", "mute", "unmute", "answer"):
            try:
                console.do(f"call.{verb}", "no such call", client="alice")
            except Refused as refusal:
                assert refusal.code.startswith("call:"), refusal.code
                console.event("call:error", client="alice", callId="no such call")
            else:
                raise AssertionError(f"call.{verb} accepted a call that does not exist")
        assert console.do("call.getById", "no such call", client="alice") is None


def test_constants():
    with people("alice") as (_, console):
        states = console.do("call.states", client="alice")
        assert all(states[name] == name for name in ("IN_CALL", "RINGING", "ENDED", "ON_HOLD", "ON_REMOTE_HOLD")), states
        assert console.do("call.mediaStates", client="alice")["COMPLETED"] == "COMPLETED"
