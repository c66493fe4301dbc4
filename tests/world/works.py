"""What the jobs of the simulated world do: work of several kinds for an operation of each recovery class."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field

from queenlib.errors import UnknownModel, WorkerDied
from queenlib.messages.base import Deleted, Operation, Recovery, Result
from queenlib.messages.events import EndEvent, Log, Progress, StateEvent, Token, Waiting, Working, Yielded
from queenlib.messages.hive import HiveGet
from queenlib.messages.infer import FinishReason, Infer, InferResult, Sampling, Timings, Usage
from queenlib.messages.model import ModelDelete, ModelUsed
from queenlib.messages.state import State
from tests.world.disk import Disk

KINDS = ("quick", "streaming", "waiting", "forever", "failing", "clinging", "dying")
"""Work that is done at once; that streams; that waits until it is let go; that never ends; that fails; that waits until it
is let go, and takes a while to unwind; whose worker dies twice."""
DEATHS = 2
"""So often a worker dies under one job."""
STEP_S = (0.0, 0.0, 0.001, 0.005, 0.02)
"""What one step of work takes."""
CLING_S = 3.0
"""What work that clings takes to unwind."""


def operation_of(recovery: Recovery, kind: str, number: int, *, private: bool = False) -> Operation:
    """An operation of a recovery class: job number `number`, with work of a kind."""
    match recovery:
        case Recovery.READ:
            return HiveGet(hive_id=f"{kind}-{number}")
        case Recovery.CONVERGE:
            return ModelDelete(model=f"{kind}-{number}")
    return Infer(prompt=kind, seed=number, private=private)


def number_of(operation: Operation) -> int:
    """Which job an operation is of, also where only what is kept of it is known."""
    match operation:
        case Infer(seed=number) if number is not None:
            return number
        case HiveGet(hive_id=name) | ModelDelete(model=name):
            return int(name.partition("-")[2])
    raise AssertionError(operation)


def kind_of(operation: Operation) -> str:
    """The kind of an operation's work."""
    match operation:
        case Infer(prompt=kind) if kind is not None:
            return kind
        case HiveGet(hive_id=name) | ModelDelete(model=name):
            return name.partition("-")[0]
    raise AssertionError(operation)


@dataclass
class Works:
    """All work that is done, and the journal of those who do it: what engines were asked for."""

    chance: random.Random
    disk: Disk
    gates: defaultdict[int, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Opened to let the work of a job go."""
    generated: Counter[int] = field(default_factory=Counter)
    """How often an engine was asked, by job."""
    troubles: list[str] = field(default_factory=list)
    """What must not have happened."""

    async def work(self, operation: Operation) -> AsyncGenerator[Yielded]:
        """The work of an operation."""
        number, kind = number_of(operation), kind_of(operation)
        if kind not in KINDS:
            self.troubles.append(f"{number} does {kind!r}")
        if kind == "waiting":
            yield Waiting(reason="slot: 2 ahead")
            await self._step()
            yield Waiting(reason="slot: 1 ahead")
            await self.gates[number].wait()
            yield Working()
        self._ask(operation)
        try:
            for n in range(self.chance.randrange(12)):
                yield Token(text=f"{number}.{n} ", dt_ms=float(n))
                await self._step()
            yield Log(text=f"{number} has generated")
            await self._go_on(number, kind)
        finally:
            if kind == "clinging":
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(CLING_S)
        yield Progress(what="x", done=1, total=1, unit="steps")
        yield _result(operation)

    async def _go_on(self, number: int, kind: str) -> None:
        """What a kind of work does in its middle."""
        match kind:
            case "forever":
                await asyncio.Event().wait()
            case "clinging":
                await self.gates[number].wait()
            case "failing":
                raise UnknownModel("No model.")
            case "dying" if self.generated[number] <= DEATHS:
                raise WorkerDied("It died.", signal="SIGKILL")

    async def _step(self) -> None:
        await asyncio.sleep(self.chance.choice(STEP_S))

    def _ask(self, operation: Operation) -> None:
        """An engine is asked: what may not be done twice has to be kept as begun by then."""
        number = number_of(operation)
        self.generated[number] += 1
        if operation.recovery is Recovery.ONCE:
            states = [
                [event.data.state for event in kept.events if isinstance(event, StateEvent | EndEvent)]
                for kept in self.disk.memory.jobs.values()
                if kept.record.operation == "infer" and kept.record.request["seed"] == number
            ]
            # A newer queen, whom this one does not know of yet, may have told since that it is lost.
            last = [each[:-1][-1] if each[-1] is State.LOST else each[-1] for each in states]
            if last not in ([State.RUNNING], [State.CANCELLING]):
                self.troubles.append(f"{number} was begun and is kept as {states}")


def _result(operation: Operation) -> Result:
    if not isinstance(operation, Infer):
        return Deleted(kind="model", id="m")
    return InferResult(
        text=f"the answer to {operation.prompt}",
        finish_reason=FinishReason.STOP,
        usage=Usage(prompt_tokens=1, cached_tokens=0, completion_tokens=1),
        timings=Timings(queue_ms=0, load_ms=0, prefill_ms=0, ttft_ms=0, decode_ms=0, tokens_per_s=None, total_ms=0),
        model=ModelUsed(name="m"),
        parameters=Sampling(),
        hive_id="local",
        worker_id="w",
    )
