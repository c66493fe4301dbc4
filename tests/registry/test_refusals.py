"""What a registry refuses: each error says what, why, and what to do."""

from __future__ import annotations

import pytest

from queenlib.errors import InvalidRequest, StaleEpoch, StreamBeyondEnd
from queenlib.messages.state import State
from queenlib.registry.refusals import check_cursor, has_ended, in_use, queue_full, unknown_job
from tests.registry.test_store import first


def test_a_job_that_is_not_there_is_told_from_one_that_is_meant_twice() -> None:
    """No id is like it, or several are, of which one is named; what was asked for is shown, and cut off if it is long."""
    assert unknown_job("job-abcd").why == "No job has that id or begins like that."
    assert "such as job-ab." in unknown_job("job-a", ["job-ab", "job-ac"]).why
    assert len(unknown_job("x" * 10_000, []).what) < 200
    assert "\\ud800" in unknown_job("\ud800", []).what
    assert unknown_job("job-abcd").next == "List them: await queen.jobs.list()"
    assert unknown_job("job-abcd").state == "Nothing was done."


@pytest.mark.parametrize("job_id", ["", " job-abcd", "äbcd", "x" * 65, 3, None, ["job-abcd"]])
def test_what_is_no_id_is_told_what_one_looks_like(job_id: object) -> None:
    """Other characters, too many or none, and what is no text."""
    assert unknown_job(job_id).why.startswith("No id looks like that: it is text")


@pytest.mark.parametrize("job_id", ["j", "abc", "job-", "job-782"])
def test_a_beginning_that_is_too_short_is_told_how_long_one_is(job_id: str) -> None:
    """It is not said that nothing begins like that: nobody has looked."""
    why = unknown_job(job_id).why
    assert "begins like that" not in why
    assert "4 characters or more behind job-" in why


@pytest.mark.parametrize(("after", "kind"), [(-1, InvalidRequest), (2, StreamBeyondEnd), (0, None), (1, None)])
def test_a_log_is_read_from_where_it_is(after: int, kind: type[Exception] | None) -> None:
    """From its start to its very end, and not from below or beyond."""
    record, _ = first("job-a")
    if kind is None:
        check_cursor(record, after)
    else:
        with pytest.raises(kind, match=r"job-a|numbered from 1"):
            check_cursor(record, after)


def test_a_job_that_another_queen_works_on_is_no_end() -> None:
    """Who has ended is given back; who has not, and is not ours, is with a newer queen."""
    record, _ = first("job-a")
    over = record.model_copy(update={"state": State.FAILED})
    assert has_ended(over, 3) is over
    for epoch in (0, 7):
        with pytest.raises(StaleEpoch) as caught:
            has_ended(record.model_copy(update={"epoch": epoch}), 3)
        assert (caught.value.epoch, caught.value.newest) == (3, max(4, epoch))


def test_what_is_in_use_says_how_it_can_be_stopped() -> None:
    """The next step can be pasted."""
    assert in_use("job-a").next == "Cancel it first: await jobs.cancel('job-a')"


def test_a_full_queue_says_when_to_come_again() -> None:
    """With how many jobs there are, or that the queen is being closed."""
    full, closed = queue_full(10_000, 5.0, closed=False), queue_full(3, 5.0, closed=True)
    assert "10,000 jobs" in full.why
    assert "closed" in closed.why
    assert full.retry_after_s == closed.retry_after_s == 5.0
    assert full.next == "Come again in 5 s."
