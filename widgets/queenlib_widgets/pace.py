"""How often views speak to the page.

A server drops what is more than 1,000 messages a second, and with it the one that says that a cell has ended. All views of
a process together stay far below that: the more of them move, the slower each.
"""

from __future__ import annotations

from weakref import WeakSet

FASTEST_S = 0.27
"""Seconds between two pieces of one answer at least: the page puts each in three steps, and 11 a second look like a flow."""
ALMOST_S = 0.01
"""Who would wait no longer than this does not: a queen who paces her stream is not waited for twice."""
TOGETHER_S = 0.005
"""Seconds between any two messages of all moving views at least, on average."""
SLOW_S = 0.25
"""Seconds between two changes of what is no text."""
BEAT_S = 2.0
"""Seconds between two signs of life where there is nothing else to say."""

_moving: WeakSet[object] = WeakSet()


def moves(view: object) -> None:
    """This view moves from now on."""
    _moving.add(view)


def rests(view: object) -> None:
    """This view does not move any more."""
    _moving.discard(view)


def interval() -> float:
    """Seconds between two pieces of one answer, now."""
    return max(FASTEST_S, TOGETHER_S * len(_moving))
