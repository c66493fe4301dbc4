"""Several jobs cancelled together, and waited for, however long one of them takes."""

from __future__ import annotations

from queenlib.client.backend import Backend
from queenlib.messages.cancelled import Cancelled, CancelledJob
from queenlib.messages.filter import JobFilter


async def cancel_all(backend: Backend, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
    """Cancel the wanted jobs; each of them has ended when this returns.

    Raises:
        InvalidRequest: Nothing is said of which, and not that `everything` is meant; or both.
        StoreFailed: The work of one has ended, and its end could not be kept.
    """
    cancelled = await backend.cancel_jobs(wanted, everything=everything)
    return Cancelled(jobs=tuple([job if job.state.ended else await _wait(backend, job) for job in cancelled.jobs]))


async def _wait(backend: Backend, job: CancelledJob) -> CancelledJob:
    record = await backend.cancel_job(job.id)
    return job.model_copy(update={"state": record.state, "reason": record.reason})
