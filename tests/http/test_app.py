"""The routes, on one screen, and the description of them."""

from __future__ import annotations

from queenlib.http.app import build_routes
from tests.http.served import Served


async def test_routes_are_the_wire(queen: Served) -> None:
    """What others rely on does not change unnoticed."""
    assert sorted(f"{method} {route.path}" for route in build_routes(queen.router) for method in route.methods or ()) == [
        "DELETE /v1/jobs",
        "DELETE /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}/log",
        "GET /health",
        "GET /openapi.json",
        "GET /v1/info",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/snapshot",
        "GET /v1/jobs/{job_id}/stream",
        "GET /v1/stream",
        "GET /v1/watch/{kind}",
        "POST /v1/jobs",
        "POST /v1/prune",
    ]


async def test_another_method_is_told_which_there_are(queen: Served) -> None:
    """By `Allow`, and in words."""
    answer = await queen.ask("/v1/jobs/job-x/stream", "DELETE")
    assert (answer.status, answer.header("allow"), answer.json["type"]) == (405, "GET", "InvalidRequest")


async def test_nothing_redirects(queen: Served) -> None:
    """A path that is nearly right is wrong."""
    answer = await queen.ask("/v1/jobs/")
    assert (answer.status, answer.header("location")) == (404, None)
