"""How long rows took."""

from __future__ import annotations

import pytest

from queenlib import plots
from tests.charts.making import drawable, row


def test_each_time_stands_at_its_part_of_the_rows() -> None:
    """Half of the rows took no longer than the shorter of two; the legend has the percentiles of both times."""
    made = plots.latency(drawable(row(0, 9, ttft_ms=100, decode_ms=300), row(1, 9, ttft_ms=200, decode_ms=600)))
    first, whole = (line for line in made.lines if not str(line.get_label()).startswith("_"))
    assert first.get_xdata().tolist() == pytest.approx([100, 100, 200])
    assert whole.get_xdata().tolist() == pytest.approx([400, 400, 800])
    assert first.get_ydata().tolist() == whole.get_ydata().tolist() == [0, 0.5, 1]
    assert [text.get_text() for text in made.get_legend().get_texts()] == [
        "first token (p50 150, p90 190, p99 199 ms)",
        "whole answer (p50 600, p90 760, p99 796 ms)",
    ]
    assert first.get_linestyle() != whole.get_linestyle()
    assert made.get_xscale() == "linear"


def test_times_that_lie_far_apart_are_all_seen() -> None:
    """On a logarithmic scale, unless one of them is none at all."""
    assert plots.latency(drawable(row(0, 9, ttft_ms=1, decode_ms=500))).get_xscale() == "log"
    assert plots.latency(drawable(row(0, 9, ttft_ms=0, decode_ms=500))).get_xscale() == "linear"
