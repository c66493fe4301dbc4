"""What of a batch has to be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.batch import InferBatch
from queenlib.messages.model import ModelUsed
from queenlib.messages.row import RowData
from queenlib.operations.planning import Planned, plan
from queenlib.operations.questions import Asked, Questions
from queenlib.operations.tally import Tallying

ASKED = Asked(ModelUsed(name="sim:echo"), "simulated 1")


async def planned(operation: InferBatch, known: Collection[int], tally: Tallying) -> list[RowData | Planned]:
    """What comes of it where some rows have an answer already."""
    questions = Questions(operation)
    keys = list(questions.keys(ASKED))
    answers = {keys[i]: RowData(i=99, key=keys[i], text=f"answer {i}") for i in known if keys[i]}

    async def find(wanted: Collection[str]) -> Mapping[str, RowData]:
        return {key: answers[key] for key in wanted if key in answers}

    return [each async for each in plan(operation, questions, ASKED, tally, find)]


def batch(*cells: str | None, **more: Any) -> InferBatch:
    """A batch about one column."""
    return InferBatch(prompt="Say {a}", columns={"a": cells}, **more)


@given(st.data())
async def test_each_row_is_planned_or_told_once(data: st.DataObject) -> None:
    """Those that had ended before are neither; those without a cell are told as errors, those with an answer as that."""
    cells = data.draw(st.lists(st.none() | st.sampled_from("abc"), max_size=10))
    numbers = st.sets(st.integers(0, 9).filter(lambda i: i < len(cells))) if cells else st.just(set[int]())
    known, ended = data.draw(numbers), data.draw(numbers)
    operation = batch(*cells, dedupe=data.draw(st.booleans()))
    tally = Tallying(len(cells))
    for i in ended:
        tally.take(RowData(i=i))
    found = await planned(operation, known, tally)
    told = [each for each in found if isinstance(each, RowData)]
    asked = [i for each in found if isinstance(each, Planned) for i in each.rows]
    assert sorted([*asked, *(row.i for row in told), *ended]) == list(range(len(cells)))
    assert tally.done == {row.i for row in told} | ended
    for row in told:
        assert (row.error is not None) == (cells[row.i] is None)
        assert row.cached == (cells[row.i] is not None)
        assert row.attempts == 0


async def test_where_the_cache_is_not_read_all_is_asked() -> None:
    """Though there are answers."""
    for cache in ("refresh", "off"):
        found = await planned(batch("a", "b", cache=cache), {0, 1}, Tallying(2))
        assert [each.rows for each in found if isinstance(each, Planned)] == [(0,), (1,)]


async def test_equal_rows_are_one_question_where_they_answer_alike() -> None:
    """In the order of the first of them."""
    found = await planned(batch("a", "b", "a", "a", temperature=0.0), {1}, Tallying(4))
    assert [each.rows for each in found if isinstance(each, Planned)] == [(0, 2, 3)]
    assert [each.i for each in found if isinstance(each, RowData)] == [1]
