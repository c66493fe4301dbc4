"""What a queen can compare."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from queenlib.client.asking import check_interrupt, infer_operation
from queenlib.client.comparison import Comparison, answers_of, batch_of
from queenlib.client.framed import FrameJob
from queenlib.client.inferring import Inferring
from queenlib.client.job import Job
from queenlib.display.interrupt import asked_for
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest, QueenError
from queenlib.messages.base import Operation
from queenlib.messages.batch import BatchResult
from queenlib.messages.infer import InferResult
from queenlib.messages.parse import parse_terms

if TYPE_CHECKING:
    import pandas as pd

MOST = 32
"""Prompts that are asked of each model, a job each."""

Compared = str | FrameJob | Job[BatchResult]
"""A model, or a batch."""


class Comparing(Inferring):
    """Asks several models the same."""

    def compare(
        self,
        *sides: Compared,
        prompts: Sequence[str] | str = (),
        names: Sequence[str] = (),
        **parameters: Any,
    ) -> Comparison:
        """Ask several models the same prompts, and watch the answers side by side; or compare batches, row by row.

        Args:
            sides: The models, at least two; or two batches or more, about the same rows.
            prompts: What every model is asked, a job each: up to 32. None for batches.
            names: What the sides are called; by default by their models.
            parameters: What else `infer` takes, the same for all; but no `key`, for the jobs are several.

        Returns:
            The comparison: at the end of a cell it shows the answers as they come; `await` gives a DataFrame.

        Raises:
            InvalidRequest: These are not two models with prompts, or two batches.
            Conflict: The batches are not of as many rows, or of frames with other indexes, or a job is no batch.
            InvalidOperation: A prompt or a parameter does not fit; no job was made.
        """
        from queenlib.columns.compared import labels

        models = [each for each in sides if isinstance(each, str)]
        asked = [prompts] if isinstance(prompts, str) else list(prompts)
        if len(sides) < 2 or (names and len(names) != len(sides)) or bool(models) != bool(asked) or len(asked) > MOST:
            raise _no_comparison(f"{len(sides)} to compare, {len(asked)} prompts, {len(names)} names")
        if not models:
            return self._batches([each for each in sides if not isinstance(each, str)], names)
        if len(models) < len(sides):
            raise _no_comparison("a model is not compared with a batch")
        rows = self._ask(asked, models, **parameters)
        called = _distinct(names or models)
        return Comparison(
            [answers_of(name, [row[at] for row in rows]) for at, name in enumerate(called)], asked, labels(asked, "prompt")
        )

    def _ask(
        self,
        prompts: Sequence[str],
        models: Sequence[str],
        /,
        *,
        retry: int = 0,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
        on_interrupt: Literal["cancel", "detach"] = "cancel",
        **parameters: Any,
    ) -> list[list[Job[InferResult]]]:
        """For each prompt a job of each model; none is made before all fit."""
        check_interrupt(on_interrupt)
        terms = parse_terms("now", None, retry, tags, timeout)
        operations, made = list[Operation](), list[Job[InferResult]]()
        for at, prompt in enumerate(prompts, 1):
            with _naming(at, len(prompts)):
                operations += [self._question(prompt, model, **parameters) for model in models]
        for operation in operations:
            with _counting(made):
                made.append(self._caller.call(operation, InferResult, terms))
            if on_interrupt == "cancel":
                asked_for(made[-1])
        return [made[at : at + len(models)] for at in range(0, len(made), len(models))]

    def _question(
        self, prompt: str, model: str, hive: str | None = None, worker: str | None = None, **parameters: Any
    ) -> Operation:
        return infer_operation(prompt, self._defaults, {"model": model, "hive_id": hive, "worker_id": worker}, parameters)

    def _batches(self, batches: Sequence[FrameJob | Job[BatchResult]], names: Sequence[str]) -> Comparison:
        from queenlib.columns.compared import labels

        records = [_batch(each).record for each in batches]
        counts = [
            len(each.index) if isinstance(each, FrameJob) else int(record.request.get("rows") or 0)
            for each, record in zip(batches, records, strict=True)
        ]
        if len(set(counts)) > 1:
            raise Conflict(
                f"The batches have {', '.join(f'{count:,}' for count in counts)} rows.",
                why="They are compared row by row, by the numbers of the rows.",
                state="Nothing was done.",
                next="Compare batches about the same rows.",
            )
        framed = [each.index for each in batches if isinstance(each, FrameJob)] or [labels(range(counts[0]), "row")]
        for other in framed[1:]:
            _check_labels(framed[0], other)
        called = _distinct(names or [str(record.request.get("model") or record.id) for record in records])
        return Comparison([batch_of(name, each) for name, each in zip(called, batches, strict=True)], (), framed[0])


@contextmanager
def _naming(at: int, count: int) -> Iterator[None]:
    """What is wrong with a prompt is said with its number."""
    try:
        yield
    except InvalidOperation as error:
        if any(each["field"].split(".")[0] in ("prompt", "messages", "(payload)") for each in error.problems):
            error.what = f"Prompt {at:,} of {count:,} cannot be asked: {error.what}"
        raise


@contextmanager
def _counting(made: Sequence[Job[Any]]) -> Iterator[None]:
    """That a job was not made says nothing of those before it."""
    try:
        yield
    except QueenError as error:
        if made:
            error.state = f"{error.state} Jobs of this comparison made before it: {len(made):,}; they go on.".lstrip()
        raise


def _batch(given: Any) -> Job[Any]:
    """The job of a batch.

    Raises:
        InvalidRequest: It is none.
        Conflict: It is another job.
    """
    job = given.job if isinstance(given, FrameJob) else given
    if not isinstance(job, Job):
        raise _no_comparison(f"what is of type {type(given).__name__} is neither a model nor a batch")
    if job.operation != "infer_batch":
        raise Conflict(
            f"{job.id} cannot be compared: it is a job of {job.operation}.",
            why="Batches are compared row by row, and only a job of infer_batch has rows.",
            state="Nothing was done.",
            next="Compare what infer_batch or infer_frame gave, or models: queen.compare('a', 'b', prompts=['…'])",
        )
    return job


def _check_labels(one: pd.Index[Any], other: pd.Index[Any]) -> None:
    """See to it that the rows of two frames, of as many, are called alike.

    Raises:
        Conflict: They are not.
    """
    if one.equals(other):
        return
    at = bisect_left(range(1, len(one)), True, key=lambda count: not one[:count].equals(other[:count]))
    first, second = (index[at : at + 1].tolist()[0] for index in (one, other))
    raise Conflict(
        f"The frames that the batches ask about have other indexes: row {at:,} is {first!r} in one, {second!r} in another.",
        why="They are compared row by row, by the numbers of the rows.",
        state="Nothing was done.",
        next="Ask about other.reindex(frame.index); or compare by the numbers of the rows: queen.compare(a.job, b.job)",
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, with a number where one is there already."""
    found = list[str]()
    for name in names:
        at = names[: len(found)].count(name) + 1
        found.append(name if at == 1 else f"{name} ({at})")
    return found


def _no_comparison(why: str) -> InvalidRequest:
    return InvalidRequest(
        "This cannot be compared.",
        why=f"{why[0].upper()}{why[1:]}. It takes two models or more and up to {MOST} prompts, or two batches or more.",
        state="Nothing was done.",
        next="For example: queen.compare('a', 'b', prompts=['Why is honey sweet?']); for more, compare a batch of each.",
    )
