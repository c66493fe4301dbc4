"""Guards of what a batch costs; the whole of it is `python -m benchmarks.batch`."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.batch import beside, overhead
from benchmarks.batch.__main__ import ALL
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


def test_each_benchmark_of_batches_has_figures() -> None:
    """Those that a name stands for."""
    assert all(callable(each.figures) for each in ALL.values())
    assert Figure("x", 1.0, "s", overhead.GOAL, 1.0, most=True).met
