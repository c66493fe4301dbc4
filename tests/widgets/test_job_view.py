"""The view of any job."""

from __future__ import annotations

from queenlib import Queen
from queenlib_widgets import JobView


def test_a_result_is_shown_field_by_field(queen: Queen) -> None:
    """What the job came to, as text."""
    view = JobView(queen.hives.get())
    view.following.result(60)
    assert ["id", "local"] in view.result
    assert view.head["state"] == "succeeded"
    assert view.error == []


def test_an_error_is_shown_in_its_four_parts(queen: Queen) -> None:
    """What, why, in what state, and what next."""
    view = JobView(queen.hives.get("nowhere"))
    view.following.result(60)
    assert [name for name, _ in view.error] == ["what", "why", "state", "next"]
    assert "nowhere" in view.error[0][1]
    assert view.result == []
