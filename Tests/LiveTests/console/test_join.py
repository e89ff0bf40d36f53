"""Three people in one call, seen from outside: the gateway mixes, with real media."""

import contextlib

from harness import people
from test_calls import connected, ended
from test_midcall import level, refused, state

TONES = {"alice": 400, "bob": 700, "carol": 1000}


def hears_only(console, client, call, *others):
    """Waits until `client` hears the tones of these people, each clearly, and hardly anything else."""

    def check():
        audio = console.do("lab.probe", call, [TONES[name] for name in TONES], client=client)["audio"]
        shares = dict(zip(TONES, audio["tones"]))
        heard = sum(shares[name] for name in others)
        return audio["level"] > -40 and heard > 0.95 and all(shares[name] > 0.5 / len(others) for name in others)

    console.until(check, what=f"{client} hears {' and '.join(others)} only")


@contextlib.contextmanager
def two_held_calls(people=people, **options):
    with people("alice", "bob", "carol", **options) as (_, console):
        first, at_bob = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.hold", first, client="alice")
        second, at_carol = connected(console, "alice", "carol", isVideoEnabled=False)
        console.do("call.hold", second, client="alice")
        yield console, first, second, at_bob, at_carol


@contextlib.contextmanager
def conference(people=people, code=9906):
    with two_held_calls(people) as (console, first, second, at_bob, at_carol):
        console.do("call.join", first, second, client="alice")
        told = console.event("call:join", client="alice")
        assert told["joinedCalls"] == [first, second], told
        joined = told["callId"]
        for original in (first, second):
            ended(console, "alice", original, code)
        yield console, joined, at_bob, at_carol


def test_three_people_hear_each_other():
    with conference() as (console, joined, at_bob, at_carol):
        hears_only(console, "alice", joined, "bob", "carol")
        hears_only(console, "bob", at_bob, "alice", "carol")
        hears_only(console, "carol", at_carol, "alice", "bob")
        record = console.do("call.getById", at_bob, client="bob")
        assert record["remoteParticipant"]["displayNumber"] == "conference@example.com", record
        assert record["remoteParticipant"]["displayName"] == "Alice Tester, Carol Tester", record
        assert console.do("call.getById", joined, client="alice")["isJoinedCall"] is True
        console.do("call.end", joined, client="alice")
        ended(console, "alice", joined, 9901)
        hears_only(console, "bob", at_bob, "carol")
        hears_only(console, "carol", at_carol, "bob")
        console.do("call.end", at_carol, client="carol")
        ended(console, "bob", at_bob, 9900)


def test_who_holds_is_neither_heard_nor_hears():
    with conference() as (console, joined, at_bob, at_carol):
        console.do("call.hold", joined, client="alice")
        state(console, "alice", joined, "ON_HOLD")
        hears_only(console, "bob", at_bob, "carol")
        console.until(lambda: level(console, "alice", joined) < -60, what="silence at alice")
        console.do("call.unhold", joined, client="alice")
        hears_only(console, "alice", joined, "bob", "carol")
        hears_only(console, "bob", at_bob, "alice", "carol")


def test_a_guest_leaves_and_then_the_other():
    with conference() as (console, joined, at_bob, at_carol):
        console.do("call.end", at_bob, client="bob")
        hears_only(console, "alice", joined, "carol")
        hears_only(console, "carol", at_carol, "alice")
        console.do("disconnect", client="carol")
        ended(console, "alice", joined)


def test_calls_that_are_not_held_are_not_joined():
    with people("alice", "bob", "carol") as (_, console):
        first, _ = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.hold", first, client="alice")
        second, _ = connected(console, "alice", "carol", isVideoEnabled=False)
        refused(console, "call.join", first, second, client="alice", code="call:6")


def test_a_gateway_without_media_refuses_and_the_calls_go_on():
    with two_held_calls(gateway_options=["--no-media"]) as (console, first, second, at_bob, _):
        try:
            console.do("call.join", first, second, client="alice")
        except Exception as refusal:  # noqa: BLE001
            assert refusal.code == "call:2", refusal
            error = console.event("call:error", client="alice")["error"]
            assert "cannot mix calls: it runs without a media engine" in error["cause"], error
        else:
            raise AssertionError("the calls were joined")
        assert "call:join" not in console.names("alice")
        console.do("call.unhold", first, client="alice")
        hears_only(console, "bob", at_bob, "alice")
