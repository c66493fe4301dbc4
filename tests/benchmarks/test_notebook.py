"""Guards of the goals of the notebook, with a real kernel: a token shown, an interrupt, a cell that computes."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from benchmarks.log.figures import Figure
from benchmarks.notebook import busy, first, interrupts, tokens, views
from benchmarks.notebook.__main__ import ALL
from benchmarks.notebook.stage import stage
from tests.benchmarks.guard import check

MARGIN = 1.5
"""What may be more than the goal says."""


def test_a_token_shown_costs_no_more_than_it_may(tmp_path: Path) -> None:
    """The CPU time of the kernel, against an update for each token."""
    check(lambda number: next(tokens.figures(tmp_path / str(number), tokens=600, rounds=1)), MARGIN)


@pytest.mark.full  # by the clock, which on a machine that tests something else at the same time says little
@pytest.mark.parametrize("queen", ["embedded", "background"])
def test_the_first_token_is_soon_there(tmp_path: Path, queen: str) -> None:
    """Of a model that takes no time, against a cell that does nothing."""

    def measured(number: int) -> Figure:
        with stage(tmp_path / str(number), queen) as made:
            ours, nothing = first.trips(made, 12)
        return Figure(queen, median(ours), "s", first.GOAL, median(nothing), most=True)

    check(measured, MARGIN)


def test_an_interrupt_gives_the_prompt_back(tmp_path: Path) -> None:
    """Whatever the cell waits for, within a second; and the job's fate is the one that was printed."""
    with stage(tmp_path / "home") as made:
        for wait in interrupts.WAITS.values():
            assert interrupts.interrupted_s(made, wait) <= interrupts.LONGEST_MS / 1000 * MARGIN


@pytest.mark.parametrize(
    ("queen", "code"),
    [
        pytest.param("embedded", busy.PYTHON, id="Python, embedded"),
        pytest.param("background", busy.LOCKED, id="C, background", marks=pytest.mark.full),
    ],
)
def test_a_busy_cell_loses_nothing(tmp_path: Path, queen: str, code: str) -> None:
    """Whether it computes in Python beside a queen in its own process, or holds the lock beside one in another."""

    def measured(number: int) -> Figure:
        with stage(tmp_path / str(number), queen) as made:
            log = busy.beside(made, code, 2.0)
        assert log.lost == 0
        return Figure(queen, log.p99_ms, "ms", busy.GOAL_MS, most=True)

    check(measured, MARGIN)


@pytest.mark.full  # what one view leaves behind is tested beside it
def test_finished_views_leave_nothing_behind(tmp_path: Path) -> None:
    """Once as many are there as are kept, further ones add neither a thread nor a widget."""
    with stage(tmp_path / "home") as made:
        before, after = views.grown(made, 66, 10)
    assert after.threads <= before.threads
    assert after.widgets <= before.widgets + 4  # of one that has just ended


def test_each_benchmark_of_the_notebook_has_figures() -> None:
    """What the command knows by name can be measured."""
    assert all(callable(benchmark.figures) for benchmark in ALL.values())
