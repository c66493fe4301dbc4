"""What the guards of goals share."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.log.figures import Figure

TRIES = 3
"""What else the machine does only makes a figure worse: one good try of so many is proof enough."""


def check(measured: Callable[[int], Figure], margin: float) -> None:
    """Measure until a figure is within a margin of its goal.

    Args:
        measured: Measures once; told which try it is, from 0.
        margin: By what factor its goal may be missed.

    Raises:
        AssertionError: It never was.
    """
    tried: list[Figure] = []
    for number in range(TRIES):
        tried.append(measured(number))
        if tried[-1].value <= margin * tried[-1].goal:
            return
    raise AssertionError("\n".join(map(str, tried)))
