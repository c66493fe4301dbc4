"""What the log of a job has by now."""

from __future__ import annotations

import asyncio
from pathlib import Path

from queenlib import Queen
from queenlib.client.logged import logged


async def test_what_there_is_is_read_and_not_waited_beyond(tmp_path: Path) -> None:
    """Of a job that goes on, up to now; of one that has ended, all."""
    with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:words?tokens=500&tokens_per_s=20", max_tokens=500)
        async with asyncio.timeout(10):
            found = [event.seq async for event in logged(job)]
        assert found == list(range(1, len(found) + 1))
        assert not job.record.state.ended
        await job.cancel()
        assert [event.seq async for event in logged(job)][-1] == job.record.last_seq
