"""The view of a batch."""

from __future__ import annotations

import time

from queenlib import Job, Queen
from queenlib.messages.batch import BatchResult
from queenlib_widgets import BatchView

QUICK = "sim:words?tokens=3"


def batch(queen: Queen, rows: int, model: str = QUICK) -> Job[BatchResult]:
    """A batch whose second row cannot be asked."""
    cells = [None if i == 1 else f"text {i}" for i in range(rows)]
    return queen.infer_batch({"x": cells}, "{x}", model=model, max_tokens=3, cache="off")


def test_it_counts_the_rows(queen: Queen) -> None:
    """How many are done, and failed, with what went wrong; the latest come first."""
    view = BatchView(batch(queen, 20))
    view.following.result(60)
    done, failed, tokens = view.counts
    assert (done, failed) == ("20 of 20 rows", "1 failed")
    assert tokens.endswith("57 out")
    ((kind, count, said),) = view.failures
    assert (kind, count) == ("MissingCell", 1)
    assert "x" in said
    assert len(view.latest) == 8
    assert all(not row["failed"] and row["took"].endswith(" s") for row in view.latest)
    assert view.head["state"] == "succeeded"


def test_who_comes_late_sees_the_same(queen: Queen) -> None:
    """What was before it was opened is in the snapshot."""
    job = batch(queen, 20)
    first = BatchView(job)
    first.following.result(60)
    late = BatchView(queen.jobs.attach(job.id))
    late.following.result(60)
    assert (late.counts, late.latest) == (first.counts, first.latest)
    assert [(kind, count) for kind, count, _ in late.failures] == [("MissingCell", 1)]


def test_what_is_opened_halfway_goes_on(queen: Queen) -> None:
    """It counts on from what was there; cancelled by its page, it keeps what is done."""
    job = batch(queen, 300, "sim:words?tokens=3&tokens_per_s=50")
    for event in job:
        if event.type == "row" and event.data.i >= 20:
            break
    view = BatchView(job)
    while view.counts == [] or int(view.counts[0].split()[0]) < 40:
        time.sleep(0.01)
    assert 0 < view.share < 1
    assert view.counts[-1].endswith(" s left")
    view._hear(view, {"cancel": 1}, [])
    ended = view.following.result(60)
    assert ended.tally is not None
    assert 40 <= ended.tally.done < 300
    assert view.counts[0] == f"{ended.tally.done} of 300 rows"
    assert view.head["state"] == "cancelled"


def test_a_row_from_the_cache_says_so(queen: Queen) -> None:
    """And takes no tokens."""
    columns = {"x": ["a", "b"]}
    queen.infer_batch(columns, "cached {x}", model=QUICK).wait()
    view = BatchView(queen.infer_batch(columns, "cached {x}", model=QUICK))
    view.following.result(60)
    assert view.counts == ["2 of 2 rows", "2 from cache"]
    assert [row["took"] for row in view.latest] == ["from cache", "from cache"]
