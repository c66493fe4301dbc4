"""How soon a cell shows the first token, when the model takes no time: against a cell that does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from benchmarks.notebook.stage import Message, Stage, stage

GOAL = 2.5
PAUSE_S = 0.05
"""Between two cells: nobody runs the next before the last has been seen out."""
ASK = "async for piece in ask(1, 1e9).text(): print(piece, flush=True)"


def figures(folder: Path, *, rounds: int = 60) -> Iterator[Figure]:
    """Both sides in turns, with the queen in each of her places."""
    for queen in ("embedded", "background"):
        with stage(folder / queen, queen) as made:
            tokens, nothing = trips(made, rounds)
        name = f"cell to first token, {queen} queen, p50 of {rounds}"
        yield Figure(name, 1000 * median(tokens), "ms", GOAL, 1000 * median(nothing), most=True)


def trips(made: Stage, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds to the first token of so many answers, and of as many empty cells from their start to their end."""
    tokens, nothing = list[float](), list[float]()
    for _ in range(rounds):
        time.sleep(PAUSE_S)
        nothing.append(made.run(""))
        time.sleep(PAUSE_S)
        tokens.append(_first_s(made))
    return tokens, nothing


def _first_s(made: Stage) -> float:
    came: list[float] = []

    def heard(message: Message, at: float) -> None:
        if message["msg_type"] == "stream":
            came.append(at)

    made.run(ASK, heard)
    return came[0]
