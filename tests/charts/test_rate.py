"""How fast a batch generated."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import StepPatch

from queenlib import plots
from queenlib.charts.rate import STEPS
from tests.charts.making import drawable, row

LENGTHS = st.sampled_from([0.0, 1.0, 30.0, 4000.0])
ROWS = st.lists(st.tuples(st.floats(0, 100), LENGTHS, LENGTHS, st.integers(0, 50)), min_size=1, max_size=8)


def steps(*rows: tuple[float, float, float, int]) -> tuple[list[float], list[float]]:
    """The speeds that are drawn, and where each begins and ends; of rows by end, first token, decoding and tokens."""
    events = [row(i, end, ttft_ms=first, decode_ms=then, tokens=n) for i, (end, first, then, n) in enumerate(rows)]
    (made,) = (each for each in plots.rate(drawable(*events)).patches if isinstance(each, StepPatch))
    values, edges, _ = made.get_data()
    return list(values), list(edges)


def test_rows_at_the_same_time_add_up() -> None:
    """Two rows of 10 tokens in a second each make 20 a second; before the first token there are none."""
    speeds, edges = steps((2, 1000, 1000, 10), (2, 1000, 1000, 10))
    assert len(speeds) == STEPS
    assert edges[-1] == pytest.approx(2)
    assert speeds[: STEPS // 2] == pytest.approx([0] * (STEPS // 2), abs=1e-3)
    assert speeds[STEPS // 2 :] == pytest.approx([20] * (STEPS // 2))


@settings(deadline=None, max_examples=30)
@given(ROWS)
def test_no_token_is_lost(rows: list[tuple[float, float, float, int]]) -> None:
    """The area under the steps is the number of tokens, however long the rows took."""
    speeds, edges = steps(*rows)
    area = sum(speed * edges[-1] / STEPS for speed in speeds)
    assert area == pytest.approx(sum(tokens for *_, tokens in rows), rel=1e-6, abs=1e-6)
    assert min(speeds) >= 0
