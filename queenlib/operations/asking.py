"""A question of a batch, from a slot to the row that it becomes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from queenlib.engines.engine import Finished, Generation
from queenlib.errors import InvalidAnswer, QueenError, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.hives.slots import Urgency
from queenlib.messages.answer import FinishReason
from queenlib.messages.base import plain
from queenlib.messages.events import Body, Problem
from queenlib.messages.json_schema import misfit
from queenlib.messages.row import RowData
from queenlib.operations.answering import Answer
from queenlib.operations.choosing import probabilities

ATTEMPTS = 3
"""So often a row is asked whose worker dies under it, stalls, or does not speak its protocol."""
CUT_OFF = (WorkerDied, WorkerProtocol, WorkerStalled)


def failed(i: int, error: QueenError, **known: Any) -> RowData:
    """The row that an error makes."""
    return RowData(i=i, error=Problem.model_validate(plain(error.problem())), **known)


@dataclass(frozen=True)
class Beside:
    """What a row is to tell beside its answer."""

    pieces: bool = False
    """When each piece came."""
    choices: tuple[str, ...] = ()
    """How likely each of these was."""


async def ask(
    i: int, generation: Generation, hives: HiveCatalog, hive_id: str, wish: Wish, beside: Beside = Beside()
) -> AsyncGenerator[Body | Held | RowData]:
    """Yields what is waited for, each slot that is held, and last the row: its answer, or why there is none.

    Raises:
        QueenError: No slot can be had; that is no matter of this row.
    """
    for attempt in range(1, ATTEMPTS + 1):
        answer = Answer()
        async with aclosing(hives.hold(hive_id, wish, Urgency.BATCH)) as steps:
            async for step in steps:
                yield step
                if not isinstance(step, Held):
                    continue
                known: dict[str, Any] = {"attempts": attempt, "hive_id": step.hive.id, "worker_id": step.worker.id}
                try:
                    async with aclosing(step.generate(generation)) as items:
                        async for item in items:
                            answer.add(item)
                    if beside.choices and not answer.text("reasoning"):
                        known["probabilities"] = await probabilities(step, generation, beside.choices)
                except CUT_OFF as error:
                    said = {"text": answer.text(), "reasoning": answer.text("reasoning")}
                    row = failed(i, error, **said, **(answer.pieces() if beside.pieces else {}), **known)
                    break
                except QueenError as error:
                    yield failed(i, error, **known)
                    return
                known |= answer.pieces() if beside.pieces else {}
                yield _row(i, answer, generation.sampling.json_schema, known)
                return
    yield row


def _row(i: int, answer: Answer, schema: dict[str, Any] | None, known: dict[str, Any]) -> RowData:
    finished = answer.finished
    assert isinstance(finished, Finished)
    parsed = answer.parsed(schema)
    error = None if schema is None else _fault(finished, parsed, schema)
    return RowData(
        i=i,
        text=answer.text(),
        reasoning=answer.text("reasoning"),
        parsed=None if error else parsed,
        finish_reason=finished.reason,
        error=None if error is None else Problem.model_validate(plain(error.problem())),
        usage=finished.usage,
        ttft_ms=answer.ttft_ms,
        decode_ms=answer.decode_ms,
        tokens_per_s=answer.tokens_per_s,
        **known,
    )


def _fault(finished: Finished, parsed: Any, schema: dict[str, Any]) -> InvalidAnswer | None:
    """What is wrong with an answer that should be of a schema, if something is."""
    if finished.reason is FinishReason.LENGTH and parsed is None:
        count = finished.usage.completion_tokens
        return InvalidAnswer(
            f"The answer was cut off after {count:,} tokens.",
            why="It came to max_tokens, or to the end of the context, before it was whole.",
            state="What there is of it is in the column text.",
            next=f"Ask the rows that failed again with more: max_tokens={2 * count}",
        )
    if not (said := misfit(parsed, schema)):
        return None
    return InvalidAnswer(
        f"The answer is not of its schema: {said}",
        why="The engine's grammar does not see to all that a schema may say.",
        state="It is in the column text as it is.",
        next="Ask the rows that failed again, or say in the prompt what the field is for.",
    )
