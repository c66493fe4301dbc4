"""Cancelling while the prompt is read: it waits for the chunk at work, and for the next, which has begun by then."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from itertools import pairwise
from statistics import median

from benchmarks.cancel.stage import Stage, p95
from benchmarks.log.figures import Figure
from queenlib.messages.events import ProgressEvent

CHUNKS = 2
GOAL, GOAL_MS = 2.0, 500.0
"""The most of the time of two chunks, since they take longer as the prompt grows; and the longest that one may take."""
WORDS = 300


async def figures(stage: Stage, *, rounds: int = 40) -> AsyncIterator[Figure]:
    """Each is cancelled after a random few chunks."""
    chunks_ms, times = CHUNKS * 1000 * await chunk_s(stage), await cancels(stage, rounds)
    for name, took in (("p50", median(times)), ("p95", p95(times))):
        name = f"cancel while the prompt is read, {name} of {rounds}"
        yield Figure(f"{name}, two chunks", 1000 * took, "ms", GOAL, chunks_ms, most=True)
        yield Figure(name, 1000 * took, "ms", GOAL_MS, most=True)


async def cancels(stage: Stage, rounds: int) -> list[float]:
    """How long each of so many cancels takes, in seconds."""
    chance, times = random.Random(1), list[float]()
    for number in range(rounds):
        job_id = await stage.ask(prompt(f"r{number}"), max_tokens=5)
        await stage.until(job_id, ProgressEvent, chance.randint(1, 4))
        times.append(await stage.cancel_s(job_id))
    return times


async def chunk_s(stage: Stage) -> float:
    """How long one chunk takes, in seconds: the median time between two steps of a prompt that is read whole."""
    log = await stage.log(await stage.ask(prompt("whole"), max_tokens=1))
    steps = [event for event in log if isinstance(event, ProgressEvent) and event.data.what == "prompt"]
    return median((later.at - earlier.at).total_seconds() for earlier, later in pairwise(steps))


def prompt(name: str) -> str:
    """A long one that no other begins like."""
    return f"{name} " + "word " * WORDS
