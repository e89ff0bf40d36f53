"""What `kandy demo` and `kandy doctor` show, and what they say when something is wrong."""

import contextlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from harness import KANDY, PATIENCE, ROOT, Gateway, run

# Takes the network away from libwebrtc and leaves it to everybody else: only libwebrtc sends by `send` and `sendto`.
WITHOUT_MEDIA = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
ssize_t send(int socket, const void *bytes, size_t count, int flags) {
  (void)socket, (void)bytes, (void)count, (void)flags;
  errno = EPERM;
  return -1;
}
ssize_t sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
  (void)to, (void)length;
  return send(socket, bytes, count, flags);
}
"""


@contextlib.contextmanager
def without_media():
    """An environment in which a program's media does not flow."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = (os.path.join(folder, name) for name in ("without.c", "without.so"))
        pathlib.Path(source).write_text(WITHOUT_MEDIA, encoding="utf-8")
        subprocess.run(["clang", "-shared", "-fPIC", "-o", library, source], check=True)
        yield {**os.environ, "LD_PRELOAD": library, "TMPDIR": folder}


def test_the_demo_shows_five_calls_and_keeps_what_was_heard_and_seen():
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "kept")
        done = subprocess.run(
            [KANDY, "demo", "--output", output], env={**os.environ, "TMPDIR": folder}, capture_output=True, text=True,
            timeout=4 * PATIENCE, check=False,
        )
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        assert "All five calls worked" in done.stdout, done.stdout
        for number in range(1, 6):
            assert f"\nCall {number}: " in done.stdout, done.stdout
        for happens in (
            "puts Bob on hold; he hears nothing", "comes back", "starts her video; Bob sees ", "stops it; Bob sees nothing any more",
            "transfers Bob to ", "Bob and Carol are connected", "hears Carol's tone",
        ):
            assert happens in done.stdout, (happens, done.stdout)
        wanted = {f"call{number}-{name}.wav" for number in range(1, 6) for name in ("alice", "bob")}
        wanted |= {"call5-carol.wav", *(f"call{number}-{name}.png" for number in (3, 4) for name in ("alice", "bob"))}
        assert set(os.listdir(output)) == wanted, os.listdir(output)
        for name in wanted:
            content = pathlib.Path(output, name).read_bytes()
            if name.endswith(".wav"):
                # More than half a second, and not silence.
                assert content.startswith(b"RIFF") and len(content) > 44 + 48_000, (name, len(content))
                assert len(set(content[44:])) > 100, name
            else:
                assert content.startswith(b"\x89PNG") and len(content) > 1_000, (name, len(content))
        assert os.listdir(folder) == ["kept"], os.listdir(folder)


def test_an_interrupted_demo_leaves_no_database():
    for number in (signal.SIGINT, signal.SIGTERM):
        with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [KANDY, "demo"], env={**os.environ, "TMPDIR": folder}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            while "dials" not in (line := process.stdout.readline()):
                assert line, process.stderr.read()
            assert [name for name in os.listdir(folder) if "sqlite" in name], os.listdir(folder)
            process.send_signal(number)
            assert process.wait(timeout=PATIENCE) == 128 + number
            said = process.stderr.read()
            assert said == "kandy: The demo was interrupted.\n", said
            assert [name for name in os.listdir(folder) if "sqlite" in name] == [], os.listdir(folder)


def test_the_doctor_looks_for_what_setup_installs():
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    block = re.search(r"^for_building=\((.*?)^\)", setup, re.MULTILINE | re.DOTALL)[1]
    wanted = [line.split()[0] for line in block.splitlines() if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        # A machine on which nothing is installed.
        query = os.path.join(folder, "dpkg-query")
        pathlib.Path(query).write_text("#!/bin/sh\n", encoding="utf-8")
        os.chmod(query, 0o755)
        done = subprocess.run(
            [KANDY, "doctor"], env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )
        assert done.returncode == 1, done.stdout
        missing = re.search(r"✘  Packages: (.*) missing", done.stdout)[1].split(", ")
        assert sorted(missing) == sorted(wanted), (missing, wanted)


def test_setup_by_sudo_needs_no_swift():
    # What sudo gives to a program: a PATH of its own, and the name of who has called it.
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    setup = str(ROOT / "scripts" / "setup")
    for sudo in ({"SUDO_USER": "alice"}, {}):
        done = subprocess.run([setup], env={**environment, **sudo}, capture_output=True, text=True, check=False)
        if sudo or shutil.which("swift", path=environment["PATH"]):
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
        else:
            assert done.returncode == 1 and "there is no swift" in done.stderr, done


def test_the_demo_fails_and_says_what_is_missing_when_media_does_not_flow():
    with without_media() as environment:
        done = subprocess.run(
            [KANDY, "demo"], env=environment, capture_output=True, text=True, timeout=3 * PATIENCE, check=False
        )
        assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
        assert "is connected as alice@example.com" in done.stdout, done.stdout
        assert "kandy: The call was answered, but no media connection came about within 15 s." in done.stderr, done.stderr


def test_the_doctor_sees_that_media_does_not_flow():
    with without_media() as environment:
        done = subprocess.run(
            [KANDY, "doctor"], env=environment, capture_output=True, text=True, timeout=3 * PATIENCE, check=False
        )
        assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
        assert "✘  Media engine" in done.stdout and "→" in done.stdout, done.stdout


def test_the_doctor_finds_a_server():
    with Gateway() as gateway:
        text = run("doctor", "--server", gateway.url).stdout
        assert f"✔  Server {gateway.url}: answers within" in text, text


def test_the_doctor_misses_a_server():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # not listening
        port = closed.getsockname()[1]
        done = run("doctor", "--server", f"http://127.0.0.1:{port}", expect=1)
        assert "✘  Server" in done.stdout and f"kandy gateway --port {port}" in done.stdout, done.stdout
        assert "One thing is wrong." in done.stderr, done.stderr


def test_the_doctor_sees_a_server_that_speaks_something_else():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run("doctor", "--server", f"http://127.0.0.1:{server.server_port}", expect=1)
        server.shutdown()
        assert "does not speak the Link protocol (HTTP 200)" in done.stdout, done.stdout
        assert "→ check the address and the port" in done.stdout, done.stdout
