"""Axes to draw on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from queenlib import plots
from queenlib.charts.chart import Chart, axes
from tests.charts.making import EMPTY, FRAMES
from tests.display.notebook import notebook

Draw = Callable[..., Axes]
DRAW: list[Draw] = [plots.latency, plots.rate, plots.timeline]
CELL = """
from tests.charts.making import FRAMES
from queenlib import plots
import sys
plots.{name}(FRAMES["all kinds"])
"""


def settings() -> dict[str, Any]:
    """All global settings but the backend: asking for that one chooses one."""
    return {name: value for name, value in mpl.rcParams.copy().items() if name != "backend"}


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("kind", FRAMES)
def test_every_frame_can_be_drawn(draw: Draw, kind: str) -> None:
    """Labelled, with units, whatever is in it; where nothing can be drawn it says so. No global setting changes."""
    before = settings()
    made = draw(FRAMES[kind])
    figure = made.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    says_nothing = any("Nothing to draw" in text.get_text() for text in made.texts)
    assert says_nothing == (kind in EMPTY or (kind == "all cached" and draw is not plots.latency))
    assert (made.get_legend() is None) == says_nothing
    assert "row" in made.get_title(loc="left")
    assert ("(ms)" if draw is plots.latency else "(s)") in made.get_xlabel()
    assert made.get_ylabel()
    assert settings() == before


@pytest.mark.parametrize("draw", DRAW)
def test_axes_that_are_given_are_drawn_on(draw: Draw) -> None:
    """To stand beside others in one figure."""
    given = Figure().subplots(1, 2)[1]
    assert draw(FRAMES["one"], ax=given) is given
    assert given.get_legend() is not None


def test_a_notebook_shows_one_picture(tmp_path: Path) -> None:
    """As the last line of a cell, once, on a ground of its own, with a text that says the same each time; without pyplot."""
    with notebook(tmp_path, "auto") as made:
        for name, title in {"latency": "Latency", "rate": "Tokens per second", "timeline": "Timeline"}.items():
            shown = made.run(CELL.format(name=name))
            assert made.outcome == "ok", made.messages
            assert [sorted(each) for each in shown] == [["image/png", "text/plain"]]
            assert shown[0]["text/plain"] == f"<Chart: {title} of 5 rows>"
        assert made.run("'matplotlib.pyplot' in sys.modules")[0]["text/plain"] == "False"


def test_a_chart_says_what_it_is() -> None:
    """Printed, as at the end of a cell."""
    made = plots.latency(FRAMES["one"])
    assert str(made) == repr(made) == "<Chart: Latency of 1 row>"
    empty = axes()
    assert isinstance(empty, Chart)
    picture = empty._repr_png_()
    assert picture.startswith(b"\x89PNG")
