"""The goals of the notebook, measured: `python -m benchmarks.notebook [NAME …]`; the exit code is 1 where one is missed.

Names are `first` and `tokens`; without any, both. The kernels are real, and driven as a front end does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.notebook import first, tokens

ALL = {"first": first, "tokens": tokens}


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
