"""Jobs as they are listed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from queenlib.messages.events import Problem
from queenlib.messages.job import RETRIES, TAGS, TIMEOUT_S, USUAL, JobListing, JobRecord, Pruned, PrunedJob, Terms
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


KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255)


TAG_LETTERS = st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters=",")
TAG_SETS = st.lists(st.text(TAG_LETTERS, min_size=1, max_size=64), max_size=TAGS).map(tuple)
TIMES = st.none() | st.floats(0.001, TIMEOUT_S)


@given(st.sampled_from(["now", "on_stream"]), st.none() | KEYS, st.integers(0, RETRIES), TAG_SETS, TIMES)
def test_terms_survive_the_wire(start: Any, key: str | None, retry: int, tags: Any, timeout: float | None) -> None:
    """What was agreed comes back as it was."""
    terms = Terms(start=start, key=key, retry=retry, tags=tags, timeout=timeout)
    assert Terms.model_validate_json(terms.model_dump_json()) == terms


def test_tags_are_a_set() -> None:
    """Their order, and one named twice, make no difference."""
    assert Terms(tags=("b", "a b", "b")) == Terms(tags=("a b", "b"))


def test_what_is_usual_is_nothing_special() -> None:
    """At once, without a key, and never twice; a record that says nothing has it."""
    assert Terms(start="now", key=None, retry=0) == USUAL
    assert record("job-a").terms == USUAL


@pytest.mark.parametrize(
    "bad",
    [
        *({"key": key} for key in ("", " ", "a b", "é", "a\n", "\na", "a\0", "\x7f", "x" * 256, 1, b"k")),
        *({"retry": retry} for retry in (-1, RETRIES + 1, 1.0, "1", True, None)),
        *({"start": start} for start in ("later", "", None, "NOW")),
        *(
            {"tags": tags}
            for tags in ("a", None, ("",), (" a",), ("a ",), ("a,b",), ("a\n",), ("x" * 65,), (1,), ("\ud800",))
        ),
        {"tags": tuple(f"tag-{n}" for n in range(TAGS + 1))},
        *({"timeout": timeout} for timeout in (0, -1.0, 0.0001, TIMEOUT_S + 1, float("inf"), float("nan"), "1", True)),
        {"more": 1},
    ],
)
def test_what_cannot_be_agreed_is_refused(bad: dict[str, Any]) -> None:
    """Nothing is read into what is not exactly what it has to be."""
    with pytest.raises(ValidationError):
        Terms.model_validate(bad)


def test_what_went_is_said_in_a_line() -> None:
    """How many and how much; a dry run says that they are still there, and one is not several."""
    jobs = tuple(PrunedJob(id=f"job-{n}", operation="infer", ended_at=AT, size=1_500_000) for n in range(1200))
    said = str(Pruned(dry_run=False, jobs=jobs, size=1_800_000_000))
    assert said.startswith("1,200 jobs removed, 1.8")
    one = Pruned(dry_run=True, jobs=jobs[:1], size=1_500_000)
    assert str(one).startswith("1 job would be removed, 1.5")
    assert repr(one) == f"<Pruned: {one}>"
    assert str(Pruned(dry_run=False, jobs=(), size=0)).startswith("0 jobs removed")
    assert Pruned.model_validate_json(one.model_dump_json()) == one
