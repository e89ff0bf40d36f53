"""Devices and containers, as the console names them."""

import os
import tempfile

from harness import join, people
from test_calls import connected, ended
from test_connection import refused


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
