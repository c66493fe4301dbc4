"""The errors of what could not be kept."""

from __future__ import annotations

from queenlib.errors import StoreFailed

DISK = "See to the disk that the store is on, and create the job again."


def not_created(error: Exception) -> StoreFailed:
    """A new job could not be kept."""
    return StoreFailed("The new job could not be kept.", why=_cause(error), state="No job was made.", next=DISK)


def not_kept(job_id: str, last_seq: int, error: Exception) -> StoreFailed:
    """What happened to a job after event `last_seq` could not be kept; of the class that the store raised, if it is one."""
    typed = error if isinstance(error, StoreFailed) else None
    kind = type(typed) if typed else StoreFailed
    return kind(
        f"What happened to {job_id} after event {last_seq} could not be kept.",
        why=f"{typed.what} {typed.why}".strip() if typed else _cause(error),
        state="Its work was stopped; what came before is in its log.",
        next=(typed.next if typed else "") or DISK,
        **{**(typed.fields if typed else {}), "job_id": job_id},
    )


def _cause(error: Exception) -> str:
    return f"The store failed: {type(error).__name__}: {error}"
