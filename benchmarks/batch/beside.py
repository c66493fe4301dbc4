"""Somebody who asks while a batch runs: how much later their first token comes, in steps of decoding."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.cancel.stage import Stage, stage
from benchmarks.log.figures import Figure
from queenlib.messages.batch import InferBatch
from queenlib.messages.events import RowEvent, TokenEvent

SLOTS, PER_S = 5, 50
STEP_MS = 1000 / PER_S
GOAL = 2.0
"""Steps of decoding."""


def figures(folder: Path, *, asks: int = 20) -> Iterator[Figure]:
    """The median of as many asks alone and beside a batch, in one run."""
    alone, beside = asyncio.run(sides(folder, asks))
    added = (1000 * (median(beside) - median(alone))) / STEP_MS
    yield Figure(f"first token beside a batch, added, p50 of {asks}", added, "steps of decoding", GOAL, most=True)


async def sides(folder: Path, asks: int, rows: int = 100_000) -> tuple[list[float], list[float]]:
    """Seconds from an ask to its first token: alone, and beside a batch."""
    async with stage(folder, f"sim:words?tokens=40&tokens_per_s={PER_S}", slots=SLOTS) as made:
        alone = [await _first_s(made) for _ in range(asks)]
        cells = tuple(map(str, range(rows)))
        batch = InferBatch(prompt="Say {a}", columns={"a": cells}, model=made.worker.model, max_tokens=40)
        job_id = (await made.router.create_job(batch)).job_id
        async for event in await made.router.execute_job(job_id):
            if isinstance(event, RowEvent):
                break
        assert made.worker.busy
        beside = [await _first_s(made) for _ in range(asks)]
        await made.router.cancel_job(job_id)
    return alone, beside


async def _first_s(made: Stage) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    job_id = await made.ask("now", max_tokens=3)
    await made.until(job_id, TokenEvent)
    took = loop.time() - began
    await made.log(job_id)
    return took
