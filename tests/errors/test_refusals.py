"""Errors of what was refused."""

from __future__ import annotations

from queenlib.errors import QueenDraining, QueueFull
from queenlib.messages.handshake import mismatch


def test_a_mismatch_is_shown_without_our_code() -> None:
    """A notebook shows its four parts, a line each, and no frames."""
    error = mismatch(3, 2, "1.2.3", 7)
    what, why, state, todo = error._render_traceback_()
    assert what == f"ProtocolMismatch: {error.what}"
    assert (why, state) == (f"  why: {error.why}", f"  state: {error.state}")
    assert todo == f"  next: {error.next}"


def test_who_looks_for_a_full_queue_sees_one_who_ends() -> None:
    """One handling of "come again later" is enough."""
    assert issubclass(QueenDraining, QueueFull)
