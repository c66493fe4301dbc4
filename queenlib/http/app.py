"""The whole of the HTTP layer: its routes, on one screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from queenlib.http.about import About
from queenlib.http.guard import Guard
from queenlib.http.jobs import Jobs
from queenlib.http.judge import Policy
from queenlib.http.limits import HttpLimits
from queenlib.http.problems import HANDLERS
from queenlib.http.sending import Unwound
from queenlib.http.streams import Streams
from queenlib.http.watching import Watching
from queenlib.router import Router
from queenlib.world import World

Handler = Callable[[Request], Awaitable[Any]]


def build_routes(router: Router, streams: Streams | None = None) -> list[Route]:
    """Every route that there is."""
    streams = streams or Streams(World())
    jobs, watch, about = Jobs(router, streams), Watching(router, streams), About(router)
    return [
        _route("GET", "/health", about.health),
        _route("GET", "/openapi.json", about.openapi),
        _route("GET", "/v1/info", about.info),
        _route("GET", "/v1/jobs", jobs.list_jobs),
        _route("POST", "/v1/jobs", jobs.create_job),
        _route("DELETE", "/v1/jobs", jobs.cancel_jobs),
        _route("GET", "/v1/jobs/{job_id}", jobs.get_job),
        _route("DELETE", "/v1/jobs/{job_id}", jobs.cancel_job),
        _route("GET", "/v1/jobs/{job_id}/snapshot", jobs.snapshot_job),
        _route("GET", "/v1/jobs/{job_id}/stream", jobs.stream_job),
        _route("DELETE", "/v1/jobs/{job_id}/log", jobs.delete_job),
        _route("GET", "/v1/stream", jobs.stream_jobs),
        _route("GET", "/v1/watch/{kind}", watch.watch),
        _route("POST", "/v1/prune", jobs.prune_jobs),
    ]


def build_app(
    router: Router,
    token: str,
    *,
    world: World | None = None,
    names: Collection[str] = (),
    limits: HttpLimits | None = None,
    streams: Streams | None = None,
) -> ASGIApp:
    """The queen's ASGI application: the guard, and behind it the routes.

    Args:
        router: What does the work.
        token: What every request has to show, but for `/health`.
        world: Whose clock bounds how long a body may take.
        names: Further names of this queen, as they stand in `Host`, such as `queen.lan:8000`.
        limits: Bounds of a request.
        streams: What looks after its streams.
    """
    app = Starlette(routes=build_routes(router, streams), exception_handlers=HANDLERS)
    app.router.redirect_slashes = False  # a redirect would be built from the caller's own Host
    return Guard(Unwound(app), Policy(token, frozenset(names), limits or HttpLimits()), world or World())


def _route(method: str, path: str, handler: Handler) -> Route:
    route = Route(path, handler, methods=[method])
    route.methods = {method}  # Starlette adds HEAD, which a stream has no answer to
    return route
