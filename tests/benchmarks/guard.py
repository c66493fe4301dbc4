"""What the guards of goals share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.log.figures import Figure

TRIES = 3
"""What else the machine does only adds to either side: the least of each, over so many tries, is what they take."""


def check(measured: Callable[[int], Figure], margin: float) -> None:
    """Measure until a figure is within a margin of its goal: the least of ours against the least of what it is held against.

    Args:
        measured: Measures something of which less is better; told which try it is, from 0.
        margin: By what factor its goal may be missed.

    Raises:
        AssertionError: It never was.
    """
    tried: list[Figure] = []
    for number in range(TRIES):
        tried.append(measured(number))
        bases = [each.baseline for each in tried if each.baseline is not None]
        best = replace(tried[-1], ours=min(each.ours for each in tried), baseline=min(bases, default=None))
        if best.value <= margin * best.goal:
            return
    raise AssertionError("\n".join(map(str, tried)))
