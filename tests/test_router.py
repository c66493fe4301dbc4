"""The router, with no HTTP in sight."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from queenlib.columns.logs import jobs_frame
from queenlib.errors import InUse, InvalidOperation, InvalidRequest, KeyConflict, StreamReset, UnknownJob
from queenlib.home import Home
from queenlib.messages.base import Operation, Recovery
from queenlib.messages.batch import InferBatch
from queenlib.messages.embed import Embed
from queenlib.messages.events import Event, StateData, StateEvent
from queenlib.messages.filter import parse_filter
from queenlib.messages.hive import HiveDelete, HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL, JobRecord, Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.parse import OPERATIONS
from queenlib.messages.state import State
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.router import Router
from queenlib.state import QueenState
from tests.registry.test_store import AT, ended, first, grown, lines


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[QueenState]:
    """A queen's state, closed in the end."""
    made = QueenState.open(Home.open(tmp_path))
    yield made
    await made.close()


async def test_create_job(state: QueenState) -> None:
    """A created job's id starts with `job-`, its stream's address is computed from it, and it is there once."""
    router = Router(state)
    response = await router.create_job({"operation": "hive_list"})
    assert response.job_id.startswith("job-")
    assert response.sse_url == f"/v1/jobs/{response.job_id}/stream"
    assert [job.id for job in (await router.list_jobs()).jobs] == [response.job_id]


async def test_execute_job_gets_and_follows(state: QueenState) -> None:
    """The stream of a job carries its result and its end; a second one is the same."""
    router = Router(state)
    job_id = (await router.create_job({"operation": "hive_list"})).job_id
    log = [event async for event in await router.execute_job(job_id)]
    assert [event.type for event in log] == ["state", "state", "result", "end"]
    assert [event async for event in await router.execute_job(job_id)] == log


async def test_an_unknown_job_is_refused_before_the_stream(state: QueenState) -> None:
    """The await itself raises, so that HTTP can answer with a status."""
    with pytest.raises(UnknownJob):
        await Router(state).execute_job("job-none")


async def test_a_bad_payload_makes_no_job(state: QueenState) -> None:
    """Nothing is created from what is no operation."""
    router = Router(state)
    with pytest.raises(InvalidOperation):
        await router.create_job({"operation": "hive_start", "hive_id": "No Name"})
    assert (await router.list_jobs()).jobs == ()


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.recovery is Recovery.READ])
async def test_every_read_has_its_function_and_declared_result(state: QueenState, name: str) -> None:
    """Each operation that reads is routed, and what it yields last is of its declared class, or its typed error."""
    example = {"worker_get": {"worker_id": "w"}, "model_get": {"model": "smollm2-135m"}}.get(name, {})
    router = Router(state)
    job_id = (await router.create_job({"operation": name, **example})).job_id
    assert [event async for event in await router.execute_job(job_id)]
    record = await router.get_job(job_id)
    if name == "worker_get":
        assert record.error is not None
        assert record.error.kind == "UnknownWorker"
    else:
        assert OPERATIONS[name].result_model.model_validate_json(json.dumps(record.result))


async def test_a_key_is_a_job(state: QueenState) -> None:
    """Asked for again with its key it is the same job, with the same ticket; another payload or other terms conflict."""
    router = Router(state)
    made = await router.create_job(HiveList(), terms=Terms(key="k"))
    assert (await router.create_job({"operation": "hive_list"}, terms=Terms(key="k"))).ticket() == made.ticket()
    for payload, terms in ((Infer(prompt="x"), Terms(key="k")), (HiveList(), Terms(key="k", retry=1))):
        with pytest.raises(KeyConflict) as caught:
            await router.create_job(payload, terms=terms)
        assert caught.value.other_id == made.job_id
    assert (await router.create_job(HiveList())).job_id != made.job_id


@pytest.mark.parametrize("kept", ["memory", "disk"])
async def test_a_job_that_names_no_model_is_found_by_the_default(tmp_path: Path, kept: str) -> None:
    """So it is before and after its end and in a frame; its key stands for what was said, also under another default."""
    state = QueenState.open(Home.open(tmp_path), store=MemoryStore() if kept == "memory" else None)
    router = Router(replace(state, default_model="sim:echo"))
    asked: list[Operation] = [Infer(prompt="x"), InferBatch(prompt="{a}", columns={"a": ("x",)}), Embed(texts=("x",))]
    made = [await router.create_job(each, terms=Terms(start="on_stream", key=each.operation)) for each in asked]
    await router.create_job(Infer(prompt="x", model="other"), terms=Terms(start="on_stream"))
    wanted, ids = parse_filter(model="sim:echo"), [each.job_id for each in reversed(made)]
    assert [job.id for job in (await router.list_jobs(wanted=wanted)).jobs] == ids
    later = Router(replace(state, default_model="sim:words"))
    assert (await later.create_job(asked[0], terms=Terms(start="on_stream", key="infer"))).job_id == ids[-1]
    assert [event async for event in await later.execute_job(ids[-1])][-1].type == "end"
    result = (await later.get_job(ids[-1])).result
    assert result is not None
    assert result["model"]["name"] == "sim:echo"
    assert [job.id for job in (await later.list_jobs(wanted=wanted)).jobs] == ids
    assert list(jobs_frame((await later.list_jobs()).jobs)["model"]) == ["other", *["sim:echo"] * 3]
    await state.close()


async def test_a_job_that_has_ended_is_deleted(state: QueenState) -> None:
    """One that waits to be started is not; a beginning of its id will do."""
    router = Router(state)
    waits = (await router.create_job(HiveList(), terms=Terms(start="on_stream"))).job_id
    with pytest.raises(InUse):
        await router.delete_job(waits)
    assert [event async for event in await router.execute_job(waits)]
    assert (await router.delete_job(waits[:-1])).id == waits
    with pytest.raises(UnknownJob):
        await router.delete_job(waits)


async def test_jobs_are_pruned_by_what_is_said(state: QueenState) -> None:
    """By neither, and by what is negative, nothing is; what is removed is told."""
    router = Router(state)
    job_id = (await router.create_job(HiveList())).job_id
    assert [event async for event in await router.execute_job(job_id)]
    wrong: list[dict[str, Any]] = [{}, {"dry_run": True}, {"age_s": -1}, {"size": -1}, {"age_s": 0, "size": -1}]
    for said in wrong:
        with pytest.raises(InvalidRequest) as caught:
            await router.prune_jobs(**said)
        assert caught.value.state == "Nothing was removed."
    assert (await router.prune_jobs(age_s=3600)).jobs == ()
    for dry_run in (True, False):
        assert [job.id for job in (await router.prune_jobs(age_s=0, dry_run=dry_run)).jobs] == [job_id]
    assert (await router.list_jobs()).jobs == ()


def states(job_id: str, *steps: tuple[State, str]) -> list[Event]:
    """The events after the first of a job that went through these."""
    return [
        StateEvent(job_id=job_id, seq=2 + n, at=AT, data=StateData(state=state, reason=reason))
        for n, (state, reason) in enumerate(steps)
    ]


RUNNING = (State.RUNNING, "")
LOST = (State.LOST, "queen_died")
LEFT: dict[str, tuple[Operation, Terms, Sequence[tuple[State, str]], tuple[State, str], int]] = {
    "job-queued": (HiveList(), USUAL, [], (State.SUCCEEDED, ""), 1),
    "job-read": (HiveList(), USUAL, [RUNNING], (State.SUCCEEDED, ""), 2),
    "job-seen": (HiveList(), Terms(start="on_stream"), [RUNNING], (State.SUCCEEDED, ""), 2),
    "job-gone": (ModelDelete(model="mine"), USUAL, [RUNNING], (State.SUCCEEDED, ""), 2),
    "job-none": (HiveDelete(hive_id="none"), USUAL, [], (State.FAILED, ""), 1),
    "job-infer": (Infer(prompt="x", model="m"), USUAL, [RUNNING], LOST, 1),
    "job-retry": (Infer(prompt="x", model="sim:no"), Terms(retry=1), [RUNNING], (State.FAILED, ""), 2),
    "job-waits": (Infer(prompt="x", model="sim:no"), USUAL, [RUNNING, (State.WAITING, "slot")], (State.FAILED, ""), 2),
    "job-secret": (Infer(prompt="x", private=True), Terms(retry=1), [], LOST, 1),
    "job-cancel": (HiveList(), USUAL, [RUNNING, (State.CANCELLING, "cancel")], (State.CANCELLED, "cancel"), 1),
    "job-late": (HiveList(), USUAL, [RUNNING, (State.CANCELLING, "timeout")], LOST, 1),
}
"""What a queen left who died: an operation, what was agreed, how far it came; and how it ends, in which attempt."""


async def left(kept: Memory) -> None:
    """All that, in a store."""
    store = MemoryStore(kept)
    for job_id, (operation, terms, steps, _, _) in LEFT.items():
        record, event = first(job_id, operation, terms)
        await store.create(record, [event], "")
        if steps:
            await grown(store, record, states(job_id, *steps))


async def reach_end(router: Router, job_id: str) -> JobRecord:
    """A job that ends though nobody follows it."""
    async with asyncio.timeout(30):
        while not (record := await router.get_job(job_id)).state.ended:
            await asyncio.sleep(0.001)
    return record


async def test_the_next_queen_sees_to_every_job(tmp_path: Path) -> None:
    """Each that a dead one left ends unasked as it has to: gone on with, begun anew and said so, cancelled, or lost."""
    kept = Memory()
    await left(kept)
    state = QueenState.open(Home.open(tmp_path), store=MemoryStore(kept))
    router = await Router.begin(state)
    for job_id, (_, _, _, (ends, reason), attempt) in LEFT.items():
        record = await reach_end(router, job_id)
        assert (record.state, record.attempt) == (ends, attempt), (job_id, record)
        assert not reason or record.reason == reason
        log = [event async for event in await router.execute_job(job_id)]
        assert [event.seq for event in log] == list(range(1, record.last_seq + 1))
        assert sum(event.type == "attempt" for event in log) == attempt - 1
    assert "gone already" in str([str(event) async for event in await router.execute_job("job-gone")])
    await router.close()


async def test_a_jobs_time_goes_on_between_queens(tmp_path: Path) -> None:
    """One whose time is over ends as the next queen begins, without another attempt; one whose time is not has the rest."""
    kept, store_of = Memory(), MemoryStore
    sleepy = Infer(prompt="x", model="sim:stall", hive_id="none")
    for job_id, seconds, steps in (("job-over", 5.0, [RUNNING]), ("job-queued", 5.0, []), ("job-rest", 10.4, [])):
        record, event = first(job_id, sleepy if steps else HiveList(), Terms(timeout=seconds, retry=1, start="on_stream"))
        began = event.model_copy(update={"at": datetime.now(UTC) - timedelta(seconds=10)})
        await store_of(kept).create(record.model_copy(update={"created_at": began.at}), [began], "")
        if steps:
            await grown(store_of(kept), record.model_copy(update={"created_at": began.at}), states(job_id, *steps))
    router = await Router.begin(QueenState.open(Home.open(tmp_path), store=store_of(kept)))
    for job_id in ("job-over", "job-queued"):
        record = await router.get_job(job_id)
        assert (record.state, record.reason, record.attempt) == (State.FAILED, "timeout", 1)
    assert (await router.get_job("job-rest")).state is State.QUEUED
    record = await reach_end(router, "job-rest")
    assert (record.state, record.reason, record.started_at) == (State.FAILED, "timeout", None)
    await router.close()


async def test_one_that_waits_for_its_stream_still_does(tmp_path: Path) -> None:
    """The next queen does not start it; whoever looks does, and it was not begun before."""
    kept = Memory()
    record, event = first("job-later", HiveList(), Terms(start="on_stream"))
    await MemoryStore(kept).create(record, [event], "")
    router = await Router.begin(QueenState.open(Home.open(tmp_path), store=MemoryStore(kept)))
    assert (await router.get_job("job-later")) == record
    log = [event async for event in await router.execute_job("job-later")]
    assert [event.type for event in log] == ["state", "state", "result", "end"]
    await router.close()


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("dream", {"operation": "dream", "of": "sheep"}),
        ("hive_list", {"operation": "hive_list", "more": 1}),
        ("infer", {"operation": "infer"}),
        ("infer", {}),
    ],
)
async def test_what_cannot_be_read_is_lost_and_harms_no_other(tmp_path: Path, name: str, request_: dict[str, Any]) -> None:
    """Jobs of a version that knew other operations end and say so; the queen begins, and does the rest."""
    kept = Memory()
    store = MemoryStore(kept)
    for job_id in ("job-odd", "job-right"):
        record, event = first(job_id)
        odd = {"operation": name, "request": request_} if job_id == "job-odd" else {}
        await store.create(record.model_copy(update=odd), [event], "")
    router = await Router.begin(QueenState.open(Home.open(tmp_path), store=MemoryStore(kept)))
    odd_one = await reach_end(router, "job-odd")
    assert (odd_one.state, odd_one.operation, odd_one.request) == (State.LOST, name, request_)
    assert odd_one.error is not None
    assert "cannot read its operation" in odd_one.error.why
    assert (await reach_end(router, "job-right")).state is State.SUCCEEDED
    await router.close()


async def test_what_has_ended_is_left_as_it_is(tmp_path: Path) -> None:
    """Beginning touches nothing of it, and neither does following it."""
    kept = Memory()
    before = await ended(MemoryStore(kept), "job-a", Infer(prompt="x", model="m"), lines=3)
    router = await Router.begin(QueenState.open(Home.open(tmp_path), store=MemoryStore(kept)))
    assert len([event async for event in await router.execute_job("job-a")]) == 5
    assert await router.get_job("job-a") == before
    await router.close()


async def test_a_reader_of_an_older_epoch_is_told_where_its_events_end(tmp_path: Path) -> None:
    """Who has seen events that were taken back gets `StreamReset`; who has not reads on, as does who does not say."""
    kept = Memory()
    store = MemoryStore(kept)
    record, event = first("job-a", Infer(prompt="x", model="m"))
    await grown_from(store, record.model_copy(update={"epoch": 1}), event)
    router = await Router.begin(QueenState.open(Home.open(tmp_path), store=MemoryStore(kept)))
    for after in (8, 9, 10**9):
        with pytest.raises(StreamReset) as caught:
            await router.execute_job("job-a", after, 1)
        assert (caught.value.last_seq, caught.value.epoch) == (7, 2)
    for after, epoch in ((0, 0), (7, 1), (7, None), (8, 2), (8, None), (8, 3)):
        log = [event.seq async for event in await router.execute_job("job-a", after, epoch)]
        assert log == list(range(after + 1, 9))
    await router.close()


async def grown_from(store: MemoryStore, record: JobRecord, event: StateEvent) -> None:
    """A job that had come to event 7 when its queen died."""
    await store.create(record, [event], "")
    await grown(store, record, [*states(record.id, RUNNING), *lines(record.id, 3, 5)])
