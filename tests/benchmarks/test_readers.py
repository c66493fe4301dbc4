"""Guards of the goals of readers: CPU time and memory of a server alone, held against a bare one in the same run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.readers import fanout, idle
from benchmarks.readers.__main__ import ALL
from tests.benchmarks.guard import check

MARGIN = 1.5
"""What may be more than the goal says."""


def test_a_delivery_costs_no_more_than_it_may(tmp_path: Path) -> None:
    """The CPU time of one event to one of many readers, against that of a bare application with a queue for each."""
    check(lambda number: next(fanout.figures(tmp_path / str(number), readers=400, events=60, rounds=1)), MARGIN)


def test_an_idle_stream_takes_no_more_than_it_may(tmp_path: Path) -> None:
    """The memory of one of many streams on which nothing happens, against that of a bare application."""
    check(lambda number: next(idle.figures(tmp_path / str(number), readers=300, rounds=1)), MARGIN)


def test_each_benchmark_of_readers_has_figures() -> None:
    """What the command knows by name can be measured."""
    assert all(callable(benchmark.figures) for benchmark in ALL.values())
