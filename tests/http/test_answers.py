"""How a message becomes an answer."""

from __future__ import annotations

from queenlib.http.answers import answer, answer_json
from queenlib.messages.job import JobTicket


def test_a_message_is_its_json() -> None:
    """And nobody may keep it."""
    ticket = JobTicket(job_id="job-1", sse_url="/v1/jobs/job-1/stream")
    made = answer(ticket, 201)
    assert (made.status_code, made.media_type, made.headers["cache-control"]) == (201, "application/json", "no-store")
    assert JobTicket.model_validate_json(bytes(made.body)) == ticket


def test_json_is_sent_as_it_is() -> None:
    """And is not taken for something else."""
    made = answer_json(b"{}")
    assert (made.status_code, made.body, made.headers["x-content-type-options"]) == (200, b"{}", "nosniff")
