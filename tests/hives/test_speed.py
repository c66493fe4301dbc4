"""How many tokens a second a worker gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.hives.speed import NEEDED_S, WINDOW_S, Speed


@pytest.mark.parametrize(("per_s", "said"), [(4, 4.3), (50, 50), (2000, 2000)])
def test_a_steady_flow_has_its_rate(per_s: int, said: float) -> None:
    """Whatever it was before; nothing is said of a moment, nor of one who has given nothing for long."""
    speed = Speed()
    assert speed.per_s(100.0) is None
    for number in range(10 * per_s):
        speed.count(at := 100 + number / per_s)
        if at < 100 + NEEDED_S:
            assert speed.per_s(at) is None
    assert speed.per_s(at) == pytest.approx(said, rel=0.05)
    assert speed.per_s(at + 2 * WINDOW_S) is None


@given(st.lists(st.floats(0, 5), max_size=200), st.floats(0, 10))
def test_it_is_never_more_than_came(waits: list[float], later: float) -> None:
    """However irregularly they come."""
    speed, at = Speed(), 0.0
    for wait in waits:
        at += wait
        speed.count(at)
    rate = speed.per_s(at + later)
    assert rate is None or 0 <= rate <= len(waits) / NEEDED_S
