"""A hundred thousand rows in one batch: what the queen's process takes at most."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.cancel.stage import stage
from benchmarks.log.figures import Figure
from queenlib.messages.batch import InferBatch

GOAL_MIB = 300.0
LOOK_S = 0.25


def figures(folder: Path, *, rows: int = 100_000) -> Iterator[Figure]:
    """All of a process counts that does nothing else, this benchmark included."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        most = pool.submit(measured, folder, rows).result()
    yield Figure(f"{rows:,} rows: memory at most", most, "MiB", GOAL_MIB, most=True)


def measured(folder: Path, rows: int) -> float:
    """For that process."""
    return asyncio.run(peak_mib(folder, rows))


async def peak_mib(folder: Path, rows: int) -> float:
    """The most that was seen."""
    most, process = 0, psutil.Process()
    async with stage(folder, "sim:words?tokens=1&tokens_per_s=100000", slots=8) as made:
        cells = tuple(f"row number {n} with some text" for n in range(rows))
        batch = InferBatch(prompt="Say {a}", columns={"a": cells}, model=made.worker.model, max_tokens=1, concurrency=8)
        job_id = (await made.router.create_job(batch)).job_id
        while not (record := await made.router.get_job(job_id)).state.ended:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(LOOK_S)
    assert record.result is not None
    assert (record.result["done"], record.result["failed"]) == (rows, 0)
    return most / 2**20
