"""From a worker's process to a worker that is ready, or to the error that says why it is not."""

from pathlib import Path

import pytest

from queenlib.errors import EngineError, WorkerDied, WorkerStalled
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.loading import LOAD_S
from queenlib.hives.worker import Worker
from queenlib.messages.events import Progress
from queenlib.messages.worker import WorkerSpawn
from tests.hives.yard import ANT, LOADS_LONG, QUICK, Hurried, ant, ask, every, yard


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


async def test_load_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """After its time the worker is killed, and both error and worker say that it was the time."""
    async with yard(tmp_path, world=Hurried()) as hives:
        error = await ask(hives, LOADS_LONG).fails()
        assert isinstance(error, WorkerStalled)
        assert (error.stopped, error.silent_s) == (True, LOAD_S)
        (info,) = ant(hives).workers.infos()
        assert (info.state, info.reason) == ("failed", error.what)
