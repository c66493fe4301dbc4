"""What the tests of hives share: hives with a made-up machine, and people who want something of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from queenlib.engines.connection import Patience
from queenlib.engines.embedding import Embedded
from queenlib.engines.engine import Engine, Generation
from queenlib.engines.llama_cpp import LlamaCpp
from queenlib.engines.simulated import Simulated
from queenlib.errors import QueenError
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.generating import EXIT_S
from queenlib.hives.hive import Hive
from queenlib.hives.holding import Held
from queenlib.hives.loading import LOAD_S
from queenlib.hives.processes import PATIENCE_S
from queenlib.hives.scheduler import Wish
from queenlib.hives.worker import Worker
from queenlib.home import Home
from queenlib.messages.events import Token
from queenlib.messages.hive import HiveKind
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.messages.worker import WorkerSpawn
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World

ANT = "ant"
"""A made-up machine."""
QUICK = "sim:words?tokens=3&tokens_per_s=500"
ENDLESS = "sim:words?tokens=100000&tokens_per_s=50"
LOADS_LONG = "sim:words?load_s=60"
HASTY = Patience(answer_s=0.5, first_token_s=0.8, between_tokens_s=0.8, begin_s=0.5, stop_s=0.5)
"""Little patience, for workers that are meant to try it."""


class Hurried(World):
    """A world where what may take seconds or minutes takes half a second at most."""

    @asynccontextmanager
    async def limit(self, seconds: float | None) -> AsyncIterator[None]:
        """The same, but shorter for the ends of processes and for loads."""
        long = seconds is not None and (seconds in (EXIT_S, PATIENCE_S) or seconds >= LOAD_S)
        async with super().limit(0.5 if long else seconds):
            yield


@asynccontextmanager
async def yard(folder: Path, *, patience: Patience | None = None, world: World | None = None) -> AsyncIterator[HiveCatalog]:
    """This machine and `ant`. Afterwards no process and no task of theirs is left."""
    home, world = Home.open(folder), world or World()
    before = asyncio.all_tasks()
    engines: dict[str, Engine] = {"llama_cpp": LlamaCpp(world, patience), "simulated": Simulated(world, patience)}
    hives = HiveCatalog(home, ModelCatalog(home, world), world, engines)
    hives.create(ANT, HiveKind.SIMULATED, "")
    yield hives
    await hives.close()
    assert ours() == []
    await until(lambda: asyncio.all_tasks() <= before | {asyncio.current_task()})


def ours() -> list[psutil.Process]:
    """The processes of ours that run: guardians and workers."""
    return [each for each in psutil.Process().children(recursive=True) if "queenlib" in " ".join(command(each))]


def command(process: psutil.Process) -> list[str]:
    """How a process was started; empty if it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def guardian() -> psutil.Process:
    """The one guardian that runs."""
    (found,) = [each for each in ours() if "queenlib.hives.guardian" in command(each)]
    return found


async def until(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


def pid(worker: Worker) -> int:
    """The process of a worker that has one."""
    assert worker.process is not None
    return worker.process.pid


async def every(steps: AsyncGenerator[Any]) -> list[Any]:
    """All that a procedure yields."""
    async with aclosing(steps) as drawn:
        return [step async for step in drawn]


async def spawn(hives: HiveCatalog, model: str, **options: Any) -> Worker:
    """A worker on `ant` that is ready."""
    *_, made = await every(hives.spawn(WorkerSpawn(model=model, hive_id=ANT, **options)))
    assert isinstance(made, Worker)
    return made


def ant(hives: HiveCatalog) -> Hive:
    """The made-up machine."""
    return hives.get(ANT)


async def embed(hives: HiveCatalog, model: str, *texts: str, hive: str = ANT, **wish: Any) -> Embedded:
    """Have vectors made."""
    made: Embedded | None = None
    async with aclosing(hives.hold(hive, Wish(model, embeds=True, **wish))) as steps:
        async for step in steps:
            if isinstance(step, Held):
                made = await step.embed(texts)
                break
    assert made is not None
    return made


@dataclass
class Asker:
    """Somebody who asks a model, as a job does."""

    model: str
    task: asyncio.Task[str]
    steps: list[Any] = field(default_factory=list)
    """What was told on the way to a slot."""
    tokens: list[Token] = field(default_factory=list)
    held: Held | None = None

    def told(self, text: str) -> bool:
        """Whether something on the way said this."""
        return any(text in str(step) for step in self.steps)

    async def fails(self) -> QueenError:
        """The error that it ends with."""
        (error,) = await asyncio.gather(self.task, return_exceptions=True)
        assert isinstance(error, QueenError), repr(error)
        assert all((error.what, error.why, error.state, error.next)), error.problem()
        return error

    async def cancel(self) -> None:
        """End it; it has ended when this returns."""
        self.task.cancel()
        await asyncio.wait({self.task})
        assert self.task.cancelled() or self.task.exception() is None, self.task.exception()


def ask(hives: HiveCatalog, model: str = QUICK, *, hive: str = ANT, most: int = 4000, **wish: Any) -> Asker:
    """Ask a model something."""

    async def run() -> str:
        generation = Generation((ChatMessage(role="user", content="Hello"),), Sampling(max_tokens=most))
        async with aclosing(hives.hold(hive, Wish(model, **wish))) as steps:
            async for step in steps:
                if isinstance(step, Held):
                    asker.held = step
                    async with aclosing(step.generate(generation)) as items:
                        async for item in items:
                            if isinstance(item, Token):
                                asker.tokens.append(item)
                    break
                asker.steps.append(step)
        return "".join(token.text for token in asker.tokens)

    asker = Asker(model, asyncio.create_task(run()))
    return asker


async def generating(asker: Asker) -> Worker:
    """The worker that an asker holds a slot of, once it generates."""
    await until(lambda: asker.held is not None or asker.task.done())
    assert asker.held is not None, asker.task.exception()
    worker, slot = asker.held.worker, asker.held.slot
    connection = worker.connection
    assert connection is not None
    while await connection.idle(slot):
        await asyncio.sleep(0.01)
    return worker
