"""A small guard of the log's goals of speed: CPU time and bytes alone, which do not depend on what else the machine does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.log import appends, history, size
from benchmarks.log.__main__ import ALL
from benchmarks.log.figures import Figure
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.benchmarks.guard import check

MARGIN = 1.5
"""What CPU time may be more by than the goal says."""
OLD = 20_000
"""Jobs of a history that a test has the time to make."""


async def cpu_of(work: Callable[[], Coroutine[Any, Any, object]]) -> float:
    """CPU seconds that something takes, in this process."""
    began = time.process_time()
    await work()
    return time.process_time() - began


def test_durable_appends_cost_no_more_than_they_may(tmp_path: Path) -> None:
    """The CPU time of an event that is kept, against that of a plain row."""

    def measured(number: int) -> Figure:
        ours = [asyncio.run(appends.ours(folder(tmp_path, f"o{number}{n}"), 8_000))[1] for n in range(3)]
        plain = [appends.plain(folder(tmp_path, f"p{number}{n}") / "plain.db", 20_000)[1] for n in range(3)]
        return Figure("CPU of a durable append", min(ours), "s", 1 / 0.15, min(plain), most=True)

    check(measured, MARGIN)


def folder(under: Path, name: str) -> Path:
    """A new folder."""
    (made := under / name).mkdir()
    return made


def test_a_token_takes_few_bytes(tmp_path: Path) -> None:
    """After all is in the database, at the pace of a fast machine."""
    assert asyncio.run(size.bytes_a_token(tmp_path, 200, 1.5)) <= size.GOALS[200]


async def test_a_replay_costs_less_than_the_log_did(tmp_path: Path) -> None:
    """The CPU time to read ten thousand events and encode them, against that to write them."""
    store = SqliteStore.open(tmp_path / "jobs.db", World())
    log = await appends.running(store)

    async def replay() -> None:
        after, job_id = 0, log.record.id
        while events := await store.read(job_id, after, 512):
            assert all(event.line for event in events)
            after = events[-1].seq

    written = await cpu_of(lambda: appends.write(log, 10_000))
    assert min([await cpu_of(replay) for _ in range(3)]) <= written * MARGIN
    await store.close()


async def test_history_costs_nothing(tmp_path: Path) -> None:
    """The CPU time of a create with a history, against that without one."""
    for name in ("new", "old"):
        folder(tmp_path, name)
    history.fill(tmp_path / "old" / "jobs.db", OLD)
    stores = {name: SqliteStore.open(tmp_path / name / "jobs.db", World()) for name in ("new", "old")}
    spent: dict[str, list[float]] = {"new": [], "old": []}
    for _ in range(5):
        for name, store in stores.items():
            spent[name].append(await cpu_of(lambda store=store: history.creates(store, 400)))  # type: ignore[misc]
    for store in stores.values():
        await store.close()
    assert median(spent["old"]) <= median(spent["new"]) / 0.8 * MARGIN


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("a", 2.0, "x", 0.5, 4.0), True),
        (Figure("a", 1.0, "x", 0.5, 4.0), False),
        (Figure("a", 8.0, "ms", 8.0, most=True), True),
        (Figure("a", 8.1, "ms", 8.0, most=True), False),
    ],
)
def test_a_figure_says_whether_it_is_good_enough(figure: Figure, met: bool) -> None:
    """By its ratio where there is something to hold it against, and in words."""
    assert figure.met is met
    assert ("MISSED" in str(figure)) is not met


def test_each_benchmark_has_figures() -> None:
    """What the command knows by name can be measured."""
    assert all(callable(benchmark.figures) for benchmark in ALL.values())
