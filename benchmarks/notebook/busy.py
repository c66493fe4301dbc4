"""What a cell that computes costs the jobs beside it: tokens that are lost, and how late the others come into the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks.log.figures import Figure
from benchmarks.notebook.stage import Stage, stage

GOAL_MS = 30
PER_S = 100
PYTHON = "end = time.monotonic() + {busy_s}\nwhile time.monotonic() < end: sum(number * number for number in range(1000))"
LOCKED = "end = time.monotonic() + {busy_s}\nwhile time.monotonic() < end: sum(range(10**7))"
"""In C, with the interpreter's lock: each of these calls takes a tenth of a second and more."""
TOLD = """
import json
log = [event async for event in job]
assert [event.seq for event in log] == list(range(1, len(log) + 1)) and log[-1].data.state == "succeeded"
tokens = [event for event in log if event.type == "token"]
print(json.dumps([(event.at.timestamp(), event.data.i + n) for event in tokens for n in range(len(event.data.cuts))]))
"""


@dataclass(frozen=True)
class Log:
    """What came into a log while a cell was busy."""

    asked: int
    """Tokens that were asked for."""
    came: list[tuple[float, int]]
    """Of each that came, when its event was written, in seconds, and its number."""

    @property
    def lost(self) -> int:
        """Tokens that never came."""
        return len(set(range(self.asked)) - {number for _, number in self.came})

    @property
    def p99_ms(self) -> float:
        """How late a token is, against the one of the same answer that was the least late: 99 of 100 are less."""
        late = [at - number / PER_S for at, number in self.came]
        return 1000 * (quantiles(late, n=100)[98] - min(late))


def figures(folder: Path, *, busy_s: float = 5.0) -> Iterator[Figure]:
    """A queen in the kernel and one beside it, while the same cell runs; then one beside it, while C holds the lock."""
    for queen, busy, code in (
        ("embedded", "Python", PYTHON),
        ("background", "Python", PYTHON),
        ("background", "C", LOCKED),
    ):
        with stage(folder / f"{queen}-{busy}", queen) as made:
            log = beside(made, code, busy_s)
        name = f"under {busy_s:g} s of {busy}, {queen} queen"
        yield Figure(f"tokens lost {name}", log.lost, "tokens", 0, most=True)
        yield Figure(f"p99 delay of a token {name}", log.p99_ms, "ms", GOAL_MS, most=True)


def beside(made: Stage, code: str, busy_s: float) -> Log:
    """The log of an answer that comes for as long as the cell is busy."""
    asked = int(PER_S * busy_s)
    made.run(f"job = ask({asked}, {PER_S})\n{code.format(busy_s=busy_s)}")
    return Log(asked, [(at, number) for at, number in json.loads(made.printed(TOLD))])
