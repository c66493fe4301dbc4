"""What the operation `infer` does: one call from a fresh machine to an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from queenlib.engines.engine import Finished, Generation
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.messages.events import Body, Metrics, Progress, Token, Waiting
from queenlib.messages.infer import FinishReason, Infer, InferResult, Sampling, Timings
from queenlib.messages.model import ModelUsed
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


@dataclass
class _Answer:
    """What has come so far."""

    texts: dict[str, list[str]] = field(default_factory=lambda: {"content": [], "reasoning": []})
    gaps_ms: list[float] = field(default_factory=list)
    finished: Finished | None = None

    def add(self, item: Token | Progress | Finished) -> None:
        """One more piece, or its end."""
        if isinstance(item, Finished):
            self.finished = item
        elif isinstance(item, Token):
            self.texts[item.channel].append(item.text)
            self.gaps_ms.append(item.dt_ms)

    def text(self, channel: str) -> str:
        """All of one channel."""
        return "".join(self.texts[channel])


async def infer(
    operation: Infer, hives: HiveCatalog, world: World, default_model: str
) -> AsyncGenerator[Body | InferResult]:
    """Ask a model: find or bring up a worker, wait for a slot, stream the answer."""
    clock, answer = _Clock(world), _Answer()
    wish = Wish(operation.model or default_model, operation.worker_id, operation.device, operation.keep_alive)
    generation = Generation(operation.conversation(), sampling(operation))
    async with aclosing(hives.hold(operation.hive_id or LOCAL, wish)) as steps:
        async for step in steps:
            if not isinstance(step, Held):
                clock.turn("slot" if isinstance(step, Waiting) and step.reason.startswith("slot") else "load")
                yield step
                continue
            held, model = step, _used(step)
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


def _result(operation: Infer, held: Held, model: ModelUsed, answer: _Answer, timings: Timings) -> InferResult:
    assert answer.finished is not None
    text, reason = answer.text("content"), answer.finished.reason
    return InferResult(
        text=text,
        reasoning=answer.text("reasoning"),
        parsed=_parsed(operation, text, reason),
        finish_reason=reason,
        usage=answer.finished.usage,
        timings=timings,
        model=model,
        parameters=sampling(operation),
        hive_id=held.hive.id,
        worker_id=held.worker.id,
    )


def sampling(operation: Infer) -> Sampling:
    """The sampling parameters of an operation, without the rest."""
    return Sampling(**{name: getattr(operation, name) for name in Sampling.model_fields})


def _parsed(operation: Infer, text: str, reason: FinishReason) -> Any:
    if operation.json_schema is None or reason is not FinishReason.STOP:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _timings(clock: _Clock, answer: _Answer, finished: Finished) -> Timings:
    decode_ms = sum(answer.gaps_ms[1:])
    after_first = finished.usage.completion_tokens - 1
    return Timings(
        queue_ms=clock.ms("slot"),
        load_ms=clock.ms("load"),
        prefill_ms=finished.prefill_ms,
        ttft_ms=answer.gaps_ms[0] if answer.gaps_ms else 0.0,
        decode_ms=decode_ms,
        tokens_per_s=1000 * after_first / decode_ms if after_first > 0 and decode_ms > 0 else None,
        total_ms=clock.total_ms(),
    )


def _metrics(timings: Timings, finished: Finished) -> dict[str, float]:
    values = {name: float(value) for name, value in timings.model_dump().items() if value is not None}
    return {**values, **{name: float(value) for name, value in finished.usage.model_dump().items()}}


def _used(held: Held) -> ModelUsed:
    """The model; asked while it is held, since afterwards its worker and the model itself may go."""
    name = held.worker.model
    if name.startswith("sim:"):
        return ModelUsed(name=name)
    known = held.hive.models.get(name)
    return ModelUsed(name=known.name, sha256=known.sha256)
