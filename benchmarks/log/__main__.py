"""The log's goals, measured: `python -m benchmarks.log [NAME …]`; the exit code is 1 where one is missed.

Names are `appends`, `size`, `replay`, `latency`, `history`; without any, all of them. Each is a ratio to something that does
the same in the same run, or a figure of its own unit.
"""

from __future__ import annotations

import sys

from benchmarks.log import appends, history, latency, replay, size
from benchmarks.log.figures import measure

ALL = {"appends": appends, "size": size, "replay": replay, "latency": latency, "history": history}


if __name__ == "__main__":
    sys.exit(measure(ALL, sys.argv[1:]))
