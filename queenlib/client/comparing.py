"""What a queen can compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queenlib.client.comparison import Comparison, answers_of, batch_of
from queenlib.client.framed import FrameJob
from queenlib.client.inferring import Inferring
from queenlib.client.job import Job
from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.batch import BatchResult

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
            sides: The models, at least two; or two batches or more, of as many rows each.
            prompts: What every model is asked, a job each: up to 32. None for batches.
            names: What the sides are called; by default by their models.
            parameters: What else `infer` takes, the same for all.

        Returns:
            The comparison: at the end of a cell it shows the answers as they come; `await` gives a DataFrame.

        Raises:
            InvalidRequest: These are not two models with prompts, or two batches.
            Conflict: The batches are not of as many rows.
            InvalidOperation: A parameter does not fit.
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
        rows = [[self.infer(prompt, model=model, **parameters) for model in models] for prompt in asked]
        called = _distinct(names or models)
        return Comparison(
            [answers_of(name, [row[at] for row in rows]) for at, name in enumerate(called)], asked, labels(asked, "prompt")
        )

    def _batches(self, batches: Sequence[FrameJob | Job[BatchResult]], names: Sequence[str]) -> Comparison:
        from queenlib.columns.compared import labels

        records = [(each.job if isinstance(each, FrameJob) else each).record for each in batches]
        counts = [int(record.request.get("rows") or 0) for record in records]
        framed = next((each.index for each in batches if isinstance(each, FrameJob)), None)
        index = labels(range(counts[0]), "row") if framed is None else framed
        counts = [
            len(each.index) if isinstance(each, FrameJob) else count for each, count in zip(batches, counts, strict=True)
        ]
        if len(set(counts)) > 1:
            raise Conflict(
                f"The batches have {', '.join(f'{count:,}' for count in counts)} rows.",
                why="They are compared row by row, by the numbers of the rows.",
                state="Nothing was done.",
                next="Compare batches about the same rows.",
            )
        called = _distinct(names or [str(record.request.get("model") or record.id) for record in records])
        return Comparison([batch_of(name, each) for name, each in zip(called, batches, strict=True)], (), index)


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
