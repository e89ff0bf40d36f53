"""What one can do in a call, seen from outside: hold, video, screens, tones, devices, parameters."""

import os
import tempfile
import time

from harness import Refused, people
from test_calls import connected, ended, hears


def state(console, client, call, wanted):
    return console.event("call:stateChange", client=client, callId=call, state=wanted)


def level(console, client, call):
    return console.do("lab.probe", call, client=client)["audio"]["level"]


def refused(console, name, *arguments, client, code):
    try:
        console.do(name, *arguments, client=client)
    except Refused as refusal:
        assert refusal.code == code, f"{name}: {refusal}"
    else:
        raise AssertionError(f"{name} was not refused")


def sees(console, client, call, width, height):
    """Waits for pictures of this size, and returns what is seen."""

    def check():
        video = console.do("lab.probe", call, client=client)["video"]
        return video if video["frames"] > 5 and (video["width"], video["height"]) == (width, height) else None

    return console.until(check, what=f"{client} sees {width}×{height}")


def test_hold_and_unhold(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.do("call.hold", outgoing, client="alice")
        state(console, "alice", outgoing, "ON_HOLD")
        state(console, "bob", incoming, "ON_REMOTE_HOLD")
        console.until(lambda: level(console, "bob", incoming) < -60, what="silence at bob")
        console.until(lambda: level(console, "alice", outgoing) < -60, what="silence at alice")
        refused(console, "call.hold", outgoing, client="alice", code="call:6")
        console.do("call.hold", incoming, client="bob")
        state(console, "bob", incoming, "ON_HOLD")
        record = console.do("call.getById", outgoing, client="alice")
        assert record["localHold"] and record["remoteHold"] and record["state"] == "ON_HOLD", record
        console.do("call.unhold", outgoing, client="alice")
        state(console, "alice", outgoing, "ON_REMOTE_HOLD")
        console.do("call.unhold", incoming, client="bob")
        state(console, "bob", incoming, "IN_CALL")
        hears(console, "bob", incoming, 400)
        hears(console, "alice", outgoing, 700)
        finished = console.event("call:operation", client="alice", operation="hold", transition="FINISH")
        assert "error" not in finished, finished
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)


def operations(console, client, call, *names):
    """The `call:operation` events of these operations on a call so far, in order, without its id."""
    with console.changed:
        payloads = [m["args"][0] for m in console.events if m["event"] == "call:operation" and m.get("client") == client]
    found = [dict(payload) for payload in payloads if payload["callId"] == call and payload["operation"] in names]
    for payload in found:
        del payload["callId"]
    return found


def test_both_ends_are_told_of_an_operation():
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        for holder, other, call, seen in (("alice", "bob", outgoing, incoming), ("bob", "alice", incoming, outgoing)):
            for name, wanted in (("hold", "ON_REMOTE_HOLD"), ("unhold", "IN_CALL")):
                console.do(f"call.{name}", call, client=holder)
                state(console, other, seen, wanted)
                for client, which, is_local in ((holder, call, True), (other, seen, False)):
                    console.event("call:operation", client=client, callId=which, operation=name, transition="FINISH")
                    found = operations(console, client, which, name)[-2:]
                    assert found == [
                        {"operation": name, "transition": transition, "isLocal": is_local}
                        for transition in ("START", "FINISH")
                    ], found


def test_what_cannot_begin_is_refused_and_reported():
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.setCustomParameters", outgoing, [], client="alice")
        for name, code, message in (
            ("sendCustomParameters", "call:6", "Failed to send custom parameters."),
            ("unhold", "call:6", "Failed to unhold call."),
            ("startVideo", "call:6", "Failed to start video."),
        ):
            refused(console, f"call.{name}", outgoing, client="alice", code=code)
            error = console.event("call:error", client="alice", callId=outgoing)["error"]
            assert (error["code"], error["message"]) == (code, message), error
            # It never began, so it does not finish.
            assert operations(console, "alice", outgoing, name) == []
        assert console.names("bob").count("call:error") == 0
        hears(console, "bob", incoming, 400)
        assert console.do("call.getById", outgoing, client="alice")["state"] == "IN_CALL"


def test_video_starts_and_stops(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True)

        def frames(client, call):
            return console.do("lab.probe", call, client=client)["video"]["framesPerSecond"]

        assert frames("bob", incoming) == 0
        size = {"videoResolution": {"width": 176, "height": 144}}  # the chosen camera has 320×240
        console.do("call.startVideo", outgoing, size, client="alice")
        assert console.do("call.getById", outgoing, client="alice")["sendingVideo"] is True
        console.until(lambda: frames("bob", incoming) > 10, what="pictures at bob")
        sees(console, "bob", incoming, 176, 144)
        change = state(console, "bob", incoming, "IN_CALL")
        while change.get("transition", {}).get("event") != "remoteVideoChange":
            change = state(console, "bob", incoming, "IN_CALL")
        assert console.do("call.getById", incoming, client="bob")["remoteVideoState"] == "sendrecv"
        console.do("call.stopVideo", outgoing, client="alice")
        console.until(lambda: frames("bob", incoming) == 0, what="no more pictures at bob")
        hears(console, "bob", incoming, 400)
        console.do("call.end", incoming, client="bob")
        ended(console, "alice", outgoing)


def test_no_video_in_a_call_without():
    with people("alice", "bob") as (_, console):
        outgoing, _ = connected(console, "alice", "bob", isVideoEnabled=False)
        refused(console, "call.startVideo", outgoing, client="alice", code="call:6")


def test_a_screen_is_shared(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True)
        refused(console, "call.startScreenshare", outgoing, {}, client="alice", code="call:7")
        refused(console, "call.stopScreenshare", outgoing, client="alice", code="call:6")
        screen = console.do("media.getDevices", client="alice")["screen"][0]["deviceId"]
        share = {"mediaSourceId": screen, "width": 640, "height": 360, "frameRate": 5}
        console.do("call.startScreenshare", outgoing, share, client="alice")
        console.event("call:screenshareChange", client="alice", callId=outgoing)
        assert console.do("call.getById", outgoing, client="alice")["isScreensharing"] is True
        assert sees(console, "bob", incoming, 640, 360)["framesPerSecond"] <= 6
        console.do("call.stopScreenshare", outgoing, client="alice")
        console.event("call:screenshareChange", client="alice", callId=outgoing)
        assert console.do("call.getById", outgoing, client="alice")["isScreensharing"] is False


def test_tones_are_counted_by_the_far_end(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.do("call.mute", outgoing, client="alice")
        console.do("call.sendDTMF", outgoing, "159D*", {"duration": 120}, client="alice")
        console.do("call.sendDTMF", outgoing, 0, client="alice")
        wanted = "159D*0"

        def tones():
            return console.do("lab.probe", incoming, client="bob")["audio"]["digits"]

        console.until(lambda: tones() == wanted, what=f"{wanted} at bob")
        refused(console, "call.sendDTMF", outgoing, "x", client="alice", code="call:7")
        console.do("call.hold", outgoing, client="alice")
        refused(console, "call.sendDTMF", outgoing, "1", client="alice", code="call:6")


def test_silence_keeps_the_speaker_still():
    with people("alice", "bob") as (_, console), tempfile.TemporaryDirectory() as folder:
        first, second = (os.path.join(folder, name) for name in ("first.wav", "second.wav"))
        console.do("media.setDefaultDevices", {"speaker": f"virtual:file?path={first}"}, client="bob")
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.until(lambda: growth(first), what="a growing recording of the speaker")

        console.do("call.silence", incoming, client="bob")
        assert console.do("call.getById", incoming, client="bob")["silenced"] is True
        console.until(lambda: not growth(first), what="a speaker that is still")
        # What Alice says arrives, and is not played.
        hears(console, "bob", incoming, 400)
        assert growth(first, seconds=2) == 0
        console.do("call.unsilence", incoming, client="bob")
        assert console.do("call.getById", incoming, client="bob")["silenced"] is False
        console.until(lambda: growth(first), what="a speaker that plays again")

        refused(console, "call.changeSpeaker", "", client="bob", code="call:7")
        speaker = f"virtual:file?path={second}"
        console.do("call.changeSpeaker", speaker, client="bob")
        console.event("devices:change", client="bob", type="speaker", deviceId=speaker)
        console.until(lambda: growth(second), what="sound at the other speaker")
        assert growth(first, seconds=1) == 0
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)


def growth(path, seconds=0.5):
    """By how many bytes the file grows in this time."""
    before = os.path.getsize(path) if os.path.exists(path) else 0
    time.sleep(seconds)
    return (os.path.getsize(path) if os.path.exists(path) else 0) - before


def test_other_input_devices(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.do("media.setDefaultDevices", {"microphone": "virtual:tone?hz=1500"}, client="alice")
        console.do("call.changeInputDevices", outgoing, client="alice")
        hears(console, "bob", incoming, 1500)
        console.do("media.setDefaultDevices", {"microphone": "virtual:nonsense"}, client="alice")
        refused(console, "call.changeInputDevices", outgoing, client="alice", code="call:4")
        hears(console, "bob", incoming, 1500)


def test_custom_parameters():
    with people("alice", "bob") as (_, console):
        parameters = [{"name": "X-GPS", "value": "48.20,16.37"}]
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False, customParameters=parameters)
        assert console.do("call.getCustomParameters", outgoing, client="alice") == parameters
        assert console.do("call.getById", incoming, client="bob")["remoteCustomParameters"] == parameters
        other = [{"name": "X-Desk", "value": "7"}]
        console.do("call.setCustomParameters", outgoing, other, client="alice")
        console.do("call.sendCustomParameters", outgoing, client="alice")
        console.event("call:customParameters", client="bob", callId=incoming, customParameters=other)
        console.do("call.setCustomParameters", incoming, [], client="bob")
        refused(console, "call.sendCustomParameters", incoming, client="bob", code="call:6")


def test_media_is_restarted(people=people):
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        console.do("call.restartMedia", outgoing, client="alice")
        console.event("call:mediaRestart", client="alice", callId=outgoing)
        hears(console, "bob", incoming, 400)
        hears(console, "alice", outgoing, 700)


def test_operations_on_a_call_that_does_not_exist():
    with people("alice") as (_, console):
        for verb, more in (
            ("hold", []), ("unhold", []), ("startVideo", []), ("stopVideo", []), ("stopScreenshare", []),
            ("startScreenshare", [{"mediaSourceId": "virtual:screen"}]), ("silence", []), ("unsilence", []),
            ("sendDTMF", [1]), ("changeInputDevices", []), ("sendCustomParameters", []), ("setCustomParameters", [[]]),
            ("forwardCall", ["bob@example.com"]), ("directTransfer", ["bob@example.com"]),
            ("consultativeTransfer", ["none"]), ("join", ["none"]), ("restartMedia", []),
        ):
            refused(console, f"call.{verb}", "no such call", *more, client="alice", code="call:7")
        assert console.do("call.getCustomParameters", "no such call", client="alice") == []
