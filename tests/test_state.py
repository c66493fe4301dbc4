"""All that a queen holds: put together in one place, and taken apart whole."""

from pathlib import Path

import psutil
import pytest

from queenlib.errors import QueueFull
from queenlib.home import Home
from queenlib.messages.events import Event
from queenlib.messages.hive import HiveCreate, HiveKind
from queenlib.messages.job import JobRecord
from queenlib.models.catalog import DEMO_MODEL
from queenlib.registry.limits import Limits
from queenlib.registry.memory import MemoryStore
from queenlib.router import Router
from queenlib.state import QueenState


class Stuck(MemoryStore):
    """A store that cannot be closed."""

    async def close(self) -> None:
        """Fail."""
        raise OSError(5, "Input/output error")


async def end_of(router: Router, job_id: str) -> JobRecord:
    """A job that was followed to its end."""
    log: list[Event] = [event async for event in await router.execute_job(job_id)]
    assert log[-1].type == "end"
    return await router.get_job(job_id)


async def test_what_is_handed_in_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store and limits are those that were given; the default model is the demo's, or what the environment says."""
    store = MemoryStore()
    state = QueenState.open(Home.open(tmp_path), store=store, limits=Limits(unfinished=0))
    with pytest.raises(QueueFull):
        await Router(state).create_job({"operation": "hive_list"})
    assert (await store.page(10, None)).jobs == ()
    assert state.default_model == DEMO_MODEL
    await state.close()
    monkeypatch.setenv("QUEENLIB_MODEL", "sim:words")
    assert QueenState.open(Home.open(tmp_path)).default_model == "sim:words"


async def test_closing_ends_the_hives_whatever_the_store_does(tmp_path: Path) -> None:
    """A store that fails at the very end keeps no process alive."""
    state = QueenState.open(Home.open(tmp_path), store=Stuck())
    router = Router(state)
    made = await router.create_job(HiveCreate(hive_id="attic", kind=HiveKind.SIMULATED))
    await end_of(router, made.job_id)
    started = await router.create_job({"operation": "worker_spawn", "model": "sim:words", "hive_id": "attic"})
    worker = await end_of(router, started.job_id)
    assert worker.result is not None
    pid = worker.result["pid"]
    assert psutil.pid_exists(pid)
    with pytest.raises(OSError, match="Input/output"):
        await state.close()
    assert not psutil.pid_exists(pid)
