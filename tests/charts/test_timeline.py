"""Which worker was busy with which row."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from queenlib import plots
from queenlib.charts.timeline import MANY
from tests.charts.making import FAILED, drawable, row


def bars(made: Axes) -> list[tuple[float, float, float, str | None]]:
    """Each bar: where it begins and ends, its lane, and its hatch."""
    found = list[tuple[float, float, float, Any]]()
    for each in made.collections:
        assert isinstance(each, PolyCollection)
        for path in each.get_paths():
            box = path.get_extents()
            found.append((round(box.x0, 3), round(box.x1, 3), round((box.y0 + box.y1) / 2, 3), each.get_hatch()))
    return sorted(found, key=lambda bar: (bar[2], bar[0]))


def test_rows_stand_on_the_worker_that_answered_them() -> None:
    """Those at the same time on lanes of their own, each with its wait for the first token."""
    made = plots.timeline(drawable(row(0, 1), row(1, 1.5), row(2, 2.01), row(3, 1, worker_id="worker-b", error=FAILED)))
    assert bars(made) == [
        (0, 0.1, 0, "////"), (0.1, 1, 0, None), (1.01, 1.11, 0, "////"), (1.11, 2.01, 0, None),
        (0.5, 0.6, 1, "////"), (0.6, 1.5, 1, None),
        (0, 0.1, 2, "////"), (0.1, 1, 2, "xxxx"),
    ]  # fmt: skip
    assert made.get_yticks().tolist() == [0.5, 2]
    assert [label.get_text() for label in made.get_yticklabels()] == ["worker-a", "worker-b"]
    said = [text.get_text() for text in made.get_legend().get_texts()]
    assert said == ["until the first token", "generating", "generating, and failed"]


def test_an_end_that_was_written_late_makes_no_lane() -> None:
    """Rows may overlap a little, but short ones by no more than a part of what they took."""
    assert {lane for *_, lane, _ in bars(plots.timeline(drawable(row(0, 1), row(1, 1.985))))} == {0}
    short = [row(0, 0.01, ttft_ms=1, decode_ms=9), row(1, 0.014, ttft_ms=1, decode_ms=9)]
    assert {lane for *_, lane, _ in bars(plots.timeline(drawable(*short)))} == {0, 1}


def test_many_lanes_make_a_high_figure() -> None:
    """So that each can be seen, up to a limit."""
    heights = [
        plots.timeline(drawable(*(row(i, 1) for i in range(count)))).get_figure(root=True).get_figheight()
        for count in (1, 20, 200)
    ]
    assert heights[0] < heights[1] < heights[2] == 14


def test_many_rows_have_no_hatches() -> None:
    """They would be too thin for them, and take seconds to draw; no row is left out."""
    made = bars(plots.timeline(drawable(*(row(i, i) for i in range(MANY)))))
    assert {hatch for *_, hatch in made} == {None}
    assert len(made) == 2 * MANY
