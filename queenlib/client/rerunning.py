"""A job that is run again: a new one, which says which it repeats."""

from __future__ import annotations

from queenlib.client.backend import Backend
from queenlib.errors import Conflict
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import parse_operation


async def rerun(backend: Backend, job_id: str, key: str | None = None) -> JobRecord:
    """A new job with the operation and the terms of another, but for its key; it starts now.

    Raises:
        UnknownJob: There is no such job, perhaps no more.
        Conflict: It was private, or with that key another job was created.
        InvalidOperation: This version of queenlib does not know its operation.
        QueueFull: There is no room for another job; none was made.
    """
    record = await backend.get_job(job_id)
    operation = parse_operation(record.request)
    if operation.forgets:
        raise Conflict(
            f"{record.id} cannot be run again.",
            why="It was private: what was asked is written down nowhere.",
            state="No job was made, and that one was not touched.",
            next="Ask again, with the prompt: queen.infer(prompt, private=True)",
        )
    terms = record.terms.model_copy(update={"start": "now", "key": key, "repeats": record.id})
    ticket = await backend.create_job(operation, terms=terms)
    return await backend.get_job(ticket.job_id)
