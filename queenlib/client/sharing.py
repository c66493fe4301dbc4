"""The interpreter of a process, shared between a queen who lives in it and whatever else it computes.

A thread that computes in Python gives the interpreter away when another has asked for it and waited for the switch interval:
5 ms by default. A queen asks for it some ten times for a token, and would fall behind. Source: `sys.setswitchinterval`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005
"""What a thread that asks for the interpreter waits at most, while a queen is here. It is nothing where nobody asks."""


class _Sharing:
    """The queens of this process, and what holds without them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.queens = 0
        self.usual_s = self.ours_s = 0.0


_SHARING = _Sharing()


@contextmanager
def shared() -> Iterator[None]:
    """While this is open, whoever computes gives the interpreter away sooner, unless somebody has set it lower still."""
    with _SHARING.lock:
        _SHARING.queens += 1
        if _SHARING.queens == 1:
            _SHARING.usual_s = sys.getswitchinterval()
            if _SHARING.usual_s > SWITCH_S:
                sys.setswitchinterval(SWITCH_S)
            _SHARING.ours_s = sys.getswitchinterval()
    try:
        yield
    finally:
        with _SHARING.lock:
            _SHARING.queens -= 1
            usual_s, ours_s = _SHARING.usual_s, _SHARING.ours_s
            if _SHARING.queens == 0 and usual_s > ours_s == sys.getswitchinterval():  # else somebody has set it since
                sys.setswitchinterval(usual_s)
