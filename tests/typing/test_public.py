"""The public face as a type checker sees it, and as it is: each call has the type that its declaration promises.

The checker reads `assert_type`; running looks at the same values.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, assert_type

import pytest

from queenlib import Event, HiveList, Infer, Job, Queen, QueenError, State, errors, parse_operation
from queenlib.client.feed import Feed
from queenlib.messages.base import Deleted
from queenlib.messages.hive import HiveInfo, HiveListing, HiveStatusReport
from queenlib.messages.infer import InferResult
from queenlib.messages.job import JobListing, JobRecord, QueenInfo
from queenlib.messages.model import ModelInfo, ModelListing
from queenlib.messages.status import CheckReport, StatusReport
from queenlib.messages.worker import WorkerInfo, WorkerListing

ECHO = "sim:echo?text=hello"


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen in this process."""
    with assert_type(Queen(tmp_path_factory.mktemp("home")), Queen) as made:
        yield made


async def test_an_answer_is_typed(queen: Queen) -> None:
    """`infer` is a job of an answer, however its result is had."""
    job = assert_type(queen.infer("x", model=ECHO), Job[InferResult])
    result = assert_type(await job, InferResult)
    assert_type(job.wait(), InferResult)
    assert_type(await job.result(timeout=30), InferResult)
    assert_type(result.text, str)
    assert isinstance(result, InferResult)


async def test_streams_are_typed(queen: Queen) -> None:
    """Events, lines and pieces come as what they are."""
    job = queen.infer("x", model=ECHO)
    async for event in job:
        assert_type(event, Event)
    for event in job:
        assert_type(event, Event)
    async for piece in assert_type(job.text(), Feed[str]):
        assert_type(piece, str)
    for piece in job.text():
        assert_type(piece, str)
    async for event in assert_type(queen.jobs.stream(job.id, after=2), AsyncGenerator[Event]):
        assert_type(event.seq, int)
    async for line in assert_type(queen.jobs.stream(job.id, lines=True), AsyncGenerator[str]):
        assert isinstance(line, str)
    assert_type(queen.sync.jobs.stream(job.id), Iterator[Event])
    assert_type(queen.sync.jobs.stream(job.id, lines=True), Iterator[str])


async def test_jobs_are_typed(queen: Queen) -> None:
    """Each verb of `queen.jobs` and its twin give the same type."""
    job = assert_type(await queen.jobs.create(HiveList()), Job[Any])
    assert_type(queen.sync.jobs.create({"operation": "hive_list"}), Job[Any])
    assert_type(await queen.jobs.get(job.id), JobRecord)
    assert_type(queen.sync.jobs.get(job.id), JobRecord)
    assert_type(await job.cancel(), JobRecord)
    assert_type(queen.sync.jobs.cancel(job.id), JobRecord)
    listing = assert_type(await queen.jobs.list(), JobListing)
    assert_type(queen.sync.jobs.list(limit=3), JobListing)
    assert_type(listing.jobs[0].state, State)
    assert_type(queen.jobs.attach(job.id), Job[Any])
    info = assert_type(await queen.info(), QueenInfo)
    assert assert_type(queen.sync.info(), QueenInfo) == info


async def test_families_are_typed(queen: Queen) -> None:
    """Each method of hives, workers and models is a job of its own result."""
    assert isinstance(assert_type(await queen.hives.list(), HiveListing), HiveListing)
    assert isinstance(assert_type(await queen.hives.get(), HiveInfo), HiveInfo)
    assert isinstance(assert_type(await queen.hives.status(), HiveStatusReport), HiveStatusReport)
    assert isinstance(assert_type(await queen.models.list(), ModelListing), ModelListing)
    assert isinstance(assert_type(await queen.models.get("smollm2-135m"), ModelInfo), ModelInfo)
    worker = assert_type(await queen.workers.spawn("sim:words", name="typed"), WorkerInfo)
    assert isinstance(assert_type(await queen.workers.list(), WorkerListing), WorkerListing)
    assert isinstance(assert_type(await queen.workers.stop(worker.id), Deleted), Deleted)
    assert isinstance(assert_type(await queen.status(), StatusReport), StatusReport)
    assert_type(queen.check(), Job[CheckReport])


def test_errors_are_typed() -> None:
    """What an error knows can be read as what it is."""
    error: QueenError = errors.PromptTooLong("w", prompt_tokens=5, max_tokens=6, context=7)
    assert isinstance(error, errors.PromptTooLong)
    assert_type(error.context, int)
    assert_type(error.last_lines, Sequence[str])
    assert_type(error.job_id, str | None)
    operation = parse_operation({"operation": "infer", "prompt": "x"})
    assert isinstance(operation, Infer)
    assert_type(operation.prompt, str | None)
