"""`python -m tests.sabotage [WORD …]`: commits every sabotage, or those that a word names; 1 if one is not caught."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.sabotage.sabotage import commit
from tests.sabotage.table import SABOTAGES


def main(*words: str) -> int:
    """Commit them, and print a line each."""
    chosen = [each for each in SABOTAGES if not words or any(word in each.name for word in words)]
    missed = 0
    for each in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
            outcome = commit(each, Path(folder))
        missed += not outcome.caught
        verdict = "caught by" if outcome.caught else f"NOT CAUGHT ({outcome.code}) by"
        sys.stdout.write(f"{each.name:<48} {verdict} {each.red}  ({time.monotonic() - began:.1f} s)\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} caught\n")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
