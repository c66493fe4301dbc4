"""Which jobs are meant: what a filter admits, and what is none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import InvalidRequest
from queenlib.messages.base import Operation
from queenlib.messages.events import StateData, StateEvent
from queenlib.messages.filter import ALL, READS, JobFilter, aspects, parse_filter
from queenlib.messages.hive import HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.state import State
from queenlib.messages.worker import WorkerSpawn
from queenlib.registry.fold import begin

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ASKED = Infer(prompt="x", model="m", hive_id="local", worker_id="w-1")


def record(operation: Operation = ASKED, *tags: str, ended: datetime | None = None, **more: Any) -> JobRecord:
    """A job."""
    event = StateEvent(job_id="job-a", seq=1, at=AT, data=StateData(state=State.QUEUED))
    made = begin(operation, event, Terms(tags=tags))
    return made.model_copy(update={"ended_at": ended, **more})


@pytest.mark.parametrize(
    ("said", "admitted"),
    [
        ({}, True),
        ({"state": "queued"}, True),
        ({"state": ["running", State.QUEUED]}, True),
        ({"state": "running"}, False),
        ({"state": ()}, True),
        ({"operation": "infer"}, True),
        ({"operation": ["hive_list", "infer"]}, True),
        ({"operation": "hive_list"}, False),
        ({"hive": "local", "worker": "w-1", "model": "m"}, True),
        ({"hive": "other"}, False),
        ({"worker": "w-2"}, False),
        ({"model": "M"}, False),
        ({"tags": "a"}, True),
        ({"tags": {"a", "b"}}, True),
        ({"tags": ["a", "c"]}, False),
        ({"created_after": AT}, True),
        ({"created_after": AT + SECOND}, False),
        ({"created_before": AT}, False),
        ({"created_before": AT + SECOND, "created_after": AT - SECOND}, True),
        ({"ended_after": AT}, True),
        ({"ended_before": AT + 2 * SECOND}, False),
        ({"reads": False}, True),
        ({"state": "queued", "tags": "none"}, False),
    ],
)
def test_all_that_is_said_has_to_hold(said: Any, admitted: bool) -> None:
    """States and operations are alternatives; tags are all needed; a time's beginning belongs to it, its end does not."""
    assert parse_filter(**said).admits(record(ASKED, "a", "b", ended=AT + 2 * SECOND)) is admitted


def test_who_has_not_ended_did_so_at_no_time() -> None:
    """A filter by when jobs ended means none that go on."""
    assert not parse_filter(ended_before=AT + SECOND).admits(record())


def test_reads_may_be_left_out() -> None:
    """What only looks at something is told from what does something."""
    assert {"hive_list", "status"} < READS
    assert not parse_filter(reads=False).admits(record(HiveList()))
    assert parse_filter().admits(record(HiveList()))


def test_a_worker_is_found_by_its_spawn() -> None:
    """The name that it is to have is that of the worker."""
    spawn = record(WorkerSpawn(model="sim:echo", name="mine"))
    assert parse_filter(worker="mine", hive="local", model="sim:echo").admits(spawn)
    assert ("worker", "mine") in aspects(spawn.operation, spawn.state, (), spawn.request)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("state", value) for value in ("sleeping", 7, None, [1], [["queued"]])),
        *(("operation", value) for value in ("", "no operation", 7, [1], None)),
        *((name, value) for name in ("hive", "worker") for value in ("", "A b", 7, ["a"])),
        *(("model", value) for value in ("", "a\n", 7)),
        *(("tags", value) for value in ("", "a,b", 7, [1], None)),
        *(("created_after", value) for value in (AT.replace(tzinfo=None), "2026-01-01", 7, SECOND)),
        *(("reads", value) for value in (None, 1, "no")),
        ("colour", "red"),
    ],
)
def test_what_is_no_choice_is_refused_by_name(name: str, value: Any) -> None:
    """A typed error that says what it has to be."""
    with pytest.raises(InvalidRequest) as caught:
        parse_filter(**{name: value})
    assert caught.value.what.startswith(name)
    assert caught.value.why


def test_an_operation_that_there_is_none_of_gets_the_nearest() -> None:
    """A slip is refused, as one in a state is: it would find nothing, and look like no jobs."""
    with pytest.raises(InvalidRequest, match="operation 'infr' is unknown; did you mean 'infer'") as caught:
        parse_filter(operation=["embed", "infr"])
    assert "infer_batch" in caught.value.why


TIMES = st.none() | st.datetimes(timezones=st.just(UTC))
FILTERS = st.builds(
    JobFilter,
    state=st.lists(st.sampled_from(State), max_size=2).map(tuple),
    hive=st.sampled_from([None, "local"]),
    tags=st.sets(st.sampled_from(["a", "b c"])).map(tuple),
    created_after=TIMES,
    ended_before=TIMES,
    reads=st.booleans(),
)


@given(FILTERS)
def test_what_lasts_is_wider(wanted: JobFilter) -> None:
    """Whatever is admitted now is admitted by what does not change; a query says what differs from all jobs."""
    jobs = [record(), record(HiveList()), record(ASKED, "a", "b c", ended=AT, state=State.FAILED)]
    assert all(wanted.lasting.admits(job) for job in jobs if wanted.admits(job))
    assert (wanted.query() == {}) is (wanted == ALL)
