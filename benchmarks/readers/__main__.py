"""The goals of readers, measured: `python -m benchmarks.readers [NAME …]`; the exit code is 1 where one is missed.

Names are `fanout`, `idle`; without any, both. Each figure is held against a bare uvicorn application with a queue for each
client, in the same run; servers and readers are processes of their own, and only the server is measured.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.readers import fanout, idle

ALL = {"fanout": fanout, "idle": idle}


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
