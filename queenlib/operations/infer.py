"""What the operation `infer` does: one call from a fresh machine to an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from queenlib.engines.engine import Finished, Generation
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.messages.events import Body, Metrics, Waiting
from queenlib.messages.infer import Infer, InferResult, Timings
from queenlib.messages.model import ModelUsed
from queenlib.operations.answering import Answer, sampling, used
from queenlib.world import World


@dataclass
class _Clock:
    """Where the time of one job went, in seconds: waiting for a slot, and bringing up what answers."""

    world: World
    spent: dict[str, float] = field(default_factory=lambda: {"load": 0.0, "slot": 0.0})
    what: str = "load"

    def __post_init__(self) -> None:
        self.started = self.since = self.world.monotonic()

    def turn(self, what: str) -> None:
        """From now on the time goes to `what`."""
        now = self.world.monotonic()
        self.spent[self.what] = self.spent.get(self.what, 0.0) + now - self.since
        self.what, self.since = what, now

    def ms(self, what: str) -> float:
        """What went to `what`, in milliseconds."""
        return 1000 * self.spent.get(what, 0.0)

    def total_ms(self) -> float:
        """Since the start, in milliseconds."""
        return 1000 * (self.world.monotonic() - self.started)


async def infer(
    operation: Infer, hives: HiveCatalog, world: World, default_model: str
) -> AsyncGenerator[Body | InferResult]:
    """Ask a model: find or bring up a worker, wait for a slot, stream the answer."""
    clock, answer = _Clock(world), Answer()
    wish = Wish(operation.model or default_model, operation.worker_id, operation.device, operation.keep_alive)
    generation = Generation(operation.conversation(), sampling(operation))
    async with aclosing(hives.hold(operation.hive_id or LOCAL, wish)) as steps:
        async for step in steps:
            if not isinstance(step, Held):
                clock.turn("slot" if isinstance(step, Waiting) and step.reason.startswith("slot") else "load")
                yield step
                continue
            held, model = step, used(step)
            clock.turn("generate")
            async with aclosing(held.generate(generation)) as items:
                async for item in items:
                    answer.add(item)
                    if not isinstance(item, Finished):
                        yield item
            break
    assert answer.finished is not None
    timings = _timings(clock, answer, answer.finished)
    yield Metrics(values=_metrics(timings, answer.finished))
    yield _result(operation, held, model, answer, timings)


def _result(operation: Infer, held: Held, model: ModelUsed, answer: Answer, timings: Timings) -> InferResult:
    assert answer.finished is not None
    return InferResult(
        text=answer.text(),
        reasoning=answer.text("reasoning"),
        parsed=answer.parsed(operation.json_schema),
        finish_reason=answer.finished.reason,
        usage=answer.finished.usage,
        timings=timings,
        model=model,
        parameters=sampling(operation),
        hive_id=held.hive.id,
        worker_id=held.worker.id,
    )


def _timings(clock: _Clock, answer: Answer, finished: Finished) -> Timings:
    return Timings(
        queue_ms=clock.ms("slot"),
        load_ms=clock.ms("load"),
        prefill_ms=finished.prefill_ms,
        ttft_ms=answer.ttft_ms,
        decode_ms=answer.decode_ms,
        tokens_per_s=answer.tokens_per_s,
        total_ms=clock.total_ms(),
    )


def _metrics(timings: Timings, finished: Finished) -> dict[str, float]:
    values = {name: float(value) for name, value in timings.model_dump().items() if value is not None}
    return {**values, **{name: float(value) for name, value in finished.usage.model_dump().items()}}
