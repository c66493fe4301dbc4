"""Many jobs, brought page by page."""

from __future__ import annotations

from queenlib.client.backend import Backend
from queenlib.errors import InvalidRequest
from queenlib.messages.filter import JobFilter
from queenlib.messages.job import JobRecord

PAGE = 1000
"""Jobs of one page at most."""


async def records(backend: Backend, limit: int, wanted: JobFilter) -> list[JobRecord]:
    """The wanted jobs, newest first, `limit` at most.

    Raises:
        InvalidRequest: `limit` is below 1, or no whole number.
    """
    if not isinstance(limit, int) or limit < 1:
        raise InvalidRequest(
            f"limit is {limit!r}; it is a whole number, and at least 1.",
            state="Nothing was done.",
            next="Leave limit out, or mend it.",
        )
    found: list[JobRecord] = []
    cursor: str | None = None
    while len(found) < limit:
        page = await backend.list_jobs(limit=min(PAGE, limit - len(found)), cursor=cursor, wanted=wanted)
        found.extend(page.jobs)
        if (cursor := page.next) is None:
            break
    return found
