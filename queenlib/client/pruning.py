"""Removes jobs that have ended, by age and by size."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from queenlib.client.backend import Backend
from queenlib.errors import InvalidRequest
from queenlib.messages.job import Pruned

MOST = 2**53
"""The greatest age, in seconds, and the greatest size, in bytes: what JSON can say exactly."""


async def prune(backend: Backend, older_than: timedelta | float | None, size: int | None, *, dry_run: bool) -> Pruned:
    """Remove them; see `Jobs.prune`.

    Raises:
        InvalidRequest: Neither is given, or one is negative or no number.
    """
    age_s = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
    if not _is_amount(age_s, int | float) or not _is_amount(size, int):
        raise InvalidRequest(
            f"older_than is {older_than!r} and size is {size!r}.",
            why="An age is a timedelta, or a number of seconds; a size is a whole number of bytes.",
            state="Nothing was removed.",
            next="For example: await jobs.prune(older_than=timedelta(days=30), dry_run=True)",
        )
    return await backend.prune_jobs(age_s=age_s, size=size, dry_run=dry_run)


def _is_amount(value: object, kind: Any) -> bool:
    return value is None or (isinstance(value, kind) and not isinstance(value, bool) and 0 <= cast("float", value) <= MOST)
