"""Finding one job by its id, or by what its id begins with."""

from __future__ import annotations

from queenlib.messages.job import JobRecord
from queenlib.registry.refusals import SHORTEST, unknown_job
from queenlib.registry.store import Store


async def find_job(store: Store, job_id: str) -> JobRecord:
    """The job of that id as it is kept; a unique prefix will do, with or without `job-`: four characters or more.

    Raises:
        UnknownJob: No job has that id, or several begin like that.
    """
    if not isinstance(job_id, str) or not job_id.isascii():  # whoever calls from a notebook may say anything
        raise unknown_job(job_id)
    if found := await store.get(job_id):
        return found
    beginning, alike = job_id.removeprefix("job-"), list[str]()
    if len(beginning) >= SHORTEST:
        alike = list(await store.find(f"job-{beginning}"))
        if len(alike) == 1 and (found := await store.get(alike[0])):
            return found
    raise unknown_job(job_id, alike)
