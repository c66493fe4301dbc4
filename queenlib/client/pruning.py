"""Removes jobs that have ended, by age and by size."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeGuard

from queenlib.client.backend import Backend
from queenlib.errors import InvalidRequest
from queenlib.messages.job import Pruned

MOST = 2**53
"""The greatest age, in seconds, and the greatest size, in bytes: what JSON can say exactly."""


async def prune(backend: Backend, older_than: timedelta | None, size: int | None, *, dry_run: bool) -> Pruned:
    """Remove them; see `Jobs.prune`.

    Raises:
        InvalidRequest: Neither is given, or one is negative or not what it has to be.
    """
    if _is_number(older_than):  # who means days must not lose a month of jobs by a number of seconds
        raise InvalidRequest(
            f"older_than is {older_than!r}, and does not say of what: days, or seconds?",
            why="An age is a timedelta, and what is removed cannot be brought back.",
            state="Nothing was removed.",
            next=f"Say which: older_than=timedelta(days={older_than!r}), or older_than=timedelta(seconds={older_than!r})",
        )
    age_s = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
    if not _is_amount(age_s) or not (_is_amount(size) and isinstance(size, int | None)):
        raise InvalidRequest(
            f"older_than is {older_than!r} and size is {size!r}.",
            why="An age is a timedelta; a size is a whole number of bytes.",
            state="Nothing was removed.",
            next="For example: await jobs.prune(older_than=timedelta(days=30), dry_run=True)",
        )
    return await backend.prune_jobs(age_s=age_s, size=size, dry_run=dry_run)


def _is_amount(value: object) -> bool:
    return value is None or _is_number(value)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST
