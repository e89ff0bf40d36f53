"""`kandy call` and `kandy bot`, as a person or a script uses them."""

import array
import contextlib
import math
import os
import pty
import signal
import subprocess
import tempfile
import threading
import time
import wave

from harness import KANDY, PATIENCE, Console, Gateway, join, run


class Command:
    """A `kandy` that runs for a while; its standard input is a pipe."""

    def __init__(self, gateway, *arguments, user, password="secret"):
        self.process = subprocess.Popen(
            [KANDY, *arguments, "--server", gateway.url, "--user", f"{user}@example.com"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "KANDY_PASSWORD": password},
        )
        self.lines = []
        self.taken = 0
        self.closed = False
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def says(self, text):
        """Waits for a line with this text, behind the last one that was waited for, and returns it."""
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                for index in range(self.taken, len(self.lines)):
                    if text in self.lines[index]:
                        self.taken = index + 1
                        return self.lines[index]
                left = deadline - time.monotonic()
                assert left > 0 and not self.closed, f"waited for {text!r}; it said:\n" + "\n".join(self.lines)
                self.changed.wait(min(left, 0.5))

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def ends(self, code):
        """Waits for the end and returns what was said on standard error."""
        actual = self.process.wait(timeout=PATIENCE)
        complaint = self.process.stderr.read()
        assert actual == code, f"ended with {actual}, not {code}\n" + "\n".join(self.lines) + "\n" + complaint
        return complaint

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


@contextlib.contextmanager
def bot(gateway, *arguments, user="bob"):
    with Command(gateway, "bot", *arguments, user=user) as command:
        command.says("waiting for calls")
        yield command


def call(gateway, *arguments, callee="bob", user="alice"):
    return Command(gateway, "call", f"{callee}@example.com", *arguments, user=user)


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="kandy-call-") as path:
        yield path


def tone_file(path, hz, seconds=1.0, rate=48_000):
    samples = array.array("h", (int(8000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(int(rate * seconds))))
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def share_of(hz, path, seconds=1.0):
    """How much of the loudest second of a recording is this tone, 0 to 1."""
    with wave.open(path) as file:
        rate = file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))
    length = int(rate * seconds)
    assert len(samples) >= length, f"only {len(samples) / rate:.2f} s were recorded"
    best = 0.0
    for start in range(0, len(samples) - length + 1, length // 4):
        part = samples[start : start + length]
        energy = sum(float(value) * value for value in part)
        if energy / length < 100:
            continue
        # A tone that goes through a codec and a clock of its own is spread over some Hz.
        power = 0.0
        for offset in range(-4, 5):
            step = 2 * math.pi * (hz + offset) / rate
            coefficient, last, before = 2 * math.cos(step), 0.0, 0.0
            for value in part:
                last, before = value + coefficient * last - before, last
            power += last * last + before * before - coefficient * last * before
        best = max(best, 2 * power / length / energy)
    return best


def test_a_caller_of_the_echo_bot_hears_and_records_herself():
    with Gateway() as gateway, folder() as path, bot(gateway, "echo") as echo:
        recording = os.path.join(path, "heard.wav")
        with call(gateway, "--tone", "620", "--record", recording, "--for", "4") as alice:
            for line in ("calling bob@example.com", "ringing after", "answered after", "connected after", "hung up", "recorded"):
                alice.says(line)
            alice.ends(0)
        assert share_of(620, recording) > 0.9, share_of(620, recording)
        assert share_of(440, recording) < 0.05, share_of(440, recording)
        echo.says("alice@example.com calls")
        echo.says("answered alice@example.com")
        echo.says("the call with alice@example.com has ended after")
        echo.interrupt()
        echo.ends(0)


def test_the_file_of_a_playing_bot_is_heard_by_several_callers_at_once():
    with Gateway() as gateway, folder() as path:
        announcement = os.path.join(path, "announcement.wav")
        tone_file(announcement, 880, rate=16_000)
        recordings = {name: os.path.join(path, f"{name}.wav") for name in ("alice", "carol")}
        with bot(gateway, "play", announcement) as player, contextlib.ExitStack() as stack:
            callers = [
                stack.enter_context(
                    call(gateway, "--tone", "300", "--record", recordings[name], "--for", "4", user=name)
                )
                for name in recordings
            ]
            for caller in callers:
                caller.ends(0)
            player.interrupt(signal.SIGTERM)
            player.ends(0)
            for name, recording in recordings.items():
                assert share_of(880, recording) > 0.9, (name, share_of(880, recording))


def test_what_is_typed_is_done():
    with Gateway() as gateway, bot(gateway, "echo", "--video") as echo, bot(gateway, "echo", user="carol") as other:
        with call(gateway) as alice:
            alice.says("connected after")
            for line, answer in (
                ("?", "transfer ADDRESS"), ("hold", "on hold"), ("hold", "that did not work"), ("unhold", "back in the call"),
                ("mute", "the microphone is off"), ("unmute", "the microphone is on"), ("video on", "the camera is shown"),
                ("video off", "not shown any more"), ("dtmf 9", "sent 9"), ("dtmf x", "dtmf takes"),
                ("sing", 'there is no "sing"'), ("transfer carol@example.com", "handed over"),
            ):
                alice.type(line)
                alice.says(answer)
            alice.ends(0)
        other.says("calls")
        other.says("answered")
        echo.interrupt()
        echo.ends(0)
        other.says("has ended")


def test_end_hangs_up():
    with Gateway() as gateway, bot(gateway, "echo", "--once") as echo:
        with call(gateway) as alice:
            alice.says("connected after")
            alice.type("end")
            alice.ends(0)
        echo.says("has ended")
        echo.ends(0)


def test_a_person_at_a_terminal_is_told_what_is_heard_and_hangs_up_with_control_d():
    with Gateway() as gateway, bot(gateway, "echo") as echo:
        terminal, far = pty.openpty()
        caller = subprocess.Popen(
            [KANDY, "call", "bob@example.com", "--server", gateway.url, "--user", "alice@example.com", "--tone", "620"],
            stdin=far, stdout=far, stderr=far, env={**os.environ, "KANDY_PASSWORD": "secret"}, start_new_session=True,
        )
        os.close(far)
        screen = ""
        with contextlib.suppress(OSError):  # The terminal's far end is closed when the command has ended.
            while text := os.read(terminal, 4096).decode():
                screen += text
                if "hearing 620 Hz at -" in screen:
                    os.write(terminal, b"\x04")
        os.close(terminal)
        assert caller.wait(timeout=PATIENCE) == 0, screen
        assert "Control-C hangs up" in screen and "hearing 620 Hz at -" in screen and ": hung up" in screen, screen
        echo.says("has ended")


def test_an_interrupted_caller_hangs_up_and_a_bot_ends_its_calls():
    with Gateway() as gateway:
        with bot(gateway, "echo", "--once") as echo, call(gateway) as alice:
            alice.says("connected after")
            alice.interrupt()
            alice.says("hung up")
            alice.ends(0)
            echo.says("has ended")
            echo.ends(0)
        with bot(gateway, "echo") as echo, call(gateway) as alice:
            alice.says("connected after")
            echo.interrupt()
            echo.ends(0)
            alice.says("bob@example.com hung up")
            alice.ends(0)


def test_a_caller_who_gives_up_while_it_rings_is_not_answered():
    with Gateway() as gateway, bot(gateway, "echo", "--ring-for", "60", "--once") as echo:
        with call(gateway) as alice:
            alice.says("ringing after")
            alice.interrupt()
            assert "Hung up before bob@example.com answered." in alice.ends(1)
        echo.says("alice@example.com has given up")


def test_a_bot_for_one_call_turns_others_down():
    with Gateway() as gateway, bot(gateway, "echo", "--once") as echo, call(gateway) as alice:
        alice.says("connected after")
        with call(gateway, user="carol") as carol:
            assert "kandy: bob@example.com declined (603)." in carol.ends(1)
        echo.says("is turned down")


def test_whoever_is_not_reached_is_told_in_a_sentence():
    with Gateway("--ring-time", "1") as gateway, Console() as console:
        for callee, sentence in (
            ("nobody", "There is no nobody@example.com at this server (404)."),
            ("carol", "carol@example.com cannot be reached at present (480)."),
        ):
            with call(gateway, callee=callee) as alice:
                assert sentence in alice.ends(1)
        join(gateway, console, "bob")
        with call(gateway) as alice:
            incoming = console.event("call:receive", client="bob")["callId"]
            console.do("call.reject", incoming, client="bob")
            assert "bob@example.com declined (603)." in alice.ends(1)
        with call(gateway) as alice:
            complaint = alice.ends(1)
            assert "bob@example.com did not answer (487)." in complaint, complaint


def test_a_wrong_password_and_no_server_are_told_in_a_sentence():
    with Gateway() as gateway:
        for arguments in (("call", "bob@example.com"), ("bot", "echo")):
            with Command(gateway, *arguments, user="alice", password="opensesame") as command:
                complaint = command.ends(1)
                assert f"alice@example.com could not sign in at {gateway.url}" in complaint, complaint
                assert "opensesame" not in complaint, complaint
                assert complaint.count("\n") == 1, complaint
        done = run(
            "bot", "echo", "--server", gateway.url, "--user", "alice@example.com", "--password-stdin", stdin="x\n", expect=1
        )
        assert "could not sign in" in done.stderr, done.stderr
    done = run(
        "call", "bob@example.com", "--server", "http://127.0.0.1:9", "--user", "alice@example.com", "--password", "x", expect=1
    )
    assert "could not sign in at http://127.0.0.1:9" in done.stderr, done.stderr


def test_options_that_cannot_be_used_are_refused():
    account = ("--user", "alice@example.com", "--password", "x")
    for arguments, sentence in (
        (("call", "bob@example.com", *account, "--tone", "440", "--microphone", "virtual:silence"), "Give one of"),
        (("call", "bob@example.com", *account, "--tone", "0"), "--tone"),
        (("call", "bob@example.com", *account, "--for", "-1"), "--for"),
        (("call", "bob@example.com", *account, "--dtmf", "x"), "--dtmf"),
        (("call", "bob@example.com", *account, "--file", "/nowhere.wav"), "/nowhere.wav"),
        (("call", "bob@example.com", *account, "--record", "/nowhere/at/all.wav"), "/nowhere/at/all.wav"),
        (("call", "bob@example.com", *account, "--server", "ftp://x"), "ftp://x"),
        (("call", "bob@example.com", *account, "--trust", "/nowhere.pem"), "/nowhere.pem"),
        (("call", "bob@example.com", "--user", "alice@example.com"), "KANDY_PASSWORD"),
        (("call", *account), "address"),
        (("bot", "play", "/nowhere.wav", *account), "/nowhere.wav"),
        (("bot", "echo", *account, "--ring-for", "-1"), "--ring-for"),
    ):
        done = run(*arguments, expect=2)
        assert sentence in done.stderr, (arguments, done.stderr)
    for command in (("call",), ("bot",), ("bot", "echo"), ("bot", "play")):
        assert "Example:" in run(*command, "--help").stdout, command
