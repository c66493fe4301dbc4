"""How long rows took."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from queenlib.charts import chart
from queenlib.charts.timed import counted, timed

PERCENTILES = (0.5, 0.9, 0.99)
WIDE = 30
"""From this many times between the shortest and the longest on, the scale is logarithmic."""


def latency(frame: pd.DataFrame, *, prefix: str = "", ax: Axes | None = None) -> Axes:
    """How many of a batch's rows had their first token, and their whole answer, within which time; with percentiles.

    Both are counted from the request to the engine, in milliseconds. Rows from the cache are in it, as they were when they
    were made.

    Args:
        frame: What `await job.frame(of="rows")` gives, or `await queen.infer_frame(…, stats=True)`.
        prefix: What stands before the names of its columns, as it was given to `infer_frame`.
        ax: Where to draw; by default in a figure of its own, that a notebook shows at the end of a cell.

    Raises:
        InvalidRequest: It is no such frame.
    """
    found = timed(frame, prefix)
    ax = ax if ax is not None else chart.axes()
    title = f"Latency of {counted(found.count)}"
    chart.label(ax, found, title, "time since the request (ms)", "rows that took no longer (%)")
    if found.rows.empty:
        chart.empty(ax)
        return ax
    first = found.rows["ttft_ms"]
    whole = first + found.rows["decode_ms"]
    ax.ecdf(first, color=chart.SECOND, linestyle="--", linewidth=2, label=_said("first token", first))
    ax.ecdf(whole, color=chart.FIRST, linewidth=2, label=_said("whole answer", whole))
    for part in PERCENTILES:
        ax.axhline(part, color="gray", linewidth=0.7, linestyle=":", zorder=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    if first.min() > 0 and whole.max() / first.min() > WIDE:
        ax.set_xscale("log")
    else:
        ax.set_xlim(left=0)
    chart.legend(ax)
    return ax


def _said(what: str, times: pd.Series[Any]) -> str:
    parts = (f"p{100 * part:g} {times.quantile(part):,.0f}" for part in PERCENTILES)
    return f"{what} ({', '.join(parts)} ms)"
