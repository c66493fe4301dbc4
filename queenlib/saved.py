"""Results out of a saved notebook: `queenlib.read_notebook(path)`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from queenlib import tables
from queenlib.display.card import FORMAT, JOB_TYPE
from queenlib.errors import InvalidRequest
from queenlib.messages.base import Result
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import OPERATIONS

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 512 * 1024 * 1024
"""Bytes of a notebook at most."""
YEARS = range(2000, 2200)
"""When jobs are made; what a table can hold is not much more."""
MANY = 2**53
"""No job has so many events."""
_COLUMNS = ("cell", "job", "operation", "state")


@dataclass(frozen=True)
class SavedJob:
    """A job that a notebook shows."""

    cell: int
    """The number of the cell that shows it last, from 0."""
    record: JobRecord
    """The job as it was then."""

    @property
    def result(self) -> Result | None:
        """Its typed result; `None` if it had none, or one of another version of queenlib."""
        operation = OPERATIONS.get(self.record.operation)
        if operation is None or self.record.result is None:
            return None
        try:
            return operation.result_model.model_validate_json(json.dumps(self.record.result))
        except (ValidationError, RecursionError):
            return None


class SavedJobs(tuple[SavedJob, ...]):
    """The jobs that a notebook shows, in its order; each once, as it was shown last."""

    unread: int
    """How many more pictures of jobs it has, which this version of queenlib cannot read."""

    def __new__(cls, jobs: Iterable[SavedJob] = (), unread: int = 0) -> Self:
        """The jobs, and how many more there are."""
        made = super().__new__(cls, jobs)
        made.unread = unread
        return made

    def frame(self) -> pd.DataFrame:
        """One row a job; see `queenlib.frames.jobs_frame`."""
        from queenlib.columns.logs import jobs_frame

        return jobs_frame([job.record for job in self], reads=True)

    def _rows(self) -> Iterator[tables.Row]:
        for job in self:
            yield job.cell, job.record.id, job.record.operation, job.record.state

    def _count(self) -> str:
        more = f", and {self.unread} more that this version of queenlib cannot read" if self.unread else ""
        return f"{len(self) or 'no'} {'job' if len(self) == 1 else 'jobs'}{more}"

    def __repr__(self) -> str:
        return "\n".join([*([tables.text(_COLUMNS, self._rows())] if self else ()), self._count()])

    def _repr_html_(self) -> str:
        return tables.html(self._count(), _COLUMNS, self._rows())


def read_notebook(path: str | os.PathLike[str]) -> SavedJobs:
    """The jobs that a saved notebook shows, with their results; needs neither a kernel nor a queen.

    Args:
        path: The `.ipynb` file.

    Raises:
        InvalidRequest: It cannot be read, or is no notebook of format 4.
    """
    found, unread = dict[str, SavedJob](), 0
    for at, cell in enumerate(_cells(Path(path))):
        for said in _pictures(cell):
            record = _record(said)
            if record is None:
                unread += 1
                continue
            known = found.pop(record.id, None)
            newest = known.record if known is not None and known.record.last_seq > record.last_seq else record
            found[record.id] = SavedJob(at, newest)
    return SavedJobs(found.values(), unread)


def _cells(path: Path) -> list[Any]:
    try:
        if path.exists() and not path.is_file():
            raise _refused(path, "It is no file.")
        if path.stat().st_size > LARGEST:
            raise _refused(path, f"It has more than {tables.size(LARGEST)}.")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise _refused(path, f"{error.strerror}.") from None
    except (ValueError, RecursionError):
        raise _refused(path, "It is no JSON.") from None
    cells = content.get("cells") if isinstance(content, Mapping) else None
    if not isinstance(cells, list) or content.get("nbformat") != 4:
        raise _refused(path, "It is no notebook of format 4.")
    return cells


def _pictures(cell: Any) -> Iterator[Any]:
    """What its outputs say of jobs."""
    outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, Mapping) else None
        if isinstance(data, Mapping) and JOB_TYPE in data:
            yield from _each(data[JOB_TYPE])


def _each(said: Any) -> Iterator[Any]:
    """What is said of each job, where one picture is of several."""
    jobs = said.get("jobs") if isinstance(said, Mapping) else None
    yield from ({**said, "job": job} for job in jobs) if isinstance(jobs, list) else (said,)


def _record(said: Any) -> JobRecord | None:
    """The job that is meant; `None` where another version wrote it, or somebody made it up."""
    if not isinstance(said, Mapping) or said.get("format") != FORMAT:
        return None
    try:
        record = JobRecord.model_validate_json(json.dumps(said.get("job")))
    except (ValueError, RecursionError):
        return None
    times = (record.since, record.created_at, record.started_at, record.ended_at)
    dated = all(at is None or (at.tzinfo is not None and at.year in YEARS) for at in times)
    return record if dated and max(record.last_seq, record.tokens) < MANY else None


def _refused(path: Path, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"{path} cannot be read as a notebook.",
        why=why,
        state="Nothing was read.",
        next="Name an .ipynb file that was saved.",
    )
