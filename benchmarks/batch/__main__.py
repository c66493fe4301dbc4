"""What a batch costs, measured: `python -m benchmarks.batch [NAME …]`; the exit code is 1 where a goal is missed.

Names are `overhead`, `beside`, `memory` and `side`; without any, all. The engine is the simulated one, whose slots do not
slow each other. `side` installs what it is held against into `.cache/curator`.
"""

from __future__ import annotations

import sys

from benchmarks.batch import beside, memory, overhead, side
from benchmarks.log.figures import measure

ALL = {"overhead": overhead, "beside": beside, "memory": memory, "side": side}


if __name__ == "__main__":
    sys.exit(measure(ALL, sys.argv[1:]))
