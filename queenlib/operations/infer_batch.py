"""What the operation `infer_batch` does: each row is asked once, whatever happens in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from queenlib import tables
from queenlib.errors import TooManyFailures
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.hives.slots import Urgency
from queenlib.messages.batch import BatchResult, InferBatch
from queenlib.messages.events import Body, Log, Progress, Waiting, Working
from queenlib.messages.json_schema import choices
from queenlib.messages.model import ModelUsed
from queenlib.messages.row import RowData
from queenlib.operations.answering import used
from queenlib.operations.asking import Beside, ask
from queenlib.operations.brake import Brake
from queenlib.operations.claims import Asker, Claims
from queenlib.operations.crew import crew
from queenlib.operations.planning import Find, Planned, plan
from queenlib.operations.questions import Asked, Questions
from queenlib.operations.tally import Tallying
from queenlib.world import World

USUAL = 4
"""Rows that are asked at once where nothing is said and no worker is there yet."""
EVERY_S = 0.5
"""Seconds between two words on how far it has come."""


@dataclass(frozen=True)
class Around:
    """What a batch has about it."""

    hives: HiveCatalog
    world: World
    default_model: str
    """That of a batch that names none."""
    claims: Claims
    find: Find
    """Gives the answers that are there already."""


async def infer_batch(operation: InferBatch, around: Around, before: Tallying) -> AsyncGenerator[Body | BatchResult]:
    """Ask about each row that has no answer yet: what happens, and last what came of it.

    Args:
        operation: The batch, whole.
        around: Where it is asked.
        before: The rows that had ended in an earlier attempt at this job.

    Raises:
        TooManyFailures: More rows failed than it allows.
        QueenError: No slot can be had.
    """
    with around.claims.asker() as asker:
        batch = _Batch(operation, around, before, asker)
        for part in (batch.prepare, batch.run):
            async with aclosing(part()) as steps:
                async for step in steps:
                    yield step
    yield batch.result()


class _Batch:
    def __init__(self, operation: InferBatch, around: Around, before: Tallying, asker: Asker) -> None:
        self._operation, self._around, self._tally, self._asker = operation, around, before, asker
        self._model, self._hive_id = operation.model or around.default_model, operation.hive_id or LOCAL
        one_more = (operation.concurrency or USUAL) + 1  # for those who sit before a screen
        self._wish = Wish(self._model, operation.worker_id, operation.device, operation.keep_alive, one_more)
        self._questions, self._brake = Questions(operation), Brake(around.world)
        texts = choices(operation.json_schema) if operation.probabilities else ()
        self._beside = Beside(operation.pieces, texts)
        self._used: ModelUsed | None = around.hives.known(self._model)
        self._todo: list[Planned] = []
        self._began = self._told_at = around.world.monotonic()
        self._first_at, self._ran, self._concurrency = 0.0, 0, 0
        self._generating = set[int]()
        """The rows that have a slot."""
        self._waits = False
        """Whether it was said that the batch waits: none of its rows has a slot, or the brake is on."""

    async def prepare(self) -> AsyncGenerator[Body]:
        """See what is there already, and have a worker brought where something is left to be asked."""
        dry = self._operation.dry_run
        if self._used is None and not dry:  # without it nobody can tell what would be the same question
            async with aclosing(self._bring()) as steps:
                async for step in steps:
                    yield step
        asked = Asked(self._used or ModelUsed(name=self._model), self._around.hives.build(self._model))
        if self._tally.done:
            yield Log(text=f"{self._tally.so_far.done:,} rows had ended before")
        async with aclosing(plan(self._operation, self._questions, asked, self._tally, self._around.find)) as planning:
            async for each in planning:
                if isinstance(each, Planned):
                    self._todo.append(each)
                elif not dry:
                    yield each
        self._asker.wanted = {each.key for each in self._todo}
        if self._tally.so_far.cached:
            yield Log(text=f"{self._tally.so_far.cached:,} from cache, {self._tally.left:,} to run")
        if not dry:
            yield self._progress()
        if self._todo:
            async with aclosing(self._place(dry=dry)) as steps:
                async for step in steps:
                    yield step
        if dry:
            self._todo.clear()

    async def _place(self, *, dry: bool) -> AsyncGenerator[Body]:
        """Have a worker brought, unless it is only a dry run, and see how many rows can be asked at once."""
        if not dry:
            async with aclosing(self._bring()) as steps:
                async for step in steps:
                    yield step
        slots = self._around.hives.slots(self._hive_id, self._wish)
        usual = sum(max(1, each - 1) for each in slots) or USUAL
        self._concurrency = min(self._operation.concurrency or usual, len(self._todo))
        if not dry:
            yield Log(text=f"{tables.counted(self._concurrency, 'row')} at once, {tables.counted(sum(slots), 'slot')}")

    async def run(self) -> AsyncGenerator[Body]:
        """Ask what is left."""
        self._first_at, todo = self._around.world.monotonic(), iter(self._todo)

        async def hand() -> AsyncGenerator[Body]:
            for planned in todo:
                if self._too_many:
                    return  # those that are asked now are answered first: nothing is lost
                async with aclosing(self._see_to(planned)) as steps:
                    async for step in steps:
                        yield step

        async with aclosing(crew(self._concurrency if self._todo else 0, hand)) as steps:
            async for step in steps:
                if isinstance(step, RowData) and self._tally.take(step):
                    self._ran += 1
                yield step
                if self._around.world.monotonic() - self._told_at >= EVERY_S:
                    yield self._progress()
        if self._todo:
            yield self._progress()
        if self._too_many:
            raise self._too_many_failures()

    def result(self) -> BatchResult:
        """What came of it."""
        return BatchResult(
            **dict(self._tally.so_far),
            model=self._used or ModelUsed(name=self._model),
            concurrency=self._concurrency,
            wall_s=self._around.world.monotonic() - self._began,
        )

    async def _bring(self) -> AsyncGenerator[Body]:
        hives = self._around.hives
        async with aclosing(hives.hold(self._hive_id, self._wish, Urgency.BATCH)) as steps:
            async for step in steps:
                if isinstance(step, Held):
                    self._used = used(step)
                    return
                yield step

    async def _see_to(self, planned: Planned) -> AsyncGenerator[Body]:
        key = planned.key if self._operation.cache == "read" else ""
        async with self._around.claims.turn(self._asker, key) as turn:
            row = turn.answer.model_copy(update={"cached": True, "attempts": 0}) if turn.answer else None
            if row is None:
                async with aclosing(self._ask(planned.rows[0])) as steps:
                    async for step in steps:
                        if isinstance(step, RowData):
                            row = step.model_copy(update={"key": planned.key if self._operation.cache != "off" else ""})
                        else:
                            yield step
                assert row is not None
                turn.answer = None if row.error else row
            for at, i in enumerate(planned.rows):
                yield row.model_copy(update={"i": i} if at == 0 else {"i": i, "cached": True, "attempts": 0})

    async def _ask(self, i: int) -> AsyncGenerator[Body]:
        if reason := self._brake.reason:
            self._waits = True
            yield Waiting(reason=reason)
        async with self._brake.row():
            asking = ask(i, self._questions.generation(i), self._around.hives, self._hive_id, self._wish, self._beside)
            try:
                async with aclosing(asking) as steps:
                    async for step in steps:
                        self._generating.discard(i)  # while it has its slot nothing is told
                        if isinstance(step, Held):
                            self._generating.add(i)
                        elif isinstance(step, RowData):
                            self._brake.note(step)
                            yield step
                        elif isinstance(step, Waiting) and self._blocked(step):
                            self._waits = True
                            yield step
                        if self._waits and self._generating and not self._brake.reason:
                            self._waits = False
                            yield Working()
            finally:
                self._generating.discard(i)

    def _blocked(self, wait: Waiting) -> bool:
        """Whether the batch waits because one of its rows does: no other has a slot, and it is not merely its turn next."""
        return not (wait.reason.startswith("slot") or self._waits or self._generating)

    @property
    def _too_many(self) -> bool:
        most, tally = self._operation.max_failures, self._tally.so_far
        return most is not None and tally.failed > (most * tally.rows if most < 1 else most)

    def _too_many_failures(self) -> TooManyFailures:
        tally = self._tally.so_far
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(tally.failures.items()))
        return TooManyFailures(
            f"{tally.failed:,} of {tally.rows:,} rows failed; max_failures is {self._operation.max_failures:g}.",
            why=f"{kinds}.",
            state=f"{tally.answered:,} rows are answered and in the log.",
            next="Look at them: await job.frame(of='rows')",
            failures=dict(tally.failures),
        )

    def _progress(self) -> Progress:
        """How far it is, at the rate at which rows have been asked since the first."""
        now = self._told_at = self._around.world.monotonic()
        took, left, tally = now - self._first_at, self._tally.left, self._tally.so_far
        per_s = self._ran / took if self._ran >= max(1, self._concurrency) and took > 0 else None
        left_s = left / per_s if per_s else None
        return Progress(what="answers", done=tally.done, total=tally.rows, unit="rows", per_s=per_s, left_s=left_s)
