"""The memory of a queen who has nothing to do, against LiteLLM's proxy in the same run: `python -m benchmarks.idle`.

The exit code is 1 where the goal is missed. The proxy is installed into `.cache/peers` the first time, pinned by
`requirements/peers.txt`: some hundred megabytes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.idle import litellm, queen
from benchmarks.log.figures import Figure

GOAL = 1 / 5
MIB = 1024**2


def figures(folder: Path, *, rounds: int = 3) -> Iterator[Figure]:
    """Both sides in turns: what their processes have for themselves alone."""
    ours, peers = list[int](), list[int]()
    for number in range(rounds):
        (place := folder / str(number)).mkdir()
        peers.append(litellm.idle_bytes(place))
        ours.append(queen.idle_bytes(place))
    yield Figure("memory of an idle queen, LiteLLM's proxy", median(ours) / MIB, "MiB", GOAL, median(peers) / MIB, most=True)


def main() -> int:
    """Measure, and print a line."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
        for figure in figures(Path(folder)):
            print(figure, flush=True)
            missed += not figure.met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
