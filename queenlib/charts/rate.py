"""How fast a batch generated."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes

from queenlib.charts import chart
from queenlib.charts.timed import counted, placed

STEPS = 60
"""Into so many steps the time is cut."""
SHORTEST_S = 0.001
"""A batch is drawn as long as this at least."""


def rate(frame: pd.DataFrame, *, prefix: str = "", ax: Axes | None = None) -> Axes:
    """Tokens per second over time, of all of a batch's rows together, and the mean of the whole.

    A row's tokens are spread evenly from its first token to its end. Rows from the cache are left out.

    Args:
        frame: What `await job.frame(of="rows")` gives.
        prefix: What stands before the names of its columns.
        ax: Where to draw; by default in a figure of its own, that a notebook shows at the end of a cell.

    Raises:
        InvalidRequest: It is no such frame.
    """
    found = placed(frame, prefix)
    ax = ax if ax is not None else chart.axes()
    chart.label(ax, found, f"Tokens per second of {counted(found.count)}", chart.since(found), "tokens per second")
    if found.rows.empty:
        chart.empty(ax)
        return ax
    length = max(float(found.rows["end_s"].max()), SHORTEST_S)
    edges = [length * step / STEPS for step in range(STEPS)] + [length]
    made = [0.0, *(_tokens_until(found.rows, edge) for edge in edges[1:])]
    speeds = [(after - before) * STEPS / length for before, after in pairwise(made)]
    ax.stairs(speeds, edges, fill=True, color=chart.FIRST, alpha=0.8, label="all rows together")
    mean = made[-1] / length
    ax.axhline(mean, color=chart.BAD, linestyle="--", linewidth=1.5, label=f"mean of the whole ({mean:,.1f})")
    ax.set_xlim(0, length)
    ax.set_ylim(bottom=0)
    chart.legend(ax)
    return ax


def _tokens_until(rows: pd.DataFrame, at_s: float) -> float:
    """How many tokens there were by then."""
    length = rows["end_s"] - rows["first_s"]
    part = ((at_s - rows["first_s"]) / length.where(length > 0)).clip(0, 1)
    return float((rows["tokens"] * part.fillna((rows["end_s"] <= at_s).astype("float64"))).sum())
