"""What the views of lists share."""

from __future__ import annotations

from pathlib import Path

from queenlib import Queen
from queenlib_widgets import JobTable
from tests.client.outliving import until


def test_a_list_follows_what_happens(queen: Queen) -> None:
    """What is new comes, what is deleted goes; closing the view ends no job, and lets go of the list."""
    view = JobTable(queen, tags="listing")
    until(lambda: view.jobs["caption"] == "0 jobs")
    job = queen.infer("x", model="sim:words?tokens=500&tokens_per_s=100", max_tokens=500, tags="listing")
    until(lambda: [row["actions"] for row in view.jobs["rows"]] == [["Show", "Cancel"]])
    view.close()
    assert view.resting.done()
    assert not queen.sync.jobs.get(job.id).state.ended
    queen.sync.jobs.cancel(job.id)
    other = JobTable(queen, tags="listing")
    until(lambda: [row["actions"] for row in other.jobs["rows"]] == [["Show"]])
    queen.sync.jobs.delete(job.id)
    until(lambda: other.jobs["rows"] == [])
    assert [table.caption for table in other.tables()] == ["0 jobs"]
    other.close()


def test_a_list_whose_queen_is_closed_stays(tmp_path: Path) -> None:
    """The last that was known is still shown."""
    queen = Queen(tmp_path)
    job = queen.infer("x", model="sim:echo?text=hi")
    job.wait()
    view = JobTable(queen)
    until(lambda: view.jobs["rows"])
    queen.close()
    assert view.jobs["rows"][0]["name"] == job.id
