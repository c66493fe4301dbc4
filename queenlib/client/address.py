"""Addresses: of a queen, and of a job at her."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlencode

from yarl import URL

from queenlib.errors import InvalidRequest
from queenlib.messages.change import Kind, Watch
from queenlib.messages.job import JOB_PATTERN
from queenlib.registry.refusals import unknown_job


def job_path(job_id: str) -> str:
    """Where a job is at a queen.

    Raises:
        UnknownJob: No id looks like that.
    """
    if isinstance(job_id, str) and re.fullmatch(JOB_PATTERN, job_id):  # whoever calls from a notebook may say anything
        return f"/v1/jobs/{job_id}"
    raise unknown_job(job_id)


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
