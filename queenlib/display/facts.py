"""What there is to say of a job in a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queenlib import tables
from queenlib.messages.events import Progress
from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot


def facts(snapshot: Snapshot, *, stable: bool = False) -> list[str]:
    """Its operation, its state, and what is known of its answer.

    Args:
        snapshot: The job.
        stable: Leave out what differs from run to run.
    """
    return list(_facts(snapshot, stable))


def _facts(snapshot: Snapshot, stable: bool) -> Iterator[str]:
    job = snapshot.job
    yield job.operation
    yield f"{job.state} ({job.reason})" if job.reason and not stable else str(job.state)
    result = job.result or {}
    usage, timings = result.get("usage") or {}, result.get("timings") or {}
    if "completion_tokens" in usage:
        yield tables.counted(usage["completion_tokens"], "token")
    elif job.tokens:
        yield tables.counted(job.tokens, "piece")
    if not stable and timings:
        if timings.get("tokens_per_s") is not None:
            yield f"{timings['tokens_per_s']:,.1f} tokens/s"
        yield f"first token after {timings['ttft_ms']:,.0f} ms"
    if said := result.get("finish_reason"):
        yield f"ended by {said}"
    if isinstance(model := result.get("model"), dict):
        yield str(model["name"])


def head(job: JobRecord, *, stable: bool = False) -> str:
    """A job by its name; without its id, where that is left out."""
    return "Job" if stable else f"Job {job.id}"


def how_far(progress: Progress) -> str:
    """How far something has come."""
    show: Any = tables.size if progress.unit == "bytes" else "{:,}".format
    done = f"{progress.what}: {show(progress.done)}"
    total = f" of {show(progress.total)}" if progress.total is not None else ""
    rate = f", {progress.per_s:,.1f} a second" if progress.per_s is not None else ""
    left = f", {progress.left_s:,.0f} s left" if progress.left_s else ""
    return f"{done}{total}{'' if progress.unit == 'bytes' else ' ' + progress.unit}{rate}{left}"
