"""A batch against what one would write down first: a gather with a semaphore, over HTTP, on the same worker."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.cancel.stage import Stage, stage
from benchmarks.log.figures import Figure
from queenlib.messages.batch import InferBatch
from queenlib.messages.events import RowEvent

SLOTS, TOKENS, PER_S = 8, 32, 100
GOAL, BUSY_GOAL = 1.03, 0.97


def figures(folder: Path, *, rows: int = 1000) -> Iterator[Figure]:
    """Wall time of both, and how much of it the slots were busy under ours."""
    ours, theirs, busy = asyncio.run(sides(folder, rows))
    name = f"{rows:,} rows of {TOKENS} tokens, {SLOTS} slots"
    yield Figure(f"{name}: wall time", ours, "s", GOAL, theirs, most=True)
    yield Figure(f"{name}: % of the time that slots are busy", 100 * busy, "%", 100 * BUSY_GOAL)


async def sides(folder: Path, rows: int) -> tuple[float, float, float]:
    """Seconds of ours and of the gather, and the share of ours in which a slot was busy."""
    model = f"sim:words?tokens={TOKENS}&tokens_per_s={PER_S}"
    async with stage(folder, model, slots=SLOTS) as made:
        theirs = await _gather(made, rows)
        ours, busy = await _batch(made, rows)
    return ours, theirs, busy


async def _batch(made: Stage, rows: int) -> tuple[float, float]:
    cells = tuple(f"number {n}" for n in range(rows))
    operation = InferBatch(
        prompt="Say {a}", columns={"a": cells}, model=made.worker.model, max_tokens=TOKENS, concurrency=SLOTS
    )
    began = time.perf_counter()
    job_id = (await made.router.create_job(operation)).job_id
    log = await made.log(job_id)
    took = time.perf_counter() - began
    found = [event.data for event in log if isinstance(event, RowEvent)]
    assert len(found) == rows
    assert all(row.usage and row.usage.completion_tokens == TOKENS for row in found)
    return took, sum((row.ttft_ms or 0) + (row.decode_ms or 0) for row in found) / 1000 / (took * SLOTS)


async def _gather(made: Stage, rows: int) -> float:
    """By hand: as many at once as there are slots, each read to its end."""
    line: Any = made.worker.connection
    url, key, turns = f"http://{line._line._netloc}", line._line._key, asyncio.Semaphore(SLOTS)
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as session:

        async def one(number: int) -> str:
            messages = [{"role": "user", "content": f"Say number {number}"}]
            async with (
                turns,
                session.post(
                    f"{url}/v1/chat/completions", json={"messages": messages, "stream": True, "max_tokens": TOKENS}
                ) as response,
            ):
                text = ""
                async for said in response.content:
                    if said.startswith(b"data: {"):
                        for choice in json.loads(said[6:]).get("choices", ()):
                            text += choice.get("delta", {}).get("content") or ""
                return text

        began = time.perf_counter()
        texts = await asyncio.gather(*(one(number) for number in range(rows)))
        took = time.perf_counter() - began
    assert all(len(text.split()) == TOKENS for text in texts)
    return took
