"""From an error to an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib import errors
from queenlib.errors import InternalError, QueenError, QueueFull, UnknownJob, revive
from queenlib.http.problems import STATUS, answer_problem, status_of
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobListing
from queenlib.registry.memory import MemoryStore
from tests.http.served import served


def tree(root: type[QueenError] = QueenError) -> Iterator[type[QueenError]]:
    """Every class of errors."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("kind", sorted(tree(), key=str))
def test_every_error_has_a_status(kind: type[QueenError]) -> None:
    """The nearest ancestor in the table decides, and the body makes the same error again."""
    error = kind("It broke at 7.", why="Because.", state="All is kept.", next="Do this.", job_id="job-1")
    answer = answer_problem(error)
    assert answer.status_code == status_of(kind) == next(STATUS[each] for each in kind.__mro__ if each in STATUS)
    assert 400 <= answer.status_code < 600
    body = json.loads(bytes(answer.body))
    assert (body["type"], body["title"], body["status"]) == (kind.__name__, "It broke at 7.", answer.status_code)
    assert body["detail"] == "It broke at 7. Because. All is kept. Do this."
    again = revive(body["problem"])
    assert (type(again), again.problem()) == (kind, error.problem())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("InvalidRequest", 400), ("Forbidden", 403), ("UnknownHive", 404), ("StreamBeyondEnd", 409), ("NameTaken", 409),
        ("TooLarge", 413), ("InvalidOperation", 422), ("InternalError", 500), ("QueueFull", 503), ("JobTimeout", 504),
    ],
)  # fmt: skip
def test_the_statuses_are_those_of_the_wire(name: str, status: int) -> None:
    """What others rely on does not change unnoticed."""
    assert status_of(getattr(errors, name)) == status


def test_a_full_queen_says_when_to_come_again() -> None:
    """In whole seconds, rounded up."""
    answer = answer_problem(QueueFull("Full.", retry_after_s=1.2))
    assert answer.headers["retry-after"] == "2"


def test_a_status_may_be_another() -> None:
    """The guard and the routes know better than the table."""
    assert answer_problem(UnknownJob("No."), 410).status_code == 410


class BrokenStore(MemoryStore):
    """A store whose disk fails when jobs are listed."""

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        raise OSError(5, "Input/output error", "/a/secret/path")


async def test_a_defect_says_nothing_of_the_inside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is an InternalError without a traceback or a path, those are in the queen's own log, and she lives on."""
    async with served(tmp_path, BrokenStore()) as queen:
        answer = await queen.ask("/v1/jobs")
        assert (await queen.ask("/health")).status == 200
    assert (answer.status, answer.json["type"]) == (500, "InternalError")
    error = revive(answer.json["problem"])
    assert isinstance(error, InternalError)
    assert error.remote_traceback == ""
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    assert "/a/secret/path" in caplog.text
