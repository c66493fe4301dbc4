"""What has become of the rows of a batch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.answer import Usage
from queenlib.messages.events import Problem
from queenlib.messages.row import RowData
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
