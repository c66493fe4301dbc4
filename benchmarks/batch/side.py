"""Four ways to ask a model about each row of a table, side by side on the same engine, with 8 slots.

Each is a whole script in `ways/`, as somebody would write it first who wants the answers in a file; who saves by hand what
there is so far loses less and writes more. It is run once to its end; and once more in a folder of its own, where it is
killed when half of the rows are answered, and then run again as it is. What the engine wrote down tells which rows it was
asked twice. The kill comes half an answer late: simulated answers end all at once, and a kill just then would say more about
that moment than about the way.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.batch.way import SLOTS, Served, Way, curated, openai, reigned
from queenlib.engines.host.journal import digest
from tests.faults.history import Noted

TOKENS, PER_S = 32, 100
LATE_S = TOKENS / PER_S / 2
MODEL = f"sim:words?tokens={TOKENS}&tokens_per_s={PER_S}"
LOOP = Way("a loop over the OpenAI client", "loop.py", openai, "curator")
GATHER = Way("a gather by hand", "gather.py", openai)
CURATOR = Way("Curator", "curator.py", curated, "curator")
OURS = Way("queenlib", "queen.py", reigned)
EVEN = 0.02
"""By what share two speeds may differ and count as the same."""


@dataclass(frozen=True)
class Kill:
    """What a kill did."""

    answered: int
    """Rows that were answered by then."""
    left: int
    """Those of them that the engine was not asked again."""
    twice: int
    """Rows that it was asked more than once, those included that were half said when the kill came."""


@dataclass(frozen=True)
class Outcome:
    """A way, measured."""

    way: Way
    rows: int
    per_s: float
    """Rows a second, from the first question to the last answer."""
    whole_s: float
    """Seconds that the script ran, from its start to its end."""
    kill: Kill

    @property
    def met(self) -> bool:
        """Of ours: a kill costs what the slots were at, no more; others owe us nothing."""
        return self.way is not OURS or self.kill.twice <= 2 * SLOTS

    def __str__(self) -> str:
        speed = f"{self.per_s:6.1f} rows/s ({self.rows} rows in {self.whole_s:.1f} s)"
        killed = f"killed at {self.kill.answered}: {self.kill.left} left, {self.kill.twice} asked twice"
        return f"{self.way.name:<32} {self.way.lines():>3} lines {speed:<34} {killed}{'' if self.met else '  MISSED'}"


@dataclass(frozen=True)
class Lost:
    """Something in which another way was better than ours."""

    what: str
    met: bool = True

    def __str__(self) -> str:
        return f"  queenlib loses: {self.what}"


def figures(folder: Path, *, rows: int = 240) -> Iterator[Outcome | Lost]:
    """Each way, ours last, and then where ours is not the best; the loop has a sixth of the rows."""
    others = []
    for way, count in ((LOOP, rows // 6), (GATHER, rows), (CURATOR, rows)):
        others.append(outcome(way, folder / way.script, count))
        yield others[-1]
    yield (ours := outcome(OURS, folder / OURS.script, rows))
    for each in others:
        yield from map(Lost, lost(ours, each))


def lost(ours: Outcome, theirs: Outcome) -> Iterator[str]:
    """In what theirs is better, in words."""
    name = theirs.way.name
    if theirs.way.lines() < ours.way.lines():
        yield f"{ours.way.lines()} lines, {name} {theirs.way.lines()}"
    if theirs.per_s > ours.per_s * (1 + EVEN):
        yield f"{ours.per_s:.1f} rows/s, {name} {theirs.per_s:.1f}"
    if theirs.rows == ours.rows and theirs.whole_s < ours.whole_s / (1 + EVEN):
        yield f"{ours.whole_s:.1f} s for all, {name} {theirs.whole_s:.1f}"
    if theirs.rows == ours.rows and theirs.kill.twice < ours.kill.twice:
        yield f"{ours.kill.twice} rows asked twice, {name} {theirs.kill.twice}"


def outcome(way: Way, folder: Path, rows: int) -> Outcome:
    """A way, run to its end and killed half way."""
    way.python()  # there before anything is timed
    asked = reviews(folder / "whole", rows)
    with way.serving(folder / "whole", MODEL) as served:
        began = time.monotonic()
        way.run(folder / "whole", served)
        whole_s = time.monotonic() - began
    check_answers(folder / "whole", rows)
    noted = [each for each in Noted.read(served.journal) if each.prompt in asked]
    assert {each.prompt for each in noted} == asked, "the engine was asked something else"
    took_s = max(each.at for each in noted) - min(each.at for each in noted)
    return Outcome(way, rows, rows / took_s, whole_s, killed(way, folder / "killed", rows))


def killed(way: Way, folder: Path, rows: int) -> Kill:
    """Kill it when half of the rows are answered, and run it again."""
    asked = reviews(folder, rows)
    with way.serving(folder, MODEL) as served:
        with way.running(folder, served) as script:
            while len(answered(served, asked)) < rows // 2:
                assert script.poll() is None, (folder / "script.log").read_text()
                time.sleep(0.01)
            time.sleep(LATE_S)
            script.kill()
            served.kill()
        before = answered(served, asked)
    with way.serving(folder, MODEL) as served:
        way.run(folder, served)
    check_answers(folder, rows)
    starts = Counter(each.prompt for each in Noted.read(served.journal) if each.what == "start" and each.prompt in asked)
    assert starts.keys() == asked, "the engine was asked something else"
    twice = {prompt for prompt, count in starts.items() if count > 1}
    return Kill(len(before), len(before - twice), len(twice))


def reviews(folder: Path, rows: int) -> set[str]:
    """Write the table that the scripts read; the questions about its rows, by their digests."""
    folder.mkdir(parents=True)
    texts = [f"review number {n}, of a book about bees" for n in range(rows)]
    with (folder / "reviews.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["review"], *([text] for text in texts)])
    return {digest(f"Sum up: {text}") for text in texts}


def answered(served: Served, asked: set[str]) -> set[str]:
    """The questions that the engine has answered to their end."""
    return {each.prompt for each in Noted.read(served.journal) if each.what == "end"} & asked


def check_answers(folder: Path, rows: int) -> None:
    """Each row has its answer.

    Raises:
        AssertionError: One has none.
    """
    with (folder / "answers.csv").open(newline="") as file:
        answers = [row["answer"] for row in csv.DictReader(file)]
    assert [len(answer.split()) > 0 for answer in answers] == [True] * rows
