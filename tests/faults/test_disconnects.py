"""Two hundred readers leave in every way: with a reset or in order, before they ask, before a byte has come, or later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil

from queenlib.home import Home
from queenlib.messages.events import Log as Line
from queenlib.messages.events import Yielded
from queenlib.messages.hive import HiveList, HiveListing
from queenlib.messages.state import State
from tests.faults.history import Create, Log, ProcessTable, Seen, Views
from tests.faults.lines import Cut, read
from tests.faults.oracle import check_invariants
from tests.faults.plan import LEAVINGS, PLACES
from tests.http.served import TOKEN, Served, served

READERS = 200
AT_ONCE = 20
LINES = 40
"""Lines in the log before the readers leave, and as many after it."""


class Crowd:
    """Two hundred readers of one job."""

    def __init__(self, queen: Served, job_id: str, seed: int) -> None:
        self.seen: list[Seen] = []
        self._queen, self._job_id, self._chance = queen, job_id, random.Random(seed)
        self._reached = [0] * READERS
        self._few = asyncio.Semaphore(AT_ONCE)

    async def leave(self) -> None:
        """Each asks, and leaves."""
        places = [
            Cut(self._chance.choice(PLACES), self._chance.choice(LEAVINGS), self._chance.choice((0, 9, 700, 4000)))
            for _ in range(READERS)
        ]
        await asyncio.gather(*(self._read(number, cut) for number, cut in enumerate(places)))

    async def come_back(self) -> None:
        """Each reads on from where it was, to the end."""
        await asyncio.gather(*(self._read(number, None) for number in range(READERS)))

    async def _read(self, number: int, cut: Cut | None) -> None:
        async with self._few:
            after = self._reached[number]
            found = await read(self._queen.url, TOKEN, self._job_id, after, cut)
        assert not found.refusal
        self.seen.append(Seen(f"reader {number}", self._job_id, after, tuple(found.lines), whole=cut is None))
        self._reached[number] = after + len(found.lines)


def held(queen: Served) -> tuple[int, int, int]:
    """What the queen holds: open files and sockets, tasks, and readers of logs."""
    return psutil.Process().num_fds(), len(asyncio.all_tasks()), queen.state.registry._readers.count


async def test_readers_that_leave_leave_nothing(tmp_path: Path) -> None:
    """No file, task or reader is left of them, the job goes on all the same, and each who comes back misses nothing."""
    gate = asyncio.Event()

    async def work() -> AsyncGenerator[Yielded]:
        for number in range(2 * LINES):
            yield Line(text=f"line {number}")
            if number == LINES:
                await gate.wait()
        yield HiveListing(hives=())

    async with served(tmp_path) as queen, asyncio.timeout(60):
        job_id = await queen.state.registry.create(HiveList(), work)
        while (await queen.router.get_job(job_id)).last_seq < LINES:
            await asyncio.sleep(0.01)
        crowd = Crowd(queen, job_id, seed=1)
        await read(
            queen.url, TOKEN, job_id, 0, Cut("body", "rst", 100)
        )  # what is made at the first use is there from now on
        await asyncio.sleep(0.05)
        before = held(queen)
        await crowd.leave()
        while any(now > then for now, then in zip(held(queen), before, strict=True)):
            await asyncio.sleep(0.01)
        assert (await queen.router.get_job(job_id)).state is State.RUNNING
        gate.set()
        await crowd.come_back()
        log = Log.read(Home(tmp_path).store)
    assert len(log.jobs[job_id].events) == 2 * LINES + 4
    create = Create({"operation": "hive_list"}, job_id=job_id)
    check_invariants(log, Views(seen=tuple(crowd.seen), creates=(create,)), (), ProcessTable())
