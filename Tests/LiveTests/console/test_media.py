"""Devices and containers, as the console names them."""

import os
import struct
import tempfile

from harness import join, people
from test_calls import connected, ended, hears
from test_connection import refused
from test_midcall import level, sees


def test_a_window_is_refused_until_there_are_windows():
    with people("alice") as (_, console):
        options = {"isVideoEnabled": True, "remoteVideoContainer": "window"}
        message = refused(console, "console:3", "call.make", "bob@example.com", options, client="alice")
        assert "no windows yet" in message, message
        settings = {"call": {"callDefaults": {"localVideoContainer": "window"}}}
        message = refused(console, "console:3", "updateConfig", settings, client="alice")
        assert "call.callDefaults.localVideoContainer: there are no windows yet" in message, message


def test_the_containers_of_all_calls_are_as_those_of_one():
    with tempfile.TemporaryDirectory() as folder, people("alice") as (gateway, console):
        far, near = (os.path.join(folder, name) for name in ("far.png", "near.png"))
        join(gateway, console, "bob", configuration={"call": {"callDefaults": {"remoteVideoContainer": far}}})
        console.do("updateConfig", {"call": {"callDefaults": {"localVideoContainer": near}}}, client="bob")
        console.do("disconnect", client="bob")
        console.do("connect", {"username": "bob@example.com", "password": "secret"}, client="bob")
        assert "remoteVideoContainer" not in console.do("getConfig", client="bob")["call"]["callDefaults"]
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=True, sendInitialVideo=True)
        for path in (far, near):
            console.until(lambda: os.path.exists(path), what=f"a picture in {path}")
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)


def test_a_call_has_containers_and_sizes_of_its_own():
    with tempfile.TemporaryDirectory() as folder, people("alice", "bob") as (_, console):
        far, near, others = (os.path.join(folder, name) for name in ("far.png", "near.png", "others.png"))
        common = {"call": {"callDefaults": {"remoteVideoContainer": others, "localVideoContainer": others}}}
        for client in ("alice", "bob"):
            console.do("updateConfig", common, client=client)
            console.do("disconnect", client=client)
            console.do("connect", {"username": f"{client}@example.com", "password": "secret"}, client=client)
        own = {"isVideoEnabled": True, "sendInitialVideo": True}
        outgoing = console.do(
            "call.make", "bob@example.com",
            {**own, "videoResolution": {"width": 176, "height": 144}, "remoteVideoContainer": far}, client="alice",
        )
        incoming = console.event("call:receive", client="bob")["callId"]
        console.do(
            "call.answer", incoming,
            {**own, "videoResolution": {"width": 160, "height": 96}, "localVideoContainer": near,
             "remoteVideoContainer": "null"},
            client="bob",
        )
        sees(console, "bob", incoming, 176, 144)
        sees(console, "alice", outgoing, 160, 96)
        console.until(lambda: os.path.exists(far) and os.path.exists(near), what="a picture in each container")
        assert (size_of(far), size_of(near)) == ((160, 96), (160, 96))
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)


def size_of(png):
    """The width and height of a PNG file."""
    with open(png, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


def test_a_codec_that_is_removed_is_not_used():
    removers = [{"createCodecRemover": ["opus", "red", "G722"]}]
    with people("alice") as (gateway, console):
        join(gateway, console, "bob", hz=6000, configuration={"call": {"sdpHandlers": removers}})
        outgoing, incoming = connected(console, "bob", "alice", isVideoEnabled=False)
        # What is left is narrowband: it carries Alice's tone and not Bob's.
        hears(console, "bob", outgoing, 400)
        console.until(lambda: console.do("lab.probe", incoming, client="alice")["audio"]["frames"] > 100, what="sound")
        assert level(console, "alice", incoming) < -40
        console.do("call.end", outgoing, client="bob")
        ended(console, "alice", incoming)
        console.do("updateConfig", {"call": {"sdpHandlers": []}}, client="bob")
        outgoing, incoming = connected(console, "bob", "alice", isVideoEnabled=False)
        hears(console, "alice", incoming, 6000)
        console.do("call.end", outgoing, client="bob")
        ended(console, "alice", incoming)


def test_devices_are_listed_and_chosen():
    with people("alice") as (_, console):
        devices = console.do("media.getDevices", client="alice")
        assert "virtual:silence" in [device["deviceId"] for device in devices["microphone"]], devices
        console.do("media.setDefaultDevices", {"microphone": "virtual:silence"}, client="alice")
        chosen = console.event("devices:defaultsChange", client="alice", devices={
            "camera": "virtual:pattern?width=320&height=240&fps=25", "microphone": "virtual:silence",
            "speaker": "virtual:null",
        })
        assert chosen
        refused(console, "call:4", "media.setDefaultDevices", {"speaker": "no such speaker"}, client="alice")
        assert console.event("devices:error", client="alice")["error"]["code"] == "call:4"


def test_a_microphone_whose_file_is_missing_is_refused():
    with people("alice") as (_, console):
        options = {"isVideoEnabled": False, "microphone": "virtual:file?path=/no/such/file.wav"}
        refused(console, "console:5", "call.make", "bob@example.com", options, client="alice")
