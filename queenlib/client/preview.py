"""A look before one pays: a few real rows, and what the whole would take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from numbers import Number
from typing import TYPE_CHECKING, Any

from queenlib import tables

if TYPE_CHECKING:
    import pandas as pd

    from queenlib.client.framed import FrameJob
    from queenlib.messages.batch import BatchResult

QUESTION = "question"
"""The column of what was asked."""


@dataclass(frozen=True)
class Preview:
    """Some rows of a frame as they were asked and answered, and an estimate for all of them.

    The rows are answered for real, and are not asked again by the whole.
    """

    frame: pd.DataFrame
    """The rows: `question`, the new columns, and what each took."""
    rows: int
    """Rows of the whole."""
    cached: int
    """Of these, rows that have an answer already."""
    failed: int
    """Of these, rows that cannot be asked, because a cell is missing."""
    prompt_tokens: float
    """Tokens of the questions that are left, by the mean of the rows that were looked at; 0 where none was answered."""
    completion_tokens: float
    """Tokens of the answers that are left, alike."""
    seconds: float
    """How long it would take, with as many at once as there are slots for."""

    @property
    def to_run(self) -> int:
        """Rows that are left to be asked."""
        return self.rows - self.cached - self.failed

    def __str__(self) -> str:
        tokens = f"about {self.prompt_tokens:,.0f} tokens in and {self.completion_tokens:,.0f} out"
        counts = f"{self.rows:,} rows: {self.cached:,} from cache, {self.to_run:,} to run"
        bad = f", {self.failed:,} that cannot be asked" if self.failed else ""
        return f"{counts}{bad}; {tokens}, about {self.seconds:,.0f} s"

    def __repr__(self) -> str:
        return f"<Preview of {self}>\n{self.frame!r}"

    def _repr_html_(self) -> str:
        cells = [[_cell(each) for each in row] for row in self.frame.itertuples(index=False)]
        return tables.html(str(self), [str(name) for name in self.frame.columns], cells)


async def preview(sample: FrameJob, whole: BatchResult, questions: Sequence[str]) -> Preview:
    """What was seen of a few rows, and what follows from them for the whole.

    Args:
        sample: The rows that are asked for real.
        whole: A dry run of all of them.
        questions: What is asked of each row of the sample.
    """
    made = await sample
    made.insert(0, QUESTION if QUESTION not in made else f"row_{QUESTION}", list(questions))
    left = whole.rows - whole.done
    answered = [row for row in (await sample.rows()).values() if row.usage is not None]
    seconds = _mean(((row.ttft_ms or 0) + (row.decode_ms or 0)) / 1000 for row in answered)
    return Preview(
        frame=made,
        rows=whole.rows,
        cached=whole.cached,
        failed=whole.failed,
        prompt_tokens=left * _mean(row.usage.prompt_tokens for row in answered if row.usage),
        completion_tokens=left * _mean(row.usage.completion_tokens for row in answered if row.usage),
        seconds=left * seconds / max(1, whole.concurrency),
    )


def _mean(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return sum(found) / len(found) if found else 0.0


def _cell(value: Any) -> object:
    missing = value is None or str(value) == "<NA>" or (isinstance(value, float) and isnan(value))
    return None if missing else value if isinstance(value, Number) else str(value)
