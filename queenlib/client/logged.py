"""What the log of a job has by now."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from queenlib.client.feed import closing
from queenlib.client.job import Job
from queenlib.messages.events import Event


async def logged(job: Job[Any]) -> AsyncGenerator[Event]:
    """Its events so far; those that come meanwhile are not waited for."""
    last_seq = (await job.refresh()).last_seq
    async with closing(aiter(job.events())) as events:
        async for event in events:
            yield event
            if event.seq >= last_seq:
                return
