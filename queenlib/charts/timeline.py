"""Which worker was busy with which row, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from queenlib.charts import chart
from queenlib.charts.timed import counted, placed

SLACK_S = 0.02
"""So much later than a row ended its end may be written: rows of a lane may overlap by it, not by more than a quarter."""
LANE_IN = 0.22
"""How high a lane is, in inches."""
HIGHEST_IN = 14.0
MANY = 1000
"""From so many rows on, bars are too thin for edges and hatches, which would take seconds to draw."""


def timeline(frame: pd.DataFrame, *, prefix: str = "", ax: Axes | None = None) -> Axes:
    """A bar for each of a batch's rows, on the worker that answered it, over time; rows at the same time are on lanes.

    A bar begins with the request, and its end is when the end of the row was written. Rows from the cache are left out, and
    those that failed before an answer began.

    Args:
        frame: What `await job.frame(of="rows")` gives.
        prefix: What stands before the names of its columns.
        ax: Where to draw; by default in a figure of its own, that a notebook shows at the end of a cell.

    Raises:
        InvalidRequest: It is no such frame.
    """
    found = placed(frame, prefix)
    rows = found.rows
    workers = sorted(rows["worker_id"].unique())
    lanes = {worker: _lanes(rows[rows["worker_id"] == worker]) for worker in workers}
    count = sum(map(len, lanes.values()))
    ax = ax if ax is not None else chart.axes(min(max(chart.HEIGHT_IN, 1.6 + LANE_IN * count), HIGHEST_IN))
    title = f"Timeline of {counted(found.count)}"
    chart.label(ax, found, title, chart.since(found), "worker, a lane for each row at a time")
    if rows.empty:
        chart.empty(ax)
        return ax
    _draw(ax, rows, lanes)
    ax.set_xlim(0, float(rows["end_s"].max()) or None)
    ax.set_ylim(count - 0.5, -0.5)
    chart.legend(ax)
    return ax


def _draw(ax: Axes, rows: pd.DataFrame, lanes: dict[str, list[list[int]]]) -> None:
    """Draw each worker's lanes, the first on top, with its name at the middle of them."""
    top, middles, named = 0, list[float](), set[str]()
    for worker, mine in lanes.items():
        for lane, places in enumerate(mine):
            for name, style, spans in _bars(rows.loc[places]):
                look = style if len(rows) < MANY else {"facecolor": style["facecolor"], "linewidth": 0}
                ax.broken_barh(spans, (top + lane - 0.4, 0.8), label="_" if name in named else name, **look)
                named.add(name)
        middles.append(top + (len(mine) - 1) / 2)
        top += len(mine)
        if worker != list(lanes)[-1]:
            ax.axhline(top - 0.5, color="gray", linewidth=0.7)
    ax.set_yticks(middles, [worker or "no worker" for worker in lanes])


def _bars(rows: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any], list[tuple[float, float]]]]:
    """The bars of a lane: what they are, how they look, and where each begins and how long it is, in seconds."""
    waiting = {"facecolor": chart.SECOND, "hatch": "////", "edgecolor": "white", "linewidth": 0.3}
    writing = {"facecolor": chart.FIRST, "edgecolor": "white", "linewidth": 0.3}
    failing = {"facecolor": chart.BAD, "hatch": "xxxx", "edgecolor": "white", "linewidth": 0.3}
    well, bad = rows[~rows["failed"]], rows[rows["failed"]]
    for name, style, chosen, begin, end in (
        ("until the first token", waiting, rows, "start_s", "first_s"),
        ("generating", writing, well, "first_s", "end_s"),
        ("generating, and failed", failing, bad, "first_s", "end_s"),
    ):
        if len(chosen):
            yield name, style, list(zip(chosen[begin], chosen[end] - chosen[begin], strict=True))


def _lanes(rows: pd.DataFrame) -> list[list[int]]:
    """The rows of one worker on as few lanes as do: each after the one before it, on the first that is free."""
    lanes, ends = list[list[int]](), list[float]()
    ordered = rows.sort_values(["start_s", "end_s"])
    for place, start, end in zip(ordered.index, ordered["start_s"], ordered["end_s"], strict=True):
        slack = min(SLACK_S, (end - start) / 4)
        free = next((lane for lane, until in enumerate(ends) if until <= start + slack), None)
        if free is None:
            free = len(lanes)
            lanes.append([])
            ends.append(end)
        lanes[free].append(place)
        ends[free] = end
    return lanes
