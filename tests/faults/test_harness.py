"""Queens that are killed in every phase, and the next ones, who know everything."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.faults.harness import campaign, hits, planned, report, seeds
from tests.faults.plan import PHASES, Plan, plan, storm
from tests.faults.reigns import MARK, end, theirs
from tests.faults.rounds import Outcome

FAILING_SEEDS: tuple[int, ...] = ()
"""Rounds in which something was violated once; each is run always."""
ROUNDS = 200
LEAST = 10
"""So often each phase is hit in that many rounds."""
STORMS = 50


async def well(folder: Path, plans: list[Plan]) -> list[Outcome]:
    """These rounds; fails if anything was violated."""
    outcomes = await campaign(folder / "homes", plans)
    assert not any(each.violations for each in outcomes), "\n".join(report(outcomes))
    return outcomes


async def test_one_round_for_each_phase(tmp_path: Path) -> None:
    """Aimed at each phase once: a queen who is killed leaves no process behind, and the next one knows everything."""
    plans = planned(range(len(PHASES)))
    assert {each.aim for each in plans} == set(PHASES)
    outcomes = await well(tmp_path, plans)
    assert [len(each.hit) > 0 for each in outcomes] == [True] * len(PHASES)


async def test_a_crowd_of_readers(tmp_path: Path) -> None:
    """Eight jobs answer and twenty readers follow when the queen dies at some commit: each reader has all of each log."""
    (outcome,) = await well(tmp_path, [storm(3, tokens=60)])
    assert outcome.checked["views"] > 20


async def test_rounds_that_failed_once(tmp_path: Path) -> None:
    """What was found once stays mended."""
    await well(tmp_path, planned(FAILING_SEEDS))


def test_a_seed_is_a_round() -> None:
    """The same seed plans the same round; others plan others, each at its phase."""
    assert plan(11).asks == plan(11).asks
    assert (plan(11).later, plan(11).delay_s) == (plan(11).later, plan(11).delay_s)
    assert len({repr(plan(seed).asks) for seed in range(50)}) == 50
    assert {plan(seed).aim for seed in seeds(1, 7)} == set(PHASES)


async def test_what_outlives_its_queen_is_found(tmp_path: Path) -> None:
    """A process that has the mark of a dead queen is left of her until it has ended."""
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0)"
    hold, give = os.pipe()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=hold, env={**os.environ, MARK: "m-1"})
    os.close(hold)
    try:
        await process.wait()
        while not theirs("m-1"):  # one that has just been started has no environment for a moment, and so no mark
            await asyncio.sleep(0.01)
        death = await end(tmp_path, process, "m-1", "", limit_s=0.1)
        (left,) = death.left.processes
        assert [pid.number for pid in theirs("m-1")] == [left.number]
        os.kill(left.number, signal.SIGKILL)
    finally:
        os.close(give)
    while left.alive():
        await asyncio.sleep(0.01)
    assert not theirs("m-1")


@pytest.mark.full
@pytest.mark.timeout(1800)
async def test_two_hundred_rounds(tmp_path: Path) -> None:
    """In two hundred rounds each phase is hit ten times or more, and nothing is violated."""
    outcomes = await well(tmp_path, planned(seeds(1, ROUNDS)))
    rare = {name: count for name in PHASES if (count := hits(outcomes)[name]) < LEAST}
    assert not rare, "\n".join(report(outcomes))


@pytest.mark.full
@pytest.mark.timeout(1800)
async def test_fifty_crowds_of_readers(tmp_path: Path) -> None:
    """Fifty times eight jobs of five hundred tokens and twenty readers, killed at another commit each time."""
    await well(tmp_path, [storm(seed) for seed in range(STORMS)])
