"""`python -m tests.faults --rounds 200 --seed 1`: kill queens, and look whether the next ones know everything.

Exit code 1 if anything was violated; `--only SEED` runs one round again, on a home of its own, which is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.harness import campaign, planned, report, said, seeds
from tests.faults.rounds import Outcome


def main() -> int:
    """Run a campaign and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Kill queens.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="the campaign's number")
    parser.add_argument("--only", type=int, action="append", help="run the round of this seed, and no others")
    parser.add_argument("--folder", type=Path, help="for the homes; by default a new one")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    numbers = given.only or seeds(given.seed, given.rounds)
    began = time.monotonic()
    outcomes = asyncio.run(campaign(folder, planned(numbers), told=tell))
    lines = [*report(outcomes), f"{(time.monotonic() - began) / max(1, len(outcomes)):.2f} s a round; homes: {folder}"]
    sys.stdout.write("\n".join(["", *lines, ""]))
    return int(any(each.violations for each in outcomes))


def tell(outcome: Outcome) -> None:
    """One line for each round."""
    how = "VIOLATED" if outcome.violations else "well"
    sys.stdout.write(f"{outcome.seed}: aimed at {outcome.aim}, hit {said(outcome)}: {how}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
