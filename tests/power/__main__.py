"""`python -m tests.power --seeds 1000`: so many power losses, and a table of what came of them; 1 if not all is well."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.power.proof import Tally, prove

SHOWN = 100
"""Violations that are shown."""


def main() -> int:
    """Prove it, and say how it goes on the way."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--keep", type=Path, help="an empty folder, where the images stay that violate something")
    said = parser.parse_args()
    seeds = range(said.first, said.first + said.seeds)
    with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
        tally = prove(seeds, said.keep or Path(folder), told=_tell)
    rows = [f"{name:<28} {number:>12}" for name, number in tally.rows()]
    sys.stdout.write("\n".join([*rows, *tally.violations[:SHOWN], ""]))
    return int(bool(tally.violations))


def _tell(tally: Tally) -> None:
    if tally.lives % 10 == 0:
        sys.stderr.write(f"{tally.seeds:,} seeds, {len(tally.violations):,} violations, {tally.seconds:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
