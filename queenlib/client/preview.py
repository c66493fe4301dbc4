"""A look before one pays: a few real rows, and what the whole would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from math import isnan
from numbers import Number
from typing import TYPE_CHECKING, Any

from queenlib import tables
from queenlib.errors import InvalidRequest

if TYPE_CHECKING:
    import pandas as pd

    from queenlib.client.framed import FrameJob, Question
    from queenlib.messages.batch import BatchResult

QUESTION = "question"
"""The column of what was asked."""
SHOWN = 300
"""So much of a text is shown in a notebook, in characters; the frame has all of it."""


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
    prompt_tokens: float | None
    """Tokens of the questions that are left, by the mean of the rows that were looked at; `None` where none was answered."""
    completion_tokens: float | None
    """Tokens of the answers that are left, alike."""
    seconds: float | None
    """How long it would take, with as many at once as there are slots for; alike."""

    @property
    def to_run(self) -> int:
        """Rows that are left to be asked."""
        return self.rows - self.cached - self.failed

    def __str__(self) -> str:
        counts = f"{self.rows:,} rows: {self.cached:,} from cache, {self.to_run:,} to run"
        bad = f", {self.failed:,} that cannot be asked" if self.failed else ""
        return f"{counts}{bad}; {self._estimate}"

    @property
    def _estimate(self) -> str:
        if self.prompt_tokens is None or self.completion_tokens is None or self.seconds is None:
            return "tokens and time are not known: no row that was looked at was answered"
        tokens = f"about {self.prompt_tokens:,.0f} tokens in and {self.completion_tokens:,.0f} out"
        return f"{tokens}, about {self.seconds:,.0f} s"

    def __repr__(self) -> str:
        return f"<Preview of {self}>\n{self.frame!r}"

    def _repr_html_(self) -> str:
        cells = [[_cell(each) for each in row] for row in self.frame.itertuples(index=False)]
        return tables.html(str(self), [str(name) for name in self.frame.columns], cells)


def looked_at(frame: pd.DataFrame, prompt: Question, n: int, system: Any = None) -> list[int]:
    """The numbers of the rows to look at, in their order.

    Those are the first `n` that can be asked; where there are not so many, the first ones that cannot make up the number.

    Args:
        frame: Which.
        prompt: What is asked; where it is a function, it is called for the rows up to the last of these at least.
        n: How many.
        system: What the model is told before all else; a template too.

    Raises:
        InvalidRequest: There would be none; or as `queenlib.columns.cells.questions`.
    """
    from queenlib.columns.cells import check_frame, questions

    if n < 1:
        raise InvalidRequest(
            f"A look at {n:,} rows is none.",
            why="What the whole takes is reckoned from rows that are asked for real.",
            state="Nothing was asked.",
            next="Look at one at least: n=1",
        )
    check_frame(frame)
    seen, good = 0, list[int]()
    while len(good) < n and seen < len(frame):
        seen = min(len(frame), max(n, 4 * seen))  # from the first row again: what is raised has the row's number
        _, columns = questions(frame.iloc[:seen], prompt, system)
        good = [i for i in range(seen) if all(cells[i] is not None for cells in columns.values())]
    bad = sorted(set(range(seen)) - set(good))
    return sorted((good + bad)[:n])


def of_rows(given: Mapping[str, Any], rows: Sequence[int], count: int) -> dict[str, Any]:
    """What is given beside the prompt, for some rows alone.

    Args:
        given: As for `Queen.infer_frame`.
        rows: Their numbers.
        count: How many there are in all.

    Raises:
        InvalidRequest: What differs from row to row is not there for each.
    """
    by_row = given.get("by_row")
    if not isinstance(by_row, Mapping):
        return dict(given)
    return {**given, "by_row": {name: _picked(name, values, rows, count) for name, values in by_row.items()}}


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
    slots = max(1, whole.concurrency)
    return Preview(
        frame=made,
        rows=whole.rows,
        cached=whole.cached,
        failed=whole.failed,
        prompt_tokens=_reckoned(left, [row.usage.prompt_tokens for row in answered if row.usage]),
        completion_tokens=_reckoned(left, [row.usage.completion_tokens for row in answered if row.usage]),
        seconds=_reckoned(left, [((row.ttft_ms or 0) + (row.decode_ms or 0)) / 1000 / slots for row in answered]),
    )


def _reckoned(left: int, found: Sequence[float]) -> float | None:
    if not left:
        return 0.0
    return left * sum(found) / len(found) if found else None


def _picked(name: str, values: Any, rows: Iterable[int], count: int) -> Any:
    if isinstance(values, str) or not isinstance(values, Sized) or not isinstance(values, Iterable):
        return values  # whoever reads the operation says what is wrong with it
    found = list(values)
    if len(found) != count:
        raise InvalidRequest(
            f"by_row has {len(found):,} values of {name!r}, and the frame has {count:,} rows.",
            why="Each row has one of its own; None stands for that of the batch.",
            state="Nothing was asked.",
            next=f"Give as many, such as a column of the frame: by_row={{{name!r}: df[{name!r}]}}",
        )
    return [found[i] for i in rows]


def _cell(value: Any) -> object:
    missing = value is None or str(value) == "<NA>" or (isinstance(value, float) and isnan(value))
    return None if missing else value if isinstance(value, Number) else _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({tables.counted(len(text), 'character')})"
