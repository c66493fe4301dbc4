"""How a process of ours learns what to do, says what it did, and ends with the process above it.

A worker is told its configuration in the first line of its standard input and says what becomes of it in lines of JSON
on its standard output. Its input stays open as long as it is wanted; when it ends, the worker ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1
"""`prctl(2)`: the signal that this process gets when the thread that started it ends."""


def die_with_parent() -> None:
    """On Linux, be killed by the kernel when the parent ends, even while stopped; elsewhere nothing."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)


def begin() -> dict[str, Any]:
    """Tie this worker to its parent and read its configuration: one line of JSON."""
    die_with_parent()
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)
    config: dict[str, Any] = json.loads(line)
    threading.Thread(target=_end_with_input, daemon=True, name="lifeline").start()
    return config


def say(message: dict[str, Any], *, to: int = 1) -> None:
    """Write one control message as a line of JSON to a file descriptor; the standard output by default."""
    os.write(to, json.dumps(message).encode() + b"\n")


def fail(reason: str, *, to: int = 1) -> NoReturn:
    """Say that this worker could not get ready, and end."""
    say({"type": "failed", "reason": reason}, to=to)
    os._exit(1)


def keep_output() -> int:
    """Keep the standard output for control messages: what else is printed goes to the log. Returns its new descriptor."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return kept


def _end_with_input() -> None:
    while os.read(0, 4096):  # without a lock, which would be in the way of an orderly end
        pass
    os._exit(0)
