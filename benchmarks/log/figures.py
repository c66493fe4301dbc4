"""What a benchmark says: a figure of ours, what it is held against in the same run, and the goal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    ours: float
    unit: str
    goal: float
    """What `value` has to be: at least, or where `most` is set at most."""
    baseline: float | None = None
    """The same of what it is held against; `None` where the goal is in the unit itself."""
    most: bool = False

    @property
    def value(self) -> float:
        """What the goal is about: the ratio to the baseline, or the figure itself."""
        return self.ours if self.baseline is None else self.ours / self.baseline

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.goal if self.most else self.value >= self.goal

    def __str__(self) -> str:
        held = f" against {self.baseline:,.1f}" if self.baseline is not None else ""
        ratio = f" = {self.value:.3f}" if self.baseline is not None else ""
        sign = "≤" if self.most else "≥"
        verdict = "ok" if self.met else "MISSED"
        return f"{self.name:<58} {self.ours:>12,.1f}{held} {self.unit}{ratio}  (goal {sign} {self.goal:g})  {verdict}"


class Line(Protocol):
    """Something that was measured; as text, a line of the table."""

    @property
    def met(self) -> bool:
        """Whether its goal is met, if it has one."""
        ...


class Benchmark(Protocol):
    """Something that can be measured."""

    def figures(self, folder: Path, /) -> Iterator[Line]:
        """What was measured, in a folder of its own."""
        ...


def measure(known: Mapping[str, Benchmark], names: Iterable[str]) -> int:
    """Measure some, or all where none is named, and print a line each; 1 where a goal is missed, else 0."""
    missed = 0
    for name in names or known:
        with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
            for figure in known[name].figures(Path(folder)):
                print(figure, flush=True)
                missed += not figure.met
    return int(missed > 0)
