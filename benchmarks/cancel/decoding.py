"""Cancelling an answer that is being written: alone on its worker, and beside one that goes on."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from statistics import median

from benchmarks.cancel.stage import Stage, p95
from benchmarks.log.figures import Figure
from queenlib.messages.events import TokenEvent

GOAL_MS = 250.0
ANSWER = 1500
"""Tokens of an answer that nobody waits for."""


async def figures(stage: Stage, *, rounds: int = 60) -> AsyncIterator[Figure]:
    """Each is cancelled after a random few tokens."""
    for beside in (False, True):
        times = await cancels(stage, rounds, beside=beside)
        where = "beside a neighbour" if beside else "alone"
        yield Figure(f"cancel while decoding, {where}, p50 of {rounds}", 1000 * median(times), "ms", GOAL_MS, most=True)
        yield Figure(f"cancel while decoding, {where}, p95 of {rounds}", 1000 * p95(times), "ms", GOAL_MS, most=True)


async def cancels(stage: Stage, rounds: int, *, beside: bool) -> list[float]:
    """How long each of so many cancels takes, in seconds."""
    chance, times = random.Random(1), list[float]()
    neighbour = await _neighbour(stage) if beside else None
    for _ in range(rounds):
        if neighbour is not None and (await stage.router.get_job(neighbour)).state.ended:
            neighbour = await _neighbour(stage)
        job_id = await stage.ask("Tell me of a hive.", max_tokens=ANSWER)
        await stage.until(job_id, TokenEvent, chance.randint(1, 12))
        times.append(await stage.cancel_s(job_id))
    if neighbour is not None:
        await stage.router.cancel_job(neighbour)
    return times


async def step_s(stage: Stage, tokens: int = 30) -> float:
    """How long one step of decoding takes, in seconds: the median time between two tokens of an answer alone."""
    log = await stage.log(await stage.ask("Tell me of a hive.", max_tokens=tokens))
    return median(gap for event in log if isinstance(event, TokenEvent) for gap in event.data.dt_ms) / 1000


async def _neighbour(stage: Stage) -> str:
    job_id = await stage.ask("Tell me of a field.", max_tokens=ANSWER)
    await stage.until(job_id, TokenEvent)
    return job_id
