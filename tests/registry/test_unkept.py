"""What could not be kept: the errors that say so."""

from __future__ import annotations

import pytest

from queenlib.errors import StaleEpoch, StoreBusy, StoreFailed, StoreFull
from queenlib.registry.unkept import DISK, not_created, not_kept


def test_a_job_that_could_not_be_made_is_none() -> None:
    """The error says so, with the cause."""
    error = not_created(OSError(5, "Input/output error"))
    assert type(error) is StoreFailed
    assert "OSError: [Errno 5] Input/output error" in error.why
    assert (error.state, error.next) == ("No job was made.", DISK)


@pytest.mark.parametrize(
    "cause",
    [
        StoreFull("Full.", why="The log is on it.", next="Make room.", free=17),
        StoreBusy("Locked.", why="Another program.", next="Close it.", waited_s=60.0),
        StaleEpoch("Followed.", why="Only the newest may write.", next="Close this one.", epoch=1, newest=2),
        StoreFailed("Gone."),
    ],
)
def test_what_the_store_says_is_told_of_the_job(cause: StoreFailed) -> None:
    """The class, its facts and its remedy stay; it is about the job, and says what of it is kept."""
    error = not_kept("job-a", 7, cause)
    assert type(error) is type(cause)
    assert error.what == "What happened to job-a after event 7 could not be kept."
    assert error.why == f"{cause.what} {cause.why}".strip()
    assert error.fields == {**cause.fields, "job_id": "job-a"}
    assert error.next == (cause.next or DISK)


def test_what_nobody_foresaw_is_told_as_well() -> None:
    """Any other exception is named."""
    error = not_kept("job-a", 1, ZeroDivisionError("by zero"))
    assert (type(error), error.job_id) == (StoreFailed, "job-a")
    assert error.why == "The store failed: ZeroDivisionError: by zero"
