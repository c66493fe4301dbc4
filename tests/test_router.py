"""The router, with no HTTP in sight."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queenlib.errors import InvalidOperation, UnknownJob
from queenlib.home import Home
from queenlib.messages.base import Recovery
from queenlib.messages.parse import OPERATIONS, parse_operation
from queenlib.router import Router, route_operation
from queenlib.state import QueenState


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


async def test_routing_begins_nothing(state: QueenState) -> None:
    """The work begins when it is drawn from, not when it is routed."""
    work = route_operation(parse_operation({"operation": "hive_create", "id": "bee", "kind": "simulated"}), state)
    assert len(state.hives.infos()) == 1
    assert [item async for item in work]
    assert len(state.hives.infos()) == 2
