"""The console's prompt, as a person at a terminal sees it."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time

from harness import KANDY, PATIENCE, Gateway, run

# Colours, movements of the cursor, and what has arrived of either.
MOVEMENTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)|\x07|\x08|\x1b\[?[0-9;?]*$")


class Prompt:
    """A `kandy console` on a terminal of its own."""

    def __init__(self, *options):
        self.terminal, far = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "LANG": "C.UTF-8", "COLUMNS": "120"}
        self.process = subprocess.Popen(
            [KANDY, "console", *options], stdin=far, stdout=far, stderr=subprocess.DEVNULL, env=environment,
            start_new_session=True,
        )
        os.close(far)
        self.written = ""
        self.seen = 0
        self.sees("> ")

    @property
    def screen(self):
        """What has been written since it was looked at."""
        return MOVEMENTS.sub("", self.written)[self.seen :]

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def sees(self, text, timeout=PATIENCE):
        """Waits until the text appears, and forgets everything up to its end; gives what came before it."""
        deadline = time.monotonic() + timeout
        while text not in self.screen:
            left = deadline - time.monotonic()
            assert left > 0 and self._read(left), f"waited for {text!r}; the screen shows:\n{self.screen[-2000:]}"
        before = self.screen.split(text, 1)[0]
        self.seen += len(before) + len(text)
        return before

    def _read(self, timeout):
        ready, _, _ = select.select([self.terminal], [], [], timeout)
        try:
            piece = os.read(self.terminal, 65536) if ready else b""
        except OSError:  # the far end has been closed
            piece = b""
        self.written += piece.decode(errors="replace")
        return bool(piece)

    def end(self):
        """Types Control-D and gives the exit code and what is still said."""
        self.type("\x04")
        while self._read(PATIENCE):
            pass
        return self.process.wait(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)


@contextlib.contextmanager
def alice():
    with Gateway() as gateway, Prompt("--server", gateway.url) as prompt:
        prompt.sees("ok")
        prompt.type('updateConfig {"logs":{"logLevel":"silent"}}\r')
        prompt.sees("ok")
        prompt.type("connect username=alice@example.com password=secret\r")
        yield gateway, prompt


def test_a_name_is_completed_and_its_result_is_shown():
    with alice() as (_, prompt):
        prompt.sees("ok")
        prompt.type("getVer\t\r")
        prompt.sees("getVersion")
        prompt.sees("3.16.0")
        assert prompt.end() == 0


def test_a_tabulator_shows_the_choices_when_there_are_several():
    with Prompt() as prompt:
        prompt.type("call.m")
        prompt.type("\t")
        prompt.sees("call.make  ")
        prompt.sees("call.mute")
        prompt.type("ak\t")
        prompt.sees("call.make ")
        assert prompt.process.poll() is None


def test_an_arrow_brings_the_line_before_back_but_no_password():
    with alice() as (_, prompt):
        prompt.sees("ok")
        prompt.type("getVersion\r")
        prompt.sees("3.16.0")
        prompt.type("\x1b[A\r")
        prompt.sees("3.16.0")
        prompt.type("\x1b[A\x1b[A\x1b[A\x1b[A\r")
        assert "secret" not in prompt.sees("ok")
        assert prompt.end() == 0


def test_events_are_lines_that_a_person_can_read():
    with alice() as (_, prompt):
        before = prompt.sees("ok\r\n")
        assert "  auth:change\r\n" in before and "  ws:change  platform=link\r\n" in before, before
        prompt.type("half a li")
        prompt.sees("half a li")
        prompt.type("\x15call.make nobody@example.com\r")
        before = prompt.sees("state=ENDED")
        assert "  call:stateChange  callId=" in before, before
        assert prompt.end() == 0


def test_the_terminal_that_goes_away_ends_the_console():
    with alice() as (_, prompt):
        prompt.sees("ok\r\n")
        os.close(prompt.terminal)
        assert prompt.process.wait(timeout=PATIENCE) == 0
        prompt.terminal = os.open(os.devnull, os.O_RDONLY)


def test_help_lists_what_there_is_and_shows_the_arguments_of_one():
    with Prompt() as prompt:
        prompt.type("help\r")
        before = prompt.sees("help NAME shows")
        assert "call.make" in before and "lab.probe" in before, before
        prompt.type("help call.make\r")
        prompt.sees("call.make ADDRESS")
        prompt.type("help nonsense\r")
        prompt.sees('There is no "nonsense"')
        assert prompt.end() == 0


def test_mistakes_are_told_and_the_end_disconnects():
    with alice() as (_, prompt):
        prompt.sees("media:initialize")
        prompt.type("no.such.thing\r")
        prompt.sees("error console:2: There is no")
        assert prompt.end() == 0
        assert prompt.screen.endswith("  auth:change\r\n  ws:change  platform=link\r\n  auth:change\r\n"), prompt.screen


def typed(*lines, options=()):
    """What the console says to these lines."""
    return run("console", *options, stdin="".join(line + "\n" for line in lines)).stdout


def test_a_word_is_taken_as_it_is_typed_where_a_string_is_needed():
    with Gateway(users=()) as gateway:
        gateway.add("5551234@example.com", "123456")
        gateway.add("true@example.com", "pass word")
        for credentials in (
            "username=5551234@example.com password=123456", 'username=true@example.com password="pass word"',
            "username=true@example.com password='pass word'",
            '{ "username": "true@example.com", "password": "pass word" }',
        ):
            said = typed(f"connect {credentials}", "call.getById 5551234", options=("--server", gateway.url))
            assert "  auth:change" in said and "\nerror " not in said, said
        said = typed("connect username=5551234@example.com password=123457", options=("--server", gateway.url))
        assert "error authentication:4: " in said, said
    with alice() as (_, prompt):
        prompt.sees("media:initialize")
        prompt.type("call.make 5551234 isVideoEnabled=false\r")
        assert "error console" not in prompt.sees("  call:start"), prompt.screen
        assert prompt.end() == 0


def test_quit_and_exit_end_the_console():
    for word in ("quit", "exit", "  quit "):
        said = typed("create", "getVersion", word, "getCapabilities")
        assert "3.16" in said and "callHistory" not in said, said
        with alice() as (_, prompt):
            prompt.sees("media:initialize")
            prompt.type(f"{word}\r")
            while prompt._read(PATIENCE):
                pass
            assert prompt.process.wait(timeout=PATIENCE) == 0
            assert "  auth:change" in prompt.screen, prompt.screen


def test_a_missing_quotation_mark_is_told():
    said = typed("create", 'on "call:receive')
    assert "error console:1: A quotation mark is missing" in said, said
    assert "error" not in typed("create", 'on "call:receive"', "on 'call:receive'", 'updateConfig logs={"logLevel": "warn"}')
