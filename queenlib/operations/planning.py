"""What of a batch has to be asked: what has an answer already, or cannot be asked, is told at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from queenlib.errors import MissingCell
from queenlib.messages.batch import InferBatch
from queenlib.messages.row import RowData
from queenlib.operations.asking import failed
from queenlib.operations.questions import Asked, Questions
from queenlib.operations.tally import Tallying

Find = Callable[[Collection[str]], Awaitable[Mapping[str, RowData]]]
"""Gives the answers that are there to some keys."""
AT_ONCE = 1000
"""Keys that are looked for at once."""


@dataclass(frozen=True)
class Planned:
    """One question that is to be asked."""

    key: str
    rows: tuple[int, ...]
    """The rows that have it: one, or several where equal ones are asked once."""


async def plan(
    operation: InferBatch, questions: Questions, asked: Asked, tally: Tallying, find: Find
) -> AsyncGenerator[RowData | Planned]:
    """Yields the rows that need not or cannot be asked, and what is to be asked, in the order of the rows.

    Args:
        operation: The batch.
        questions: Its questions.
        asked: Who is asked.
        tally: What had ended before; what ends here is noted in it.
        find: Gives the answers that are there already.
    """
    groups = _groups(questions, asked, tally)
    while part := list(islice(groups, AT_ONCE)):
        found = await find([each.key for each in part if each.key]) if operation.cache == "read" else {}
        for each in part:
            row = found.get(each.key)
            if each.key and row is None:
                yield each
                continue
            for i in each.rows:
                ended = _unanswerable(questions, i) if row is None else _again(i, row)
                tally.take(ended)
                yield ended


def _groups(questions: Questions, asked: Asked, tally: Tallying) -> Iterator[Planned]:
    keys = ((i, key) for i, key in enumerate(questions.keys(asked)) if i not in tally.done)
    if not questions.equal_alike:
        for i, key in keys:
            yield Planned(key, (i,))
        return
    groups: dict[str, list[int]] = {}
    for i, key in keys:
        groups.setdefault(key, []).append(i)
    for key, rows in groups.items():
        yield Planned(key, tuple(rows))


def _unanswerable(questions: Questions, i: int) -> RowData:
    try:
        questions.generation(i)
    except MissingCell as error:
        return failed(i, error, attempts=0)
    raise AssertionError(f"row {i} has no key, and can be asked")


def _again(i: int, row: RowData) -> RowData:
    return row.model_copy(update={"i": i, "cached": True, "attempts": 0})
