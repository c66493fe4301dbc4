"""Addresses: of a queen, and of a job at her."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlencode

from yarl import URL

from queenlib.errors import InvalidRequest, UnknownJob
from queenlib.messages.change import Kind, Watch


def job_path(job_id: str) -> str:
    """Where a job is at a queen.

    Raises:
        UnknownJob: No id looks like that.
    """
    if re.fullmatch(r"[0-9A-Za-z-]{1,64}", job_id):
        return f"/v1/jobs/{job_id}"
    raise UnknownJob(f"There is no one job {job_id[:80]!r}.", why="No id looks like that.", next="List them: jobs.list().")


def stream_path(job_id: str, every_s: float) -> str:
    """Where a job's stream is, of which what comes within so many seconds may come together.

    Raises:
        UnknownJob: No id looks like that.
    """
    return f"{job_path(job_id)}/stream" + (f"?every_ms={1000 * every_s:.0f}" if every_s else "")


def watch_path(watch: Watch) -> str:
    """Where a watch is at a queen."""
    said = {"hive": watch.hive} if watch.hive is not None else {}
    said |= watch.wanted.query() | {"limit": str(watch.limit)} if watch.kind is Kind.JOBS else {}
    return f"/v1/watch/{watch.kind}?{urlencode(said, doseq=True)}".rstrip("?")


def queen_url(text: str) -> str:
    """The address of a queen, without anything behind it.

    Raises:
        InvalidRequest: It is none.
    """
    if re.fullmatch(r"https?://[^\s/?#@\\]+/?", text):
        with suppress(ValueError):  # of a port that is none
            url = URL(text)
            return f"{url.scheme}://{url.raw_authority}"
    raise InvalidRequest(
        "That is no address of a queen.",
        why="It has to be http:// or https://, a host and a port, and nothing else; a token has no place in it.",
        state="Nothing was asked.",
        next="Use the one that `queenlib serve` printed, such as http://127.0.0.1:8000.",
    )
