"""What hangs holds up nobody who only looks: lists answer while a worker and a whole hive give no sign of life."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from queenlib import Queen
from queenlib.messages.events import TokenEvent

SOON_S = 30.0
"""Far below what a hanging hive would take: for ever."""


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """These processes stand still meanwhile."""
    for pid in pids:
        psutil.Process(pid).send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            psutil.Process(pid).send_signal(signal.SIGCONT)


async def test_lists_answer_while_a_hive_hangs(queen: Queen) -> None:
    """A worker that generates and its guardian stand still: all lists come, and a waiting job is cancelled."""
    worker = await queen.workers.spawn("sim:words?tokens=100000&tokens_per_s=50", name="hangs", slots=1)
    assert worker.pid is not None
    asked = {"operation": "infer", "prompt": "x", "model": worker.model, "worker_id": "hangs"}
    busy = await queen.jobs.create(asked, tags="hangs")
    async for event in busy:
        if isinstance(event, TokenEvent):
            break
    waits = await queen.jobs.create(asked, tags="hangs")
    guardian = psutil.Process(worker.pid).ppid()
    with stopped(worker.pid, guardian):
        async with asyncio.timeout(SOON_S):
            listed = await queen.jobs.list(tags="hangs", worker="hangs")
            assert {job.id for job in listed.jobs} == {busy.id, waits.id}
            assert "local" in [hive.id for hive in (await queen.hives.list()).hives]
            assert [each.state for each in (await queen.workers.list()).workers if each.id == "hangs"] == ["busy"]
            assert (await queen.models.list()).models
            assert await queen.status()
            assert (await waits.cancel()).state == "cancelled"
    assert set((await queen.jobs.cancel_all(tags="hangs")).ids) == {busy.id}
    await queen.workers.stop("hangs", force=True)
