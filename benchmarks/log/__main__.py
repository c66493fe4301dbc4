"""The log's goals, measured: `python -m benchmarks.log [NAME …]`; the exit code is 1 where one is missed.

Names are `appends`, `size`, `replay`, `latency`, `history`; without any, all of them. Each is a ratio to something that does
the same in the same run, or a figure of its own unit.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.log import appends, history, latency, replay, size

ALL = {"appends": appends, "size": size, "replay": replay, "latency": latency, "history": history}


def main(*names: str) -> int:
    """Measure, and print a line each."""
    missed = 0
    for name in names or ALL:
        with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
            for figure in ALL[name].figures(Path(folder)):
                print(figure, flush=True)
                missed += not figure.met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
