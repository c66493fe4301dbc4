"""The description of the API says what there is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from queenlib.http.app import build_routes
from queenlib.http.openapi import document
from queenlib.messages.parse import OPERATIONS
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


def test_every_operation_is_in_it(described: Any) -> None:
    """By its name on the wire, with its schema and its result's."""
    schemas = described["components"]["schemas"]
    assert schemas["Operation"]["discriminator"]["mapping"].keys() == OPERATIONS.keys()
    for operation in OPERATIONS.values():
        assert schemas[operation.result_model.__name__]["properties"], operation


def test_refusals_are_described(described: Any) -> None:
    """Each endpoint says what it answers to who may not pass, and the open one needs no token."""
    for path, methods in described["paths"].items():
        for each in methods.values():
            assert {"400", "401", "403", "431", "500"} <= each["responses"].keys(), path
    assert described["security"] == [{"token": []}]
    assert described["paths"]["/health"]["get"]["security"] == []


async def test_statuses_are_the_described_ones(queen: Served, described: Any) -> None:
    """What an endpoint answers is among what it says."""
    job = await queen.run(["a"])
    await queen.ask(f"/v1/jobs/{job}/stream")
    asked = [
        ("/v1/jobs", "get", "?limit=0"), ("/v1/jobs", "get", ""), ("/v1/info", "get", "?x=1"),
        ("/v1/jobs/{job_id}/stream", "get", "?after=99"), ("/v1/jobs/{job_id}/stream", "get", "?after=6"),
        ("/v1/jobs/{job_id}", "get", ""), ("/v1/jobs/{job_id}", "delete", ""),
    ]  # fmt: skip
    for path, method, query in asked:
        answer = await queen.ask(path.format(job_id=job) + query, method.upper())
        responses = described["paths"][path][method]["responses"]
        kind = (answer.header("content-type") or "").partition(";")[0]
        assert kind in responses[str(answer.status)].get("content", {"": {}}), (path, answer)
