"""Many jobs, brought page by page."""

from __future__ import annotations

from queenlib.client.backend import Backend
from queenlib.messages.filter import JobFilter
from queenlib.messages.job import JobRecord

PAGE = 1000
"""Jobs of one page at most."""


async def records(backend: Backend, limit: int, wanted: JobFilter) -> list[JobRecord]:
    """The wanted jobs, newest first, `limit` at most."""
    found: list[JobRecord] = []
    cursor: str | None = None
    while len(found) < limit:
        page = await backend.list_jobs(limit=min(PAGE, limit - len(found)), cursor=cursor, wanted=wanted)
        found.extend(page.jobs)
        if (cursor := page.next) is None:
            break
    return found
