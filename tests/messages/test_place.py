"""Places in logs."""

from __future__ import annotations

from queenlib.messages.place import MANY, Place, not_followed


def test_a_place_begins_before_the_first_event() -> None:
    """Where nothing else is said."""
    assert Place("job-a") == ("job-a", 0, None)


def test_what_cannot_be_followed_is_told_in_four_parts() -> None:
    """With how many there may be."""
    error = not_followed(0)
    assert all((error.what, error.why or error.state, error.next))
    assert str(MANY) in error.what
