"""What simulated workers were asked: an append-only file, a line of JSON for each thing that happened.

    {"at": seconds, "pid": n, "what": "start" | "end" | "left", "prompt": digest}

`start` is written before the first piece of an answer goes out, `end` when all of it has gone, `left` when the other side
left before. The prompt itself is not told: `prompt` begins the SHA-256 of the last message. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import Any

DIGITS = 16
"""Hexadecimal digits of a prompt's SHA-256."""


def digest(prompt: str) -> str:
    """How a prompt is named in a journal."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


class Journal:
    """Writes to the file, each line in one call to the system, so that several workers may share it.

    Args:
        path: The file; without one, nothing is written.
    """

    def __init__(self, path: str | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = None if path is None else os.open(path, flags, 0o600)

    def note(self, what: str, messages: list[dict[str, Any]]) -> None:
        """Note that something happened to a request."""
        if self._handle is not None:
            prompt = str(messages[-1]["content"]) if messages else ""
            line = {"at": time.time(), "pid": os.getpid(), "what": what, "prompt": digest(prompt)}
            os.write(self._handle, json.dumps(line).encode() + b"\n")
