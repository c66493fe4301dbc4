"""The view of the jobs."""

from __future__ import annotations

from queenlib import Queen
from queenlib_widgets import JobTable
from tests.client.outliving import until


def test_filters_choose_the_jobs(queen: Queen) -> None:
    """The newest come first, and only those that were wanted."""
    first, second, other = (queen.infer("x", model="sim:echo?text=hi", tags=tag) for tag in ("mine", "mine", "theirs"))
    for job in (first, second, other):
        job.wait()
    view = JobTable(queen, tags="mine", limit=10)
    until(lambda: len(view.jobs["rows"]) == 2)
    assert [row["name"] for row in view.jobs["rows"]] == [second.id, first.id]
    view.close()
