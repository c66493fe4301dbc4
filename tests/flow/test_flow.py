"""The flow, near and far: created once, streamed by anyone, ended with proof."""

import asyncio
import urllib.parse
from typing import Any

import pytest

from queenlib import Infer, InvalidOperation, Queen, errors
from queenlib.messages.base import Operation
from queenlib.messages.events import EndEvent, Event, TokenEvent
from queenlib.messages.hive import HiveList, HiveListing
from queenlib.messages.infer import InferResult
from queenlib.messages.state import State

NASTY = "[DONE]\n\ndata: x\r\nevent: end\r\u2028<script>alert(1)</script> \x1b[31m 👩‍🚀 ünï"


def echo(text: str, **faults: object) -> str:
    """A simulated model that says this."""
    parts = {"text": text, **faults}
    return "sim:echo?" + urllib.parse.urlencode(parts, quote_via=urllib.parse.quote)


def text_of(log: list[Event]) -> str:
    """The answer in a log."""
    return "".join(event.data.text for event in log if isinstance(event, TokenEvent))


async def test_an_operation_becomes_a_job_and_its_stream_carries_the_answer(queen: Queen) -> None:
    """`await jobs.create(op)`; `async for event in jobs.stream(id)`: dense numbers, one end, the typed result."""
    job = await queen.jobs.create(Infer(prompt="hello", model=echo("the answer is here")))
    assert job.id.startswith("job-")
    log = [event async for event in queen.jobs.stream(job.id)]
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert isinstance(log[-1], EndEvent)
    assert text_of(log) == "the answer is here"
    result = await job
    assert isinstance(result, InferResult)
    assert (result.text, result.job_id, result.finish_reason) == ("the answer is here", job.id, "stop")


@pytest.mark.parametrize("op", [HiveList(), {"operation": "hive_list"}])
async def test_a_dict_is_as_good_as_an_operation(queen: Queen, op: Operation | dict[str, Any]) -> None:
    """The plain dict of an operation gives the same job."""
    result = await (await queen.jobs.create(op))
    assert isinstance(result, HiveListing)
    assert "local" in [hive.id for hive in result.hives]


def test_without_a_loop_it_works_as_well(queen: Queen) -> None:
    """`job.wait()`, `for event in job` and the blocking twins need no `await`."""
    job = queen.infer("x", model=echo("quiet"))
    assert text_of(list(job)) == job.wait(timeout=30).text == "quiet"
    assert queen.sync.jobs.get(job.id).state is State.SUCCEEDED
    assert job.id in [each.id for each in queen.sync.jobs.list().jobs]


async def test_it_may_be_waited_for_under_a_running_loop(queen: Queen) -> None:
    """A blocking wait in a notebook's own loop does not dead-lock."""
    assert queen.infer("x", model=echo("blocking")).wait(timeout=30).text == "blocking"


async def test_whatever_a_model_says_arrives_unharmed(queen: Queen) -> None:
    """End markers, line ends, U+2028, HTML and escapes are text like any other."""
    job = queen.infer("x", model=echo(NASTY))
    assert "".join([piece async for piece in job.text()]) == NASTY
    assert "".join(job.text()) == NASTY
    assert (await job).text == NASTY


async def test_a_replay_is_the_same_and_can_begin_anywhere(queen: Queen) -> None:
    """Later readers see the same events; `after` cuts the beginning off; the result can be had again."""
    job = queen.infer("x", model="sim:words?tokens=20&tokens_per_s=500")
    log = [event async for event in job]
    assert [event async for event in queen.jobs.stream(job.id)] == log
    assert [event async for event in queen.jobs.stream(job.id, after=5)] == log[5:]
    assert [event async for event in queen.jobs.stream(job.id, after=len(log))] == []
    assert await queen.jobs.result(job.id) == await queen.jobs.attach(job.id[:10]) == await job
    with pytest.raises(errors.StreamBeyondEnd) as caught:
        await anext(queen.jobs.stream(job.id, after=10_000))
    assert caught.value.last_seq == len(log)


async def test_lines_come_whole(queen: Queen) -> None:
    """`lines=True` gives the answer in whole lines."""
    job = queen.infer("x", model=echo("one\ntwo\nthree"))
    lines = [line async for line in queen.jobs.stream(job.id, lines=True)]
    at = lines.index("one")
    assert lines[at : at + 3] == ["one", "two", "three"]


async def test_leaving_a_stream_does_not_stop_its_job(queen: Queen) -> None:
    """Who leaves in the middle can come back to a finished job."""
    job = queen.infer("x", model="sim:words?tokens=40&tokens_per_s=100")
    async for event in job:
        if isinstance(event, TokenEvent):
            break
    result = await job
    assert result.usage.completion_tokens == 40


async def test_twenty_jobs_three_readers_each(queen: Queen) -> None:
    """All readers of a job see one dense sequence, and no worker is asked for more than it has slots."""
    model = "sim:words?tokens=15&tokens_per_s=300&seed=20"
    await queen.workers.spawn(model, name="twenty", slots=3)
    jobs = [queen.infer(f"question {n}", model=model) for n in range(20)]

    async def read(job_id: str) -> list[bytes]:
        return [event.line async for event in queen.jobs.stream(job_id)]

    logs = await asyncio.gather(*(read(job.id) for job in jobs for _ in range(3)))
    for n in range(0, 60, 3):
        assert logs[n] == logs[n + 1] == logs[n + 2]
    results = [await job for job in jobs]
    assert {result.worker_id for result in results} == {"twenty"}
    assert all(result.usage.completion_tokens == 15 for result in results)
    worker = await queen.workers.get("twenty")
    assert (worker.slots_busy, worker.waiting, worker.state) == (0, 0, "ready")


async def test_many_who_need_one_model_share_one_load(queen: Queen) -> None:
    """Ten at once on a model that nobody has loaded: one worker, and each sees the load in its own log."""
    model = "sim:words?tokens=3&tokens_per_s=1000&load_s=1.5&seed=7"
    jobs = [queen.infer("x", model=model) for _ in range(10)]
    logs = [[event async for event in job] for job in jobs]
    assert len({(await job).worker_id for job in jobs}) == 1
    assert all(any(event.type == "progress" and "load" in event.data.what for event in log) for log in logs)
    assert all("waiting" in [str(event.data.state) for event in log if event.type == "state"] for log in logs)


async def test_cancel_ends_the_generation_and_keeps_what_came(queen: Queen) -> None:
    """A cancelled job has ended when cancel returns: its partial answer stays, its slot is free again."""
    model = "sim:words?tokens=100000&tokens_per_s=200&seed=3"
    job = queen.infer("x", model=model, max_tokens=3000)
    async for event in job:
        if isinstance(event, TokenEvent):
            break
    record = await job.cancel()
    assert record.state is State.CANCELLED
    assert text_of([event async for event in job])
    with pytest.raises(errors.JobCancelled):
        await job
    workers = (await queen.workers.list()).workers
    assert [worker.slots_busy for worker in workers if worker.model == model] == [0]
    assert (await job.cancel()).state is State.CANCELLED


async def test_cancel_while_it_loads_takes_the_worker_down(queen: Queen) -> None:
    """The only one who waits for a load can end it."""
    model = "sim:words?load_s=60&seed=4"
    job = queen.infer("x", model=model)
    async for event in job:
        if event.type == "progress":
            break
    assert (await job.cancel()).state is State.CANCELLED
    states = [worker.state for worker in (await queen.workers.list()).workers if worker.model == model]
    assert states == ["stopped"]


async def test_a_job_may_wait_for_its_first_stream(queen: Queen) -> None:
    """`start="on_stream"`: nothing happens until somebody reads."""
    job = await queen.jobs.create(HiveList(), start="on_stream")
    await asyncio.sleep(0.1)
    assert (await queen.jobs.get(job.id)).state is State.QUEUED
    log = [event async for event in job]
    assert log[-1].data.state is State.SUCCEEDED


async def test_a_bad_operation_makes_no_job(queen: Queen) -> None:
    """Every bad field is named on the calling line, and nothing is created."""
    before = len((await queen.jobs.list(limit=1000)).jobs)
    with pytest.raises(InvalidOperation) as caught:
        queen.infer("x", max_token=3, temperature=9)  # type: ignore[call-arg]
    assert {each["field"] for each in caught.value.problems} == {"max_token", "temperature"}
    with pytest.raises(InvalidOperation):
        await queen.jobs.create({"operation": "nonsense"})
    assert len((await queen.jobs.list(limit=1000)).jobs) == before


async def test_hives_come_and_go(queen: Queen) -> None:
    """A simulated hive is added, runs a model, is stopped, started, and removed."""
    await queen.hives.add("attic", kind="simulated")
    await queen.hives.add("attic", kind="simulated")  # converges
    assert (await queen.hives.get("attic")).state == "stopped"
    assert (await queen.infer("x", hive="attic", model=echo("from the attic"))).hive_id == "attic"
    report = await queen.hives.status("attic")
    assert {device.kind for device in report.devices} == {"simulated"}
    assert (await queen.hives.update("attic", address="upstairs")).address == "upstairs"
    assert (await queen.hives.stop("attic")).state == "stopped"
    with pytest.raises(errors.HiveStopped):
        await queen.infer("x", hive="attic", model=echo("silence"))
    assert (await queen.hives.start("attic")).state == "ready"
    assert (await queen.hives.remove("attic")).id == "attic"
    with pytest.raises(errors.UnknownHive):
        await queen.hives.get("attic")


async def test_this_machine_is_looked_at_for_real(queen: Queen) -> None:
    """The local hive's status has a processor with cores and memory, and a load."""
    report = await queen.hives.status()
    assert report.devices[0].id == "cpu"
    assert report.load is not None
    assert report.load.memory > 0


async def test_workers_converge_by_name(queen: Queen) -> None:
    """A named worker is spawned once; the same name for something else is refused; stopping it removes it."""
    model = "sim:words?seed=11"
    first = await queen.workers.spawn(model, name="solo", slots=1)
    again = await queen.workers.spawn(model, name="solo", slots=1)
    assert first.pid == again.pid
    with pytest.raises(errors.NameTaken):
        await queen.workers.spawn("sim:words?seed=12", name="solo")
    assert (await queen.workers.stop("solo")).id == "solo"
    with pytest.raises(errors.UnknownWorker):
        await queen.workers.get("solo")


async def test_a_worker_that_drains_finishes_first(queen: Queen) -> None:
    """Stopping a busy worker lets its generation end."""
    model = "sim:words?tokens=60&tokens_per_s=100&seed=13"
    await queen.workers.spawn(model, name="drains", slots=1)
    job = queen.infer("x", model=model, worker="drains")
    async for event in job:
        if isinstance(event, TokenEvent):
            break
    await queen.workers.stop("drains")
    assert (await job).usage.completion_tokens == 60


async def test_frames_are_typed(queen: Queen) -> None:
    """Jobs, events and tokens as frames: UTC times, documented columns, one row each."""
    job = queen.infer("x", model="sim:words?tokens=12&tokens_per_s=500")
    await job
    tokens = await job.frame(of="tokens")
    assert list(tokens["i"]) == list(range(12))
    assert "".join(tokens["text"]) == (await job).text
    assert str(tokens["at"].dtype) == "datetime64[ns, UTC]"
    events = await job.frame(of="events")
    assert list(events["seq"]) == list(range(1, len(events) + 1))
    jobs = await queen.jobs.frame()
    row = jobs[jobs["job_id"] == job.id].iloc[0]
    assert (row["operation"], row["state"], row["pieces"]) == ("infer", "succeeded", 12)
    assert "hive_list" not in set(jobs["operation"])


async def test_the_self_tests_report_in_plain_words(queen: Queen) -> None:
    """A hive's check starts a worker that answers; the queen's check looks at the home."""
    hive = await queen.check("local")
    assert [check.name for check in hive.checks] == ["devices", "worker"]
    assert hive.ok, hive
    own = await queen.check()
    assert {"home", "engine", "default model"} <= {check.name for check in own.checks}


async def test_who_answers_is_known(queen: Queen) -> None:
    """The info names version, operations and default model."""
    info = await queen.info()
    assert "infer" in info.operations
    assert info.version
