"""Calls that go on with somebody else, seen from outside: forwarded, transferred, waiting."""

from harness import Refused, people
from test_calls import connected, ended, hears
from test_midcall import operations, refused, state


def rings(console, client):
    return console.event("call:receive", client=client)["callId"]


def answer(console, client, call):
    console.do("call.answer", call, {"isVideoEnabled": False}, client=client)
    state(console, client, call, "IN_CALL")


def test_bob_forwards_to_carol(people=people):
    with people("alice", "bob", "carol") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        console.do("call.forwardCall", rings(console, "bob"), "carol@example.com", client="bob")
        console.event("call:forward", client="bob")
        answer(console, "carol", rings(console, "carol"))
        state(console, "alice", outgoing, "IN_CALL")
        hears(console, "alice", outgoing, 1000)
        record = console.do("call.getById", outgoing, client="alice")
        assert record["remoteParticipant"]["displayNumber"] == "carol@example.com", record


def test_a_forward_to_nobody():
    with people("alice", "bob") as (_, console):
        outgoing = console.do("call.make", "bob@example.com", {"isVideoEnabled": False}, client="alice")
        incoming = rings(console, "bob")
        console.do("call.forwardCall", incoming, "nobody@example.com", client="bob")
        ended(console, "alice", outgoing, 404)


def test_alice_transfers_bob_to_carol(people=people, code=9905):
    with people("alice", "bob", "carol") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        transfer = console.start("call.directTransfer", outgoing, "carol@example.com", client="alice")
        call = rings(console, "carol")
        hears(console, "bob", incoming, 400)
        console.do("call.answer", call, {"isVideoEnabled": False}, client="carol")
        console.answer(transfer)
        state(console, "alice", outgoing, "TRANSFERRED")
        ended(console, "alice", outgoing, code)
        hears(console, "bob", incoming, 1000)
        hears(console, "carol", call, 700)
        record = console.do("call.getById", incoming, client="bob")
        assert record["remoteParticipant"]["displayNumber"] == "carol@example.com", record
        console.do("call.end", incoming, client="bob")
        ended(console, "carol", call)


def test_carol_does_not_want_to_be_transferred_to(people=people):
    with people("alice", "bob", "carol") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.hold", outgoing, client="alice")
        transfer = console.start("call.directTransfer", outgoing, "carol@example.com", client="alice")
        console.do("call.reject", rings(console, "carol"), client="carol")
        try:
            console.answer(transfer)
        except Exception as refusal:  # noqa: BLE001
            assert refusal.code == "call:2", refusal
        else:
            raise AssertionError("the transfer succeeded")
        state(console, "alice", outgoing, "TRANSFER_FAILURE")
        console.do("call.unhold", outgoing, client="alice")
        hears(console, "bob", incoming, 400)
        hears(console, "alice", outgoing, 700)


def test_alice_and_bob_talk_on_when_a_transfer_fails():
    with people("alice", "bob", "carol", gateway_options=("--ring-time", "4")) as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        hears(console, "bob", incoming, 400)
        for status, cause, carol in (
            (603, "Decline", lambda call: console.do("call.reject", call, client="carol")),
            (487, "Request Terminated", lambda call: ended(console, "carol", call, 487)),  # she lets it ring
        ):
            transfer = console.start("call.directTransfer", outgoing, "carol@example.com", client="alice")
            carol(rings(console, "carol"))
            failure = {"code": "call:2", "message": "Failed to transfer call.", "statusCode": status, "cause": cause}
            try:
                console.answer(transfer)
            except Refused as refusal:
                assert refusal.code == "call:2", refusal
            else:
                raise AssertionError("the transfer succeeded")
            assert console.event("call:error", client="alice", callId=outgoing)["error"] == failure
            console.event("call:operation", client="alice", callId=outgoing, operation="directTransfer", transition="FINISH")
            assert operations(console, "alice", outgoing, "directTransfer")[-2:] == [
                {"operation": "directTransfer", "transition": "START", "isLocal": True},
                {"operation": "directTransfer", "transition": "FINISH", "isLocal": True, "error": failure},
            ]
            # What each says after that reaches the other.
            for speaker, listener, call, heard, hz in (
                ("alice", "bob", outgoing, incoming, 2000 + status), ("bob", "alice", incoming, outgoing, 1000 + status),
            ):
                console.do("media.setDefaultDevices", {"microphone": f"virtual:tone?hz={hz}"}, client=speaker)
                console.do("call.changeInputDevices", call, client=speaker)
                hears(console, listener, heard, hz)
        console.do("call.end", incoming, client="bob")
        ended(console, "alice", outgoing)


def test_alice_consults_carol_and_connects_her_with_bob(people=people, code=9905):
    with people("alice", "bob", "carol") as (_, console):
        first, at_bob = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.hold", first, client="alice")
        second, at_carol = connected(console, "alice", "carol", isVideoEnabled=False)
        hears(console, "carol", at_carol, 400)
        refused(console, "call.consultativeTransfer", first, second, client="alice", code="call:6")
        console.do("call.hold", second, client="alice")
        console.do("call.consultativeTransfer", first, second, client="alice")
        ended(console, "alice", first, code)
        ended(console, "alice", second)
        hears(console, "bob", at_bob, 1000)
        hears(console, "carol", at_carol, 700)


def test_call_waiting_and_swapping(people=people):
    with people("alice", "bob", "carol") as (_, console):
        first, at_bob = connected(console, "alice", "bob", isVideoEnabled=False)
        console.do("call.make", "alice@example.com", {"isVideoEnabled": False}, client="carol")
        waiting = rings(console, "alice")
        console.do("call.hold", first, client="alice")
        answer(console, "alice", waiting)
        hears(console, "alice", waiting, 1000)
        console.do("call.hold", waiting, client="alice")
        console.do("call.unhold", first, client="alice")
        hears(console, "bob", at_bob, 400)
        states = [call["state"] for call in console.do("call.getAll", client="alice")]
        assert states == ["IN_CALL", "ON_HOLD"], states
