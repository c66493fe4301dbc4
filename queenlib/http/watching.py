"""Watches over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.http.changing import ChangeStream
from queenlib.http.filters import read_filter
from queenlib.http.reading import read_number, read_query
from queenlib.http.streams import Streams
from queenlib.messages.change import MOST, Change, Kind, Watch, parse_watch
from queenlib.router import Router


class Watching:
    """The one verb of watches."""

    def __init__(self, router: Router, streams: Streams) -> None:
        self._router, self._streams = router, streams

    async def watch(self, request: Request) -> ChangeStream:
        """`GET /v1/watch/{kind}`: a list, then what differs from it, without end."""
        watch, after = read_watch(request)
        changes = await self._router.watch(watch, after)
        return ChangeStream(cast("AsyncGenerator[Change[Any]]", changes), self._streams)


def read_watch(request: Request) -> tuple[Watch, str]:
    """What a reader watches, and the revision that it has: `Last-Event-ID`, else the query's `after`, else none.

    Raises:
        InvalidRequest: One of them is not what it has to be.
    """
    kind, said = request.path_params["kind"], dict[str, Any]()
    if kind not in [str(each) for each in Kind]:
        raise InvalidRequest(
            f"There is no watching {kind!r:.40}.",
            why=f"What can be watched is {', '.join(Kind)}.",
            state="Nothing is watched.",
            next="For example: GET /v1/watch/jobs",
        )
    match Kind(kind):
        case Kind.JOBS:
            query, wanted = read_filter(request, "after", "limit")
            said = {"wanted": wanted, "limit": read_number(query.get("limit", "100"), "limit", 1, MOST)}
        case Kind.WORKERS:
            query = read_query(request, "after", "hive")
            said = {"hive": query.get("hive")}
        case _:
            query = read_query(request, "after")
    return parse_watch(Kind(kind), **said), request.headers.get("last-event-id", query.get("after", ""))
