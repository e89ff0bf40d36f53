#!/usr/bin/env python3
"""Writes the corpus anew: the notifications and descriptions of docs/protocol/traces, and the examples of part 03.

Every file is named by its content, so a second run changes nothing. What a fuzz run has found is kept beside it."""

import hashlib
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "Fuzz" / "Corpus"


def write(folder, content):
    path = CORPUS / folder / hashlib.sha1(content).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def texts(value):
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for element in value:
            yield from texts(element)


def plain(text):
    # The recorded traffic has its secrets taken out; what stands for them here is as long as it has to be.
    text = text.replace("a=ice-pwd:***", "a=ice-pwd:0123456789abcdefghijklmn")
    text = text.replace("a=fingerprint:sha-256 ***", "a=fingerprint:sha-256 " + ":".join(["A5"] * 32))
    return text


def description(text):
    text = plain(text)
    # An offer and an answer at the beginning, an offer in a call, an answer that nothing is known about.
    for choice in (0x00, 0x01, 0x48, 0xD1):
        write("FuzzDescriptions", bytes([choice]) + text.encode())


def notification(value):
    write("FuzzNotifications", json.dumps(value, separators=(",", ":")).encode())
    params = (value.get("notificationMessage") or {}).get("sessionParams")
    if isinstance(params, dict):
        text = plain(params.pop("sdp", "") or "")
        write("FuzzCalls", json.dumps(value, separators=(",", ":")).encode() + (b"\n" + text.encode() if text else b""))


def main():
    for trace in sorted((ROOT / "docs/protocol/traces").rglob("*.jsonl")):
        for line in trace.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            for text in texts(entry):
                if text.startswith("v=0"):
                    description(text)
            for value in (entry.get("message"), entry.get("data"), entry.get("frame"), entry.get("notification")):
                if isinstance(value, str) and value.startswith("{"):
                    write("FuzzNotifications", value.encode())
                    value = json.loads(value)
                if isinstance(value, dict):
                    notification(value)
    part = (ROOT / "docs/protocol/03-media-sdp.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```\n(.*?)^```", part, re.S | re.M):
        lines = [re.sub(r"\s+<-.*", "", line.rstrip()) for line in block.splitlines()]
        if any(line.startswith("m=") for line in lines) and "  " not in "".join(lines[:2]):
            if not lines[0].startswith("v="):
                lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"] + lines
            description("\r\n".join(line for line in lines if re.match("[a-z]=", line)) + "\r\n")


if __name__ == "__main__":
    main()
