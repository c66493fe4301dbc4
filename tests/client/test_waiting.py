"""What may be said of a wait, and of where a log is read from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from queenlib.client.waiting import check_reading, check_timeout, not_ended
from queenlib.errors import InvalidRequest
from tests.display.making import snapshot


@pytest.mark.parametrize("said", ["x", "5", float("nan"), [1], Decimal(1), b"1"])
def test_a_time_to_wait_is_a_number(said: Any) -> None:
    """Anything else is refused, and the error shows it and says what it has to be."""
    with pytest.raises(InvalidRequest, match="timeout is ") as caught:
        check_timeout(said)
    assert repr(said) in caught.value.what
    assert all((caught.value.why, caught.value.state, caught.value.next))


@pytest.mark.parametrize("said", [None, 0, -1.5, 3, np.float32(2), np.int64(2), float("inf")])
def test_all_numbers_are_times(said: Any) -> None:
    """Also those of NumPy, and times that are over."""
    check_timeout(said)


@pytest.mark.parametrize("said", ["x", "5", 1.0, None, [1]])
def test_an_event_is_named_by_a_whole_number(said: Any) -> None:
    """What is none is refused, and the error shows it and says what it has to be."""
    with pytest.raises(InvalidRequest, match="after is ") as caught:
        check_reading(said)
    assert repr(said) in caught.value.what
    assert all((caught.value.why, caught.value.state, caught.value.next))
    check_reading(3, 0.1)
    check_reading(np.int64(3))  # type: ignore[arg-type]


def test_what_is_long_is_cut() -> None:
    """What somebody passed by mistake does not fill the screen."""
    for check in (check_timeout, check_reading):
        with pytest.raises(InvalidRequest) as caught:
            check("x" * 10_000)  # type: ignore[arg-type]
        assert len(caught.value.what) < 120


def test_a_wait_that_was_too_short_says_all() -> None:
    """What, why, state and next; and it is a `TimeoutError`."""
    error = not_ended(snapshot().job, 1.5)
    assert isinstance(error, TimeoutError)
    assert all((error.why, error.state, error.next))
    assert error.what.endswith("has not ended after 1.5 s.")
