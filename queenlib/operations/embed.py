"""What the operation `embed` does: a vector of each text, whatever happens in between."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from queenlib.errors import PromptTooLong
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.hives.slots import Urgency
from queenlib.messages.base import plain
from queenlib.messages.embed import Embed, EmbedResult
from queenlib.messages.events import Body, Log, Problem, Progress, VectorsData
from queenlib.messages.model import ModelUsed
from queenlib.operations.answering import used
from queenlib.operations.asking import ATTEMPTS, CUT_OFF
from queenlib.operations.crew import crew
from queenlib.operations.tally import Tallying
from queenlib.world import World

TEXTS, CHARACTERS = 32, 2048
"""So much is sent to a worker at once, and one text at least: a cancel waits until it is through with that."""
EVERY_S = 0.5
"""Seconds between two words on how far it has come."""


async def embed(
    operation: Embed, hives: HiveCatalog, world: World, default_model: str, before: Tallying
) -> AsyncGenerator[Body | EmbedResult]:
    """Make a vector of each text that has none yet: what happens, and last what came of it.

    Args:
        operation: The texts, whole.
        hives: Where it is done.
        world: The clock.
        default_model: That of an operation that names none.
        before: The texts that were done in an earlier attempt at this job.

    Raises:
        NoEmbeddings: The worker or its model makes no vectors.
        QueenError: No slot can be had, or a worker fails again and again.
    """
    work = _Work(operation, hives, world, default_model, before)
    async with aclosing(work.run()) as steps:
        async for step in steps:
            yield step
    yield work.result()


class _Work:
    def __init__(self, operation: Embed, hives: HiveCatalog, world: World, default_model: str, before: Tallying) -> None:
        self._texts, self._hives, self._world, self._tally = operation.texts, hives, world, before
        self._hive_id = operation.hive_id or LOCAL
        model = operation.model or default_model
        self._wish = Wish(model, operation.worker_id, operation.device, operation.keep_alive, embeds=True)
        # A text of somebody who searches goes ahead of thousands of somebody who fills an index.
        self._urgency = Urgency.INTERACTIVE if operation.count <= TEXTS else Urgency.BATCH
        self._used = hives.known(model) or ModelUsed(name=model)
        self._told_at = world.monotonic()

    async def run(self) -> AsyncGenerator[Body]:
        """Make what is left to be made."""
        if self._tally.done:
            yield Log(text=f"{len(self._tally.done):,} texts had their vectors before")
        parts = list(portions(self._texts, [i for i in range(self._tally.so_far.rows) if i not in self._tally.done]))
        todo = iter(parts)

        async def hand() -> AsyncGenerator[Body]:
            for rows in todo:
                async with aclosing(self._see_to(rows)) as steps:
                    async for step in steps:
                        yield step

        slots = sum(max(1, each - 1) for each in self._hives.slots(self._hive_id, self._wish)) or 1
        async with aclosing(crew(min(slots, len(parts)), hand)) as steps:
            async for step in steps:
                if isinstance(step, VectorsData):
                    self._tally.take(step)
                yield step
                if len(parts) > 1 and self._world.monotonic() - self._told_at >= EVERY_S:
                    yield self._progress()
        if len(parts) > 1:
            yield self._progress()

    def result(self) -> EmbedResult:
        """What came of it."""
        return EmbedResult(**dict(self._tally.so_far), dimensions=self._tally.dimensions, model=self._used)

    async def _see_to(self, rows: Sequence[int]) -> AsyncGenerator[Body]:
        """The vectors of these texts; a worker that dies under them is replaced."""
        for attempt in range(1, ATTEMPTS + 1):
            async with aclosing(self._hives.hold(self._hive_id, self._wish, self._urgency)) as steps:
                async for step in steps:
                    if not isinstance(step, Held):
                        yield step
                        continue
                    self._used = used(step)
                    try:
                        made = await self._make(step, rows)
                    except CUT_OFF:
                        if attempt == ATTEMPTS:
                            raise
                        break
                    for each in made:
                        yield each
                    return

    async def _make(self, held: Held, rows: Sequence[int]) -> list[VectorsData]:
        made, fitting = list[VectorsData](), list[int]()
        for i in rows:
            try:
                await held.check(self._texts[i])
            except PromptTooLong as error:
                made.append(VectorsData(rows=(i,), error=Problem.model_validate(plain(error.problem()))))
            else:
                fitting.append(i)
        if fitting:
            found = await held.embed([self._texts[i] for i in fitting])
            made.append(
                VectorsData(
                    rows=tuple(fitting),
                    dimensions=found.dimensions,
                    data=base64.b64encode(found.data).decode(),
                    prompt_tokens=found.prompt_tokens,
                )
            )
        return made

    def _progress(self) -> Progress:
        self._told_at = self._world.monotonic()
        return Progress(what="vectors", done=len(self._tally.done), total=self._tally.so_far.rows, unit="rows")


def portions(texts: Sequence[str], rows: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The numbers `rows` in portions, in their order: what is sent to a worker at once."""
    portion, characters = list[int](), 0
    for i in rows:
        if portion and (len(portion) >= TEXTS or characters + len(texts[i]) > CHARACTERS):
            yield tuple(portion)
            portion, characters = [], 0
        portion.append(i)
        characters += len(texts[i])
    if portion:
        yield tuple(portion)
