"""Calls that the gateway makes for a user, seen from outside, with real media."""

from harness import Refused, people
from test_calls import ended, hears
from test_midcall import state
from test_redirect import answer, rings

ALICE, BOB = "alice@example.com", "bob@example.com"


def clicked(console, callee=BOB):
    """Alice asks to be connected, and answers her own ringing."""
    request = console.do("clickToCall.make", ALICE, callee, client="alice")
    console.event("clickToCall:start", client="alice", callId=request)
    call = rings(console, "alice")
    console.do("call.answer", call, {"isVideoEnabled": False}, client="alice")
    return request, call


def test_alice_clicks_and_hears_bob():
    with people("alice", "bob") as (_, console):
        request, call = clicked(console)
        at_bob = rings(console, "bob")
        record = console.do("call.getById", call, client="alice")
        assert record["direction"] == "incoming" and record["state"] == "RINGING", record
        assert record["remoteParticipant"]["displayNumber"] == BOB, record
        state(console, "alice", call, "RINGING")
        answer(console, "bob", at_bob)
        state(console, "alice", call, "IN_CALL")
        hears(console, "alice", call, 700)
        hears(console, "bob", at_bob, 400)
        (remembered,) = console.do("clickToCall.get", client="alice")
        assert remembered["requestTime"] > 1_600_000_000_000, remembered
        assert {key: remembered[key] for key in ("callId", "caller", "callee")} == {
            "callId": request,
            "caller": ALICE,
            "callee": BOB,
        }, remembered
        console.do("call.end", at_bob, client="bob")
        ended(console, "alice", call, 9900)
        ended(console, "bob", at_bob, 9901)


def test_alice_learns_how_it_ended():
    with people("alice", "bob") as (_, console):
        for callee, code in (("nobody@example.com", 404), ("carol@example.com", 480)):
            _, call = clicked(console, callee)
            ended(console, "alice", call, code)
        _, call = clicked(console)
        console.do("call.reject", rings(console, "bob"), client="bob")
        ended(console, "alice", call, 603)
        _, call = clicked(console)
        at_bob = rings(console, "bob")
        console.do("call.end", call, client="alice")
        ended(console, "alice", call, 9901)
        ended(console, "bob", at_bob, 487)


def test_bob_does_not_answer():
    with people("alice", "bob", gateway_options=("--ring-time", "2")) as (_, console):
        _, call = clicked(console)
        at_bob = rings(console, "bob")
        ended(console, "alice", call, 487)
        ended(console, "bob", at_bob, 487)
        console.do("clickToCall.make", ALICE, BOB, client="alice")
        ended(console, "alice", rings(console, "alice"), 487)
        assert len(console.do("call.getAll", client="bob")) == 1


def refused(console, *arguments, code, status=None):
    try:
        console.do("clickToCall.make", *arguments, client="alice")
    except Refused as refusal:
        assert refusal.code == code, refusal
    else:
        raise AssertionError(f"clickToCall.make {arguments} succeeded")
    error = console.event("clickToCall:error", client="alice")["error"]
    assert error["code"] == code and error.get("statusCode") == status, error


def test_what_is_refused():
    with people("alice", "bob") as (_, console):
        refused(console, code="clickToCall:1")
        refused(console, ALICE, code="clickToCall:1")
        refused(console, ALICE, "", code="clickToCall:1")
        refused(console, BOB, ALICE, code="clickToCall:2", status=27)
        refused(console, ALICE, ALICE, code="clickToCall:2", status=37)
        assert console.do("clickToCall.get", client="alice") == []
        assert console.do("call.getAll", client="bob") == []
