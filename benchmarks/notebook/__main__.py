"""The goals of the notebook, measured: `python -m benchmarks.notebook [NAME …]`; the exit code is 1 where one is missed.

Names are `first`, `tokens`, `interrupts`, `busy` and `views`; without any, all. The kernels are real, and
driven as a front end does.
"""

from __future__ import annotations

import sys

from benchmarks.log.figures import measure
from benchmarks.notebook import busy, first, interrupts, tokens, views

ALL = {"first": first, "tokens": tokens, "interrupts": interrupts, "busy": busy, "views": views}


if __name__ == "__main__":
    sys.exit(measure(ALL, sys.argv[1:]))
