"""Jobs as they are listed."""

from datetime import UTC, datetime

from queenlib.messages.events import Problem
from queenlib.messages.job import JobListing, JobRecord
from queenlib.messages.state import State

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record(job_id: str, **more: object) -> JobRecord:
    """A job."""
    base = {"id": job_id, "operation": "infer", "request": {"prompt": "secret"}, "state": State.RUNNING, "since": AT}
    return JobRecord.model_validate({**base, "created_at": AT, "last_seq": 1, **more})


def test_a_page_of_jobs_is_a_table() -> None:
    """A line a job, with its reason or else its error; what was asked is not shown."""
    failed = record("job-b", state=State.FAILED, error=Problem(kind="WorkerDied", what="w"))
    waiting = record("job-a", state=State.WAITING, reason="slot: <2> ahead")
    page = JobListing(jobs=(failed, waiting), next="1")
    head, first, second = str(page).splitlines()
    assert "job" in head
    assert "WorkerDied" in first
    assert "slot: <2> ahead" in second
    assert repr(page) == str(page)
    html = page._repr_html_()
    assert "slot: &lt;2&gt; ahead" in html
    assert "secret" not in html + str(page)


def test_no_jobs_is_said_so() -> None:
    """An empty page is not an empty string."""
    assert str(JobListing(jobs=())) == "no jobs"
