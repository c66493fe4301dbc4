"""Guards of what a batch costs; the whole of it is `python -m benchmarks.batch`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.batch import beside, overhead, side
from benchmarks.batch.__main__ import ALL
from benchmarks.batch.way import SLOTS
from benchmarks.log.figures import Figure
from tests.benchmarks.guard import check

MARGIN = 1.1
"""What may be more than the goal says: of a short batch, beginning and end are a larger part."""


def test_a_batch_costs_no_more_than_a_gather(tmp_path: Path) -> None:
    """In wall time, on the same worker."""
    check(lambda number: next(overhead.figures(tmp_path / str(number), rows=64)), MARGIN)


async def test_who_asks_beside_a_batch_does_not_wait_for_it(tmp_path: Path) -> None:
    """Their first token comes within two steps of decoding of when it would alone."""
    alone, busy = await beside.sides(tmp_path, 4, 500)
    assert 1000 * (median(busy) - median(alone)) <= beside.GOAL * beside.STEP_MS


def test_a_kill_half_way_costs_what_was_half_said(tmp_path: Path) -> None:
    """Of ours, queen and script; a gather by hand loses all."""
    theirs = side.killed(side.GATHER, tmp_path / "gather", 32)
    assert theirs.left == 0
    assert theirs.twice >= theirs.answered >= 16
    ours = side.killed(side.OURS, tmp_path / "ours", 32)
    assert ours.answered >= 16
    assert ours.left >= ours.answered - SLOTS
    assert ours.twice <= 2 * SLOTS


def test_what_another_way_does_better_is_said() -> None:
    """Each thing in a line of its own, and nothing where ours is as good."""
    kill = side.Kill(answered=120, left=112, twice=8)
    ours = side.Outcome(side.OURS, 240, 24.0, 11.0, kill)
    assert ours.met
    assert not replace(ours, kill=side.Kill(120, 0, 128)).met
    assert list(side.lost(ours, replace(ours, per_s=24.1))) == []
    better = replace(ours, way=side.GATHER, per_s=25.0, whole_s=10.0, kill=side.Kill(120, 116, 4))
    assert [each.partition(",")[0] for each in side.lost(ours, better)] == [
        "24.0 rows/s",
        "11.0 s for all",
        "8 rows asked twice",
    ]
    assert side.OURS.lines() < side.GATHER.lines()


def test_each_benchmark_of_batches_has_figures() -> None:
    """Those that a name stands for."""
    assert all(callable(each.figures) for each in ALL.values())
    assert Figure("x", 1.0, "s", overhead.GOAL, 1.0, most=True).met
