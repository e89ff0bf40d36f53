"""What a call's statistics say, seen from outside: `call.getStats`, `recordCallStats`, `kandy call --stats`."""

import contextlib
import json
import os
import pathlib
import pty
import re
import subprocess
import tempfile

from harness import KANDY, PATIENCE, Gateway, people
from test_call_and_bot import bot, call
from test_calls import connected, ended
from test_midcall import refused

# As in: in 47 kbit/s, loss 0.0 %  jitter 1 ms  out 46 kbit/s  rtt 0 ms  MOS 4.4
LINE = re.compile(r"in (\d+) kbit/s, loss \d+\.\d %  jitter \d+ ms  out (\d+) kbit/s  rtt \d+ ms  MOS (\d\.\d)")


def after(packets, console, client, call):
    """What has been counted when so many packets and more have gone in both directions."""

    def check():
        statistics = console.do("call.getStats", call, client=client)
        audio = statistics["audio"]
        counts = [audio.get("inbound", {}).get("packetsReceived", 0), audio["outbound"]["packetsSent"]]
        return statistics if min(counts) > packets else None

    return console.until(check, what=f"more than {packets} packets at {client}")


def test_what_the_engine_has_counted_can_be_asked_for():
    with people("alice", "bob") as (_, console):
        outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
        first = after(20, console, "bob", incoming)
        after(first["audio"]["inbound"]["packetsReceived"] + 20, console, "bob", incoming)
        assert first["audio"]["inbound"]["codec"]["mimeType"] == "audio/opus", first
        assert first["audio"]["outbound"]["packetsSent"] > 20, first
        transport = first["transports"][0]
        assert transport["dtlsState"] == "connected", first
        assert transport["selectedCandidatePair"]["local"]["protocol"] == "udp", first
        refused(console, "call.getStats", "no such call", client="bob", code="call:7")
        console.do("call.end", outgoing, client="alice")
        ended(console, "bob", incoming)
        refused(console, "call.getStats", incoming, client="bob", code="call:7")


@contextlib.contextmanager
def data_folder():
    """Where what outlives the process is kept meanwhile."""
    before = os.environ.get("XDG_DATA_HOME")
    with tempfile.TemporaryDirectory(prefix="kandy-data-") as path:
        os.environ["XDG_DATA_HOME"] = path
        try:
            yield pathlib.Path(path) / "kandy"
        finally:
            del os.environ["XDG_DATA_HOME"]
            if before is not None:
                os.environ["XDG_DATA_HOME"] = before


def test_the_statistics_of_the_last_call_are_kept():
    with data_folder() as folder:
        with people("alice", "bob", configuration={"call": {"recordCallStats": True}}) as (_, console):
            outgoing, incoming = connected(console, "alice", "bob", isVideoEnabled=False)
            after(20, console, "alice", outgoing)
            after(20, console, "bob", incoming)
            console.do("call.end", outgoing, client="alice")
            ended(console, "bob", incoming)
        # The character that is no part of a plain file name is written as its code.
        files = sorted(path.name for path in folder.iterdir())
        assert len(files) == 2 and all(name.endswith("_stats") for name in files), files
        for path in folder.iterdir():
            record = json.loads(path.read_text(encoding="utf-8"))
            assert record["audio"]["packetsSent"] > 20 and record["audio"]["bytesReceived"] > 1_000, record
            assert record["audio"]["codec"] == "opus" and ":" in record["audio"]["peerAddress"], record
            assert record["video"]["packetsSent"] == 0, record


def test_a_caller_sees_a_line_a_second():
    with Gateway() as gateway, bot(gateway, "echo") as echo:
        with call(gateway, "--tone", "620", "--stats", "--for", "6") as alice:
            alice.ends(0)
            lines = [match for match in map(LINE.search, alice.lines) if match]
            assert 4 <= len(lines) <= 8, alice.lines
            incoming, outgoing, quality = lines[-1].groups()
            assert int(incoming) > 5 and int(outgoing) > 5 and float(quality) > 4, lines[-1]
            assert not any("\x1b" in line for line in alice.lines), alice.lines
        echo.interrupt()
        echo.ends(0)


def test_on_a_terminal_the_line_is_rewritten():
    with Gateway() as gateway, bot(gateway, "echo") as echo:
        terminal, far = pty.openpty()
        caller = subprocess.Popen(
            [KANDY, "call", "bob@example.com", "--server", gateway.url, "--user", "alice@example.com", "--tone", "620", "--stats"],
            stdin=far, stdout=far, stderr=far, env={**os.environ, "KANDY_PASSWORD": "secret"}, start_new_session=True,
        )
        os.close(far)
        screen, asked = "", False
        with contextlib.suppress(OSError):  # The terminal's far end is closed when the command has ended.
            while text := os.read(terminal, 4096).decode(errors="replace"):
                screen += text
                if not asked and screen.count("\r\x1b[Kin ") >= 3:
                    asked = True
                    os.write(terminal, b"\x04")
        os.close(terminal)
        assert caller.wait(timeout=PATIENCE) == 0, screen
        shown = re.findall(r"\r\x1b\[K(in [^\r\n]*)", screen)
        assert len(shown) >= 3 and all(len(line) < 80 for line in shown), screen
        assert "hearing 620 Hz" not in screen, screen
        # What is said stands above the line, and the last one stays.
        assert re.search(r"\r\x1b\[Kthe call has ended", screen), repr(screen[-400:])
        echo.says("has ended")
