"""From a worker's process to a worker that is ready, or to the error that says why it is not."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from queenlib.errors import EngineError, WorkerDied, WorkerStalled
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.loading import LOOK_S, STILL_S
from queenlib.hives.worker import Worker
from queenlib.messages.events import Progress
from queenlib.messages.worker import WorkerSpawn
from tests.hives.leaping import Leaping
from tests.hives.yard import ANT, LOADS_LONG, QUICK, ant, ask, every, pid, until, yard


async def test_load_is_told(hives: HiveCatalog) -> None:
    """Nothing of it, then all of it; then the worker, with what it takes and how long it took."""
    steps = await every(hives.spawn(WorkerSpawn(model=QUICK, hive_id=ANT, context=256, slots=3)))
    loaded = [(step.what, step.done, step.total) for step in steps if isinstance(step, Progress)]
    assert loaded == [(f"load {QUICK}", 0, 1), (f"load {QUICK}", 1, 1)]
    worker = steps[-1]
    assert isinstance(worker, Worker)
    info = worker.info()
    assert (info.state, info.slots, info.slots_busy, info.context) == ("ready", 3, 0, 256)
    assert info.load_s is not None
    assert info.load_s > 0


@pytest.mark.parametrize(
    ("fault", "kind", "words", "reason"),
    [
        ("crash_load", WorkerDied, "crashes while it loads", "exit code 70"),
        ("oom", WorkerDied, "out of memory", "killed by SIGKILL"),
        ("fail_load", EngineError, "it was asked to fail", "could not load: it was asked to fail"),
    ],
)
async def test_failed_load_says_why(
    hives: HiveCatalog, fault: str, kind: type[EngineError], words: str, reason: str
) -> None:
    """The error has the engine's own words; the worker stays in the list as failed, and nothing else of it."""
    error = await ask(hives, f"sim:words?{fault}=1").fails()
    assert type(error) is kind
    assert words in error.what
    (info,) = ant(hives).workers.infos()
    assert (info.state, info.slots_busy, info.pid) == ("failed", 0, None)
    assert reason in info.reason


async def test_load_that_stands_still_is_ended(tmp_path: Path) -> None:
    """After a minute without a sign the worker is killed, and both error and worker say that it was that."""
    world = Leaping()
    async with yard(tmp_path, world=world) as hives:
        asker = ask(hives, "sim:words?stall_load=1")
        await until(lambda: asker.told("load sim:words"))
        await asyncio.sleep(3 * LOOK_S)  # it has been looked at
        await world.leap(STILL_S - 5)
        await asyncio.sleep(2 * LOOK_S)
        assert not asker.task.done()
        await world.leap(6)
        error = await asker.fails()
        assert isinstance(error, WorkerStalled)
        assert error.stopped
        assert STILL_S <= error.silent_s < STILL_S + 60
        (info,) = ant(hives).workers.infos()
        assert (info.state, info.reason) == ("failed", error.what)


async def test_stopped_load_is_ended(tmp_path: Path) -> None:
    """A process that was stopped by a signal while it loads gives no sign either."""
    world = Leaping()
    async with yard(tmp_path, world=world) as hives:
        asker = ask(hives, LOADS_LONG)
        await until(lambda: asker.told("load sim:words"))
        (worker,) = ant(hives).workers.all()
        os.kill(pid(worker), signal.SIGSTOP)
        await asyncio.sleep(3 * LOOK_S)  # what it had said by then is heard
        await world.leap(STILL_S + 1)
        assert isinstance(await asker.fails(), WorkerStalled)
        assert worker.ended


async def test_load_that_gets_on_may_take_long(tmp_path: Path) -> None:
    """Minutes pass, and it is not killed as long as it says that it loads."""
    world = Leaping()
    async with yard(tmp_path, world=world) as hives:
        asker = ask(hives, "sim:words?load_s=3&tokens=2")
        await until(lambda: asker.told("load sim:words"))
        for _ in range(6):
            await asyncio.sleep(LOOK_S)  # it says so each quarter of a second
            await world.leap(STILL_S - 10)
        assert await asker.task
