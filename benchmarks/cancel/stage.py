"""A queen with one worker, and who cancels jobs on it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from queenlib.hives.worker import Worker
from queenlib.home import Home
from queenlib.messages.events import EndEvent, Event, ProgressEvent, TokenEvent
from queenlib.messages.infer import EngineParams, Infer
from queenlib.messages.job import Terms
from queenlib.messages.worker import WorkerSpawn
from queenlib.models.catalog import DEMO_MODEL, ModelCatalog, ModelFile
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.world import World

SLOTS = 2
ENDLESS = EngineParams(ignore_eos=True)


@dataclass(frozen=True)
class Stage:
    """A queen, and her worker, which is ready."""

    router: Router
    worker: Worker

    async def ask(self, prompt: str, *, start: str = "", **sampling: Any) -> str:
        """A new job that generates for as long as it may."""
        asked = {"engine_params": ENDLESS, "temperature": 0.0, "seed": 1, **sampling}
        operation = Infer(prompt=prompt, model=self.worker.model, worker_id=self.worker.id, **asked)
        terms = Terms.model_validate({"start": start} if start else {})
        return (await self.router.create_job(operation, terms=terms)).job_id

    async def log(self, job_id: str) -> list[Event]:
        """A job's whole log, as soon as it has its end."""
        return [event async for event in await self.router.execute_job(job_id)]

    async def until(self, job_id: str, kind: type[ProgressEvent | TokenEvent], count: int = 1) -> None:
        """Wait until a job has so many events of a kind, or its end; of progress, that with its prompt alone counts."""
        async for event in await self.router.execute_job(job_id):
            reads = isinstance(event, ProgressEvent) and event.data.what == "prompt" and event.data.done > 0
            count -= isinstance(event, kind) and (reads or isinstance(event, TokenEvent))
            if count <= 0 or isinstance(event, EndEvent):
                break

    async def busy(self) -> set[int]:
        """The slots that work, by the engine's own list."""
        assert self.worker.connection is not None
        return {slot for slot in range(self.worker.spec.slots) if not await self.worker.connection.idle(slot)}

    async def cancel_s(self, job_id: str) -> float:
        """Cancel a job; seconds from the call to its return, when its slot is idle by the engine's own list."""
        before = await self.busy()
        began = time.perf_counter()
        record = await self.router.cancel_job(job_id)
        took = time.perf_counter() - began
        assert record.state == "cancelled", record
        assert len(await self.busy()) == len(before) - 1
        return took


async def fetched(home: Path) -> str:
    """The demo model's file, fetched into a home if it is not there; as a model's name."""
    *_, last = [step async for step in ModelCatalog(Home.open(home), World()).ensure(DEMO_MODEL)]
    assert isinstance(last, ModelFile)
    return f"file:{last.path}"


@asynccontextmanager
async def stage(folder: Path, model: str, *, slots: int = SLOTS) -> AsyncIterator[Stage]:
    """A queen at home in `folder` with a worker of one thread; all of it is gone afterwards."""
    router = await Router.begin(state := QueenState.open(Home.open(folder)))
    try:
        wanted = WorkerSpawn(model=model, name="w", hive_id="local", slots=slots, threads=1, context=4096)
        job_id = (await router.create_job(wanted)).job_id
        log = [event async for event in await router.execute_job(job_id)]
        assert log[-1].data.state == "succeeded", log[-1]  # type: ignore[union-attr]
        (worker,) = state.hives.get("local").workers.all()
        yield Stage(router, worker)
    finally:
        await router.close()


def p95(times: list[float]) -> float:
    """What all but a twentieth of them stay below."""
    return quantiles(times, n=20, method="inclusive")[-1]
