"""What the buttons of a job's row do."""

from __future__ import annotations

from queenlib import Queen
from queenlib_widgets.opening import Opening
from tests.client.outliving import until


def test_a_button_ends_a_job(queen: Queen) -> None:
    """*Cancel* does, for a job that is there; any other word does nothing."""
    opening = Opening(queen)
    done = queen.infer("x", model="sim:echo?text=hello")
    done.wait()
    queen.portal.soon(lambda: opening.obey("Cancel", "job-nowhere"))
    queen.portal.soon(lambda: opening.obey("Delete", done.id))
    long = queen.infer("x", model="sim:words?tokens=2000&tokens_per_s=100", max_tokens=2000)
    queen.portal.soon(lambda: opening.obey("Cancel", long.id))
    until(lambda: queen.sync.jobs.get(long.id).state == "cancelled")
    assert queen.sync.jobs.get(done.id).state == "succeeded"
