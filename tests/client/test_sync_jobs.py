"""The blocking twins of `queen.jobs`."""

import inspect
from collections.abc import Iterator

import pytest

from queenlib import Queen
from queenlib.client.jobs import Jobs
from queenlib.client.sync_jobs import SyncJobs


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen in this process."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


def test_every_coroutine_has_its_twin() -> None:
    """What is awaited on `queen.jobs` can be had without `await` on `queen.sync.jobs`, with the same arguments."""
    verbs = [
        name for name, each in vars(Jobs).items() if inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
    ]
    assert {"create", "stream", "get", "result", "cancel", "list", "frame"} <= set(verbs)
    for name in verbs:
        awaited, blocking = getattr(Jobs, name), getattr(SyncJobs, name)
        assert list(inspect.signature(awaited).parameters) == list(inspect.signature(blocking).parameters)
        assert not inspect.iscoroutinefunction(blocking)
        assert name.startswith("_") or blocking.__doc__


def test_the_twins_do_the_same(queen: Queen) -> None:
    """Created, followed, found, shown and cancelled without a loop."""
    jobs = queen.sync.jobs
    job = jobs.create({"operation": "hive_list"})
    events = list(jobs.stream(job.id))
    assert [event.type for event in events] == ["state", "state", "result", "end"]
    assert list(jobs.stream(job.id, 2)) == events[2:]
    assert list(jobs.stream(job.id, lines=True)) == ["· queued", "· running", "· succeeded"]
    assert jobs.result(job.id) == job.wait()
    assert jobs.cancel(job.id) == jobs.get(job.id)
    assert job.id in [each.id for each in jobs.list(limit=1000).jobs]
    frame = jobs.frame(reads=True)
    assert job.id in set(frame["job_id"])
    assert job.id not in set(jobs.frame()["job_id"])
