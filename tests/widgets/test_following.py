"""What the views of one job share."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from queenlib import Queen, QueenError
from queenlib_widgets import InferStream, JobView
from tests.client.outliving import until


def test_steps_and_lines_are_told(queen: Queen) -> None:
    """A worker that is loaded shows how far it is, with a share where the total is known."""
    view = JobView(queen.workers.spawn("sim:words?load_s=0.6"))
    seen = []
    view.observe(lambda change: seen.extend(change["new"]), "progress")
    view.following.result(60)
    assert seen
    assert all(each["share"] is None or 0 <= each["share"] <= 1 for each in seen)
    assert view.lines
    assert view.earlier == 0


def test_only_the_queens_thread_changes_a_view(queen: Queen) -> None:
    """Traits have no locks, so that one thread writes them all; it is the queen's own."""
    view = InferStream(queen.infer("x", model="sim:words?tokens=40&tokens_per_s=200", max_tokens=40))
    threads = set()
    view.observe(lambda _: threads.add(threading.current_thread().name))
    view._hear(view, {"from": [0, 0]}, [])
    view.following.result(60)
    assert threads == {"queenlib"}


def test_finished_views_leave_no_thread_behind(queen: Queen) -> None:
    """Whatever number of views is made and finished, there are no more threads than before."""
    job = queen.infer("x", model="sim:echo?text=hi")
    job.wait()
    before = threading.active_count()
    for _ in range(40):
        view = InferStream(job)
        view.following.result(60)
        view.close()
    assert threading.active_count() <= before


def test_a_view_whose_queen_is_gone_says_so(tmp_path: Path) -> None:
    """What it cannot follow any more is said in the view, and raised to who waits for it."""
    queen = Queen(tmp_path)
    job = queen.infer("x", model="sim:echo?text=hi")
    job.wait()
    queen.jobs.portal.wait(queen.jobs.delete(job.id))
    view = InferStream(job)
    with pytest.raises(QueenError):
        view.following.result(60)
    until(lambda: view.error)
    assert job.id in view.error[0][1]
    queen.close()
