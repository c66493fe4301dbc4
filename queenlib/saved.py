"""Results out of a saved notebook: `queenlib.read_notebook(path)`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        except ValidationError:
            return None


class SavedJobs(tuple[SavedJob, ...]):
    """The jobs that a notebook shows, in its order; each once, as it was shown last."""

    __slots__ = ()

    def frame(self) -> pd.DataFrame:
        """One row a job; see `queenlib.frames.jobs_frame`."""
        from queenlib import frames

        return frames.jobs_frame([job.record for job in self], reads=True)

    def _rows(self) -> Iterator[tables.Row]:
        for job in self:
            yield job.cell, job.record.id, job.record.operation, job.record.state

    def __repr__(self) -> str:
        return tables.text(("cell", "job", "operation", "state"), self._rows()) if self else "no jobs"

    def _repr_html_(self) -> str:
        return tables.html(f"{len(self)} jobs", ("cell", "job", "operation", "state"), self._rows())


def read_notebook(path: str | os.PathLike[str]) -> SavedJobs:
    """The jobs that a saved notebook shows, with their results; needs neither a kernel nor a queen.

    Args:
        path: The `.ipynb` file.

    Raises:
        InvalidRequest: It cannot be read, or is no notebook of format 4.
    """
    cells = _cells(Path(path))
    found: dict[str, SavedJob] = {}
    for at, cell in enumerate(cells):
        for record in _records(cell):
            known = found.pop(record.id, None)
            newest = known.record if known is not None and known.record.last_seq > record.last_seq else record
            found[record.id] = SavedJob(at, newest)
    return SavedJobs(found.values())


def _cells(path: Path) -> list[Any]:
    try:
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


def _records(cell: Any) -> Iterator[JobRecord]:
    outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, Mapping) else None
        said = data.get(JOB_TYPE) if isinstance(data, Mapping) else None
        if isinstance(said, Mapping) and said.get("format") == FORMAT:
            try:
                yield JobRecord.model_validate_json(json.dumps(said.get("job")))
            except ValueError:  # of another version, or made up: it tells us nothing
                continue


def _refused(path: Path, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"{path} cannot be read as a notebook.",
        why=why,
        state="Nothing was read.",
        next="Name an .ipynb file that was saved.",
    )
