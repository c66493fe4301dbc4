"""The description of the API says what there is."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from queenlib.http.app import build_routes
from queenlib.http.openapi import document
from tests.http.served import Served


@pytest.fixture
def described() -> Any:
    """The description, read."""
    return json.loads(document())


async def test_every_route_is_described_and_nothing_else(queen: Served, described: Any) -> None:
    """Path and method, one for one."""
    routes = {(route.path, method.lower()) for route in build_routes(queen.router) for method in route.methods or ()}
    assert routes == {(path, method) for path, methods in described["paths"].items() for method in methods}


def test_every_reference_leads_somewhere(described: Any) -> None:
    """All schemas are in one place, and none is missing."""
    found = set(re.findall(r'"\$ref": "([^"]*)"', document().decode()))
    assert found
    assert all(reference.startswith("#/components/schemas/") for reference in found)
    assert {reference.rpartition("/")[2] for reference in found} <= described["components"]["schemas"].keys()


def test_refusals_are_described(described: Any) -> None:
    """Each endpoint says what it answers to who may not pass, and the open one needs no token."""
    for path, methods in described["paths"].items():
        for each in methods.values():
            assert {"400", "401", "403", "431", "500"} <= each["responses"].keys(), path
    assert described["security"] == [{"token": []}]
    assert described["paths"]["/health"]["get"]["security"] == []


def test_what_may_be_sent_is_described(described: Any) -> None:
    """Keys, retries and epochs have their place in it."""

    def names(path: str, method: str) -> set[str]:
        return {each["name"].lower() for each in described["paths"][path][method].get("parameters", ())}

    assert {"idempotency-key", "retry", "start"} <= names("/v1/jobs", "post")
    assert {"queen-epoch", "last-event-id", "after"} <= names("/v1/jobs/{job_id}/stream", "get")
    assert "requestBody" in described["paths"]["/v1/prune"]["post"]


async def test_statuses_of_removals_are_the_described_ones(queen: Served, described: Any) -> None:
    """Done, refused, not there: each is among what the endpoint says."""
    job, busy = await queen.run(["a"]), await queen.run(["a"], asyncio.Event())
    await queen.ask(f"/v1/jobs/{job}/stream")
    asked: list[tuple[str, str, str, bytes | None, int]] = [
        ("/v1/jobs/{job_id}/log", "delete", busy, None, 409), ("/v1/jobs/{job_id}/log", "delete", job, None, 200),
        ("/v1/jobs/{job_id}/log", "delete", job, None, 404), ("/v1/prune", "post", "", b'{"size": 0, "dry_run": true}', 200),
        ("/v1/prune", "post", "", b"{}", 400), ("/v1/jobs", "post", "", b'{"operation": "hive_lst"}', 422),
    ]  # fmt: skip
    for path, method, job_id, body, status in asked:
        answer = await queen.ask(path.format(job_id=job_id), method.upper(), body=body)
        responses = described["paths"][path][method]["responses"]
        assert answer.status == status
        assert (answer.header("content-type") or "").partition(";")[0] in responses[str(status)]["content"], (path, answer)


async def test_a_conflict_of_keys_is_described(queen: Served, described: Any) -> None:
    """409 is among what creating a job may be answered with."""
    answers = [
        await queen.ask("/v1/jobs", "POST", ["Idempotency-Key: k"], b'{"operation": "%s"}' % name)
        for name in (b"hive_list", b"status")
    ]
    assert [answer.status for answer in answers] == [201, 409]
    assert {"201", "409"} <= described["paths"]["/v1/jobs"]["post"]["responses"].keys()


async def test_statuses_are_the_described_ones(queen: Served, described: Any) -> None:
    """What an endpoint answers is among what it says."""
    job = await queen.run(["a"])
    await queen.ask(f"/v1/jobs/{job}/stream")
    asked = [
        ("/v1/jobs", "get", "?limit=0"), ("/v1/jobs", "get", ""), ("/v1/info", "get", "?x=1"),
        ("/v1/jobs", "delete", ""), ("/v1/jobs", "delete", "?tag=x"), ("/v1/jobs", "delete", "?everything=no"),
        ("/v1/jobs/{job_id}/stream", "get", "?after=99"), ("/v1/jobs/{job_id}/stream", "get", "?after=6"),
        ("/v1/jobs/{job_id}", "get", ""), ("/v1/jobs/{job_id}", "delete", ""), ("/v1/jobs/{job_id}/snapshot", "get", ""),
    ]  # fmt: skip
    for path, method, query in asked:
        answer = await queen.ask(path.format(job_id=job) + query, method.upper())
        responses = described["paths"][path][method]["responses"]
        kind = (answer.header("content-type") or "").partition(";")[0]
        assert kind in responses[str(answer.status)].get("content", {"": {}}), (path, answer)
