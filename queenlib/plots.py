"""What the rows of a batch took, in one line each, as matplotlib's axes.

    from queenlib import plots

    rows = await job.frame(of="rows")
    plots.latency(rows)

A notebook shows what the last line of a cell gives; `display(…)` shows more of them, and `.figure.savefig("latency.png")`
keeps one.
"""

from __future__ import annotations

from queenlib.charts.latency import latency as latency
from queenlib.charts.rate import rate as rate
from queenlib.charts.timeline import timeline as timeline
