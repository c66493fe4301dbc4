"""How long a cancel takes, measured: `python -m benchmarks.cancel [NAME …]`; the exit code is 1 where a goal is missed.

Names are `decoding`, `prefill`; without any, both. The engine is the real one, with the demo model and one thread. The time
is from the call to its return, when the slot is idle by the engine's own list, which is asked once more.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.cancel import decoding, prefill
from benchmarks.cancel.stage import fetched, stage

ALL = {"decoding": decoding, "prefill": prefill}


async def measure(*names: str) -> int:
    """Measure, and print a line each."""
    missed = 0
    model = await fetched(Path(__file__).parents[2] / ".cache" / "home")
    with tempfile.TemporaryDirectory(prefix="queenlib-") as folder:
        async with stage(Path(folder), model) as made:
            for name in names or ALL:
                async for figure in ALL[name].figures(made):
                    print(figure, flush=True)
                    missed += not figure.met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(measure(*sys.argv[1:])))
