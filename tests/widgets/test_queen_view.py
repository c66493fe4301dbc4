"""The view of a whole queen."""

from __future__ import annotations

from queenlib import Queen
from queenlib_widgets import QueenView
from tests.client.outliving import until


def test_hives_and_jobs_are_shown_together(queen: Queen) -> None:
    """Both lists are there, for the page and for the picture that is saved."""
    job = queen.infer("x", model="sim:echo?text=hi")
    job.wait()
    view = QueenView(queen)
    until(lambda: view.jobs["rows"] and view.hives["rows"])
    assert view.jobs["rows"][0]["name"] == job.id
    until(lambda: len(view.tables()) == 2)
    view.close()
