"""Three people in a bridge, seen from outside: Alice's client mixes, the gateway has no media."""

import contextlib

from harness import people
from test_calls import connected, ended
from test_join import hears_only
from test_midcall import level, refused, state


@contextlib.contextmanager
def two_calls():
    with people("alice", "bob", "carol", gateway_options=("--no-media",)) as (_, console):
        first, at_bob = connected(console, "alice", "bob", isVideoEnabled=False)
        second, at_carol = connected(console, "alice", "carol", isVideoEnabled=False)
        yield console, first, second, at_bob, at_carol


def changed(console, bridge):
    console.event("audioBridge:change", client="alice", bridgeId=bridge)


@contextlib.contextmanager
def bridged():
    with two_calls() as (console, first, second, at_bob, at_carol):
        bridge = console.do("audioBridge.create", client="alice")
        changed(console, bridge)
        for call in (first, second):
            console.do("audioBridge.addCall", bridge, call, client="alice")
            changed(console, bridge)
        yield console, bridge, first, second, at_bob, at_carol


def record(console, bridge):
    return next(r for r in console.do("audioBridge.getAll", client="alice") if r["id"] == bridge)


def talk(console, first, second, at_bob, at_carol):
    hears_only(console, "bob", at_bob, "alice", "carol")
    hears_only(console, "carol", at_carol, "alice", "bob")
    hears_only(console, "alice", first, "bob")
    hears_only(console, "alice", second, "carol")


def test_who_hears_whom_in_every_state():
    with bridged() as (console, bridge, *calls):
        first, second, at_bob, at_carol = calls
        open_record = {"id": bridge, "muted": False, "silenced": False, "calls": [first, second], "status": "OPEN"}
        assert record(console, bridge) == open_record
        assert console.do("audioBridge.getBridgeCalls", bridge, client="alice") == [first, second]
        talk(console, *calls)

        console.do("audioBridge.mute", bridge, client="alice")
        changed(console, bridge)
        assert record(console, bridge) == {**open_record, "muted": True}
        assert console.do("call.getById", first, client="alice")["muted"] is False
        hears_only(console, "bob", at_bob, "carol")
        hears_only(console, "carol", at_carol, "bob")
        console.do("audioBridge.unmute", bridge, client="alice")
        changed(console, bridge)

        console.do("audioBridge.silence", bridge, client="alice")
        changed(console, bridge)
        assert record(console, bridge) == {**open_record, "silenced": True}
        talk(console, *calls)
        console.do("audioBridge.unsilence", bridge, client="alice")
        changed(console, bridge)

        console.do("audioBridge.removeCall", bridge, first, client="alice")
        changed(console, bridge)
        hears_only(console, "bob", at_bob, "alice")
        hears_only(console, "carol", at_carol, "alice")
        console.do("audioBridge.addCall", bridge, first, client="alice")
        changed(console, bridge)
        talk(console, *calls)

        console.do("audioBridge.close", bridge, client="alice")
        changed(console, bridge)
        assert record(console, bridge) == {**open_record, "calls": [second, first], "status": "CLOSED"}
        hears_only(console, "bob", at_bob, "alice")
        hears_only(console, "carol", at_carol, "alice")


def test_hold_and_the_end_of_a_call():
    with bridged() as (console, bridge, first, second, at_bob, at_carol):
        console.do("call.hold", first, client="alice")
        state(console, "bob", at_bob, "ON_REMOTE_HOLD")
        console.until(lambda: level(console, "bob", at_bob) < -60, what="silence at bob")
        hears_only(console, "carol", at_carol, "alice")
        assert record(console, bridge)["calls"] == [first, second]
        console.do("call.unhold", first, client="alice")
        talk(console, first, second, at_bob, at_carol)
        console.do("call.end", at_bob, client="bob")
        ended(console, "alice", first)
        changed(console, bridge)
        assert record(console, bridge) == {
            "id": bridge, "muted": False, "silenced": False, "calls": [second], "status": "OPEN"
        }
        hears_only(console, "carol", at_carol, "alice")


def test_refusals_have_the_documented_codes_and_events():
    with two_calls() as (console, first, second, *_):
        bridge = console.do("audioBridge.create", client="alice")

        def refuses(code, name, *arguments):
            refused(console, f"audioBridge.{name}", *arguments, client="alice", code=code)
            error = console.event("audioBridge:error", client="alice")["error"]
            assert error["code"] == code and error["message"], error

        for name in ("close", "mute", "unmute", "silence", "unsilence"):
            refuses("audioBridge:2", name, "no such bridge")
        for name in ("addCall", "removeCall"):
            refuses("audioBridge:2", name, "no such bridge", first)
            refuses("audioBridge:2", name, bridge, "no such call")
        refuses("audioBridge:4", "removeCall", bridge, first)
        console.do("audioBridge.addCall", bridge, first, client="alice")
        refuses("audioBridge:3", "addCall", bridge, first)
        console.do("call.hold", second, client="alice")
        refuses("audioBridge:7", "addCall", bridge, second)
        console.do("audioBridge.close", bridge, client="alice")
        refuses("audioBridge:7", "close", bridge)
        assert console.do("audioBridge.getBridgeCalls", "no such bridge", client="alice") == []


def test_without_a_connection_there_is_no_bridge():
    with people("alice") as (gateway, console):
        console.do("create", gateway.configuration(), client="bob")
        refused(console, "audioBridge.create", client="bob", code="audioBridge:5")
        assert console.event("audioBridge:error", client="bob")["error"]["code"] == "audioBridge:5"
        assert console.do("audioBridge.getAll", client="bob") == []
