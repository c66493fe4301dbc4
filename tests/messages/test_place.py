"""Places in logs."""

from __future__ import annotations

import math

import pytest

from queenlib.errors import InvalidRequest
from queenlib.messages.place import MANY, Place, check_every, not_followed


def test_a_place_begins_before_the_first_event() -> None:
    """Where nothing else is said."""
    assert Place("job-a") == ("job-a", 0, None)


def test_what_cannot_be_followed_is_told_in_four_parts() -> None:
    """With how many there may be."""
    error = not_followed(0)
    assert all((error.what, error.why or error.state, error.next))
    assert str(MANY) in error.what


def test_what_comes_together_comes_within_a_second() -> None:
    """From none to one, and no other number."""
    for seconds in (0, 0.0, 0.08, 1):
        check_every(seconds)
    for seconds in (-0.001, 1.001, math.inf, math.nan):
        with pytest.raises(InvalidRequest, match="every_s") as refused:
            check_every(seconds)
        assert all((refused.value.why, refused.value.state, refused.value.next))
