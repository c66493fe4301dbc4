"""What a job ended with, out of its record."""

from __future__ import annotations

from pydantic_core import to_json

from queenlib.errors import InternalError, revive
from queenlib.messages.base import Result
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import OPERATIONS


def outcome(job: JobRecord) -> Result:
    """The typed result of a job that has ended.

    Raises:
        QueenError: What it ended with, if it did not succeed.
    """
    if job.error is not None:
        raise revive(job.error.wire())
    if job.result is None:
        raise InternalError(f"{job.id} is {job.state} and has no result.", why="This is a defect of queenlib.")
    return OPERATIONS[job.operation].result_model.model_validate_json(to_json(job.result))
