"""What has become of the rows of a batch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.answer import Usage
from queenlib.messages.events import Problem
from queenlib.messages.row import RowData
from queenlib.messages.vectors import VectorsData
from queenlib.operations.tally import Tallying

USAGE = Usage(prompt_tokens=3, cached_tokens=1, completion_tokens=2)
PROBLEM = Problem(kind="WorkerDied", what="it died")
ROWS = st.builds(
    RowData,
    i=st.integers(0, 9),
    error=st.sampled_from([None, PROBLEM]),
    usage=st.sampled_from([None, USAGE]),
    cached=st.booleans(),
)


@given(st.lists(ROWS))
def test_each_row_counts_once(rows: list[RowData]) -> None:
    """The first of each number; tokens of those alone that were asked."""
    tallying = Tallying(10)
    taken = [row for row in rows if tallying.take(row)]
    assert [row.i for row in taken] == list(dict.fromkeys(row.i for row in rows))
    tally = tallying.so_far
    assert (tally.rows, tally.done, tallying.left) == (10, len(taken), 10 - len(taken))
    assert tally.failed == sum(tally.failures.values()) == sum(row.error is not None for row in taken)
    assert tally.cached == sum(row.cached for row in taken)
    asked = [row for row in taken if row.usage and not row.cached]
    assert tally.usage.prompt_tokens == 3 * len(asked)
    assert tally.usage.completion_tokens == 2 * len(asked)


def test_vectors_count_as_rows() -> None:
    """Many at once; those that failed by the class of their error; what had its vector before is no news."""
    tallying = Tallying(5)
    assert tallying.take(VectorsData(rows=(3, 0), dimensions=7, data="", prompt_tokens=9))
    assert not tallying.take(VectorsData(rows=(0, 3), dimensions=7, data="", prompt_tokens=9))
    assert tallying.take(VectorsData(rows=(1,), error=PROBLEM))
    tally = tallying.so_far
    assert (tally.done, tally.failed, tally.failures) == (3, 1, {"WorkerDied": 1})
    assert (tallying.dimensions, tallying.left, tally.usage.prompt_tokens) == (7, 2, 9)
