"""Jobs over HTTP: each verb turns a request into one call of the router, and what it gives into an answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from queenlib.http.answers import answer
from queenlib.http.filters import read_filter, read_truth
from queenlib.http.places import read_places
from queenlib.http.reading import (
    read_cursor,
    read_epoch,
    read_number,
    read_object,
    read_prune,
    read_query,
    read_terms,
    wants_whole,
)
from queenlib.http.stream import EventStream
from queenlib.http.streams import Streams
from queenlib.messages.place import Place
from queenlib.registry.reader import Reader
from queenlib.router import Router


class Jobs:
    """The verbs of jobs."""

    def __init__(self, router: Router, streams: Streams) -> None:
        self._router, self._streams = router, streams

    async def create_job(self, request: Request) -> Response:
        """`POST /v1/jobs`: create a job, once; with the same `Idempotency-Key`, the same job."""
        terms = read_terms(request)
        made = await self._router.create_job(read_object(await request.body()), terms=terms)
        return answer(made if wants_whole(request) else made.ticket(), 201)

    async def stream_job(self, request: Request) -> EventStream | Response:
        """`GET /v1/jobs/{job_id}/stream`: follow a job from any event on to its end."""
        (after, every_ms), epoch = read_cursor(request), read_epoch(request)
        record = await self._router.get_job(request.path_params["job_id"])
        reader = await self._router.read_jobs([Place(record.id, after, epoch)])
        return await self._stream(reader, str(record.epoch), every_ms / 1000)

    async def stream_jobs(self, request: Request) -> EventStream | Response:
        """`GET /v1/stream`: follow several jobs, each from any event on, to the end of each."""
        places = read_places(request)
        reader = await self._router.read_jobs(places)
        epochs = [(await self._router.get_job(cursor.job_id)).epoch for cursor in reader.cursors]
        return await self._stream(reader, ".".join(map(str, epochs)))

    async def _stream(self, reader: Reader, epoch: str, every_s: float = 0.0) -> EventStream | Response:
        await reader.look()  # what cannot be read is told at once
        return Response(status_code=204) if reader.over else EventStream(reader, epoch, self._streams, every_s)

    async def get_job(self, request: Request) -> Response:
        """`GET /v1/jobs/{job_id}`: a job as it is now."""
        read_query(request)
        return answer(await self._router.get_job(request.path_params["job_id"]))

    async def snapshot_job(self, request: Request) -> Response:
        """`GET /v1/jobs/{job_id}/snapshot`: a job so far, to be followed from there."""
        read_query(request)
        return answer(await self._router.snapshot_job(request.path_params["job_id"]))

    async def list_jobs(self, request: Request) -> Response:
        """`GET /v1/jobs`: a page of all jobs, or of those that the query chooses, newest first."""
        query, wanted = read_filter(request, "limit", "cursor")
        limit = read_number(query.get("limit", "100"), "limit", 1, 1000)
        cursor = str(read_number(query["cursor"], "cursor")) if "cursor" in query else None
        return answer(await self._router.list_jobs(limit=limit, cursor=cursor, wanted=wanted))

    async def cancel_job(self, request: Request) -> Response:
        """`DELETE /v1/jobs/{job_id}`: cancel a job; answered when it has ended."""
        read_query(request)
        return answer(await self._router.cancel_job(request.path_params["job_id"]))

    async def cancel_jobs(self, request: Request) -> Response:
        """`DELETE /v1/jobs`: cancel the jobs that the query chooses; one that takes long is answered as `cancelling`."""
        query, wanted = read_filter(request, "everything")
        everything = read_truth(query.get("everything", "false"), "everything")
        return answer(await self._router.cancel_jobs(wanted, everything=everything))

    async def delete_job(self, request: Request) -> Response:
        """`DELETE /v1/jobs/{job_id}/log`: remove a job that has ended, with its log and its result, for good."""
        read_query(request)
        return answer(await self._router.delete_job(request.path_params["job_id"]))

    async def prune_jobs(self, request: Request) -> Response:
        """`POST /v1/prune`: remove jobs that have ended, by age and by size."""
        read_query(request)
        return answer(await self._router.prune_jobs(**read_prune(read_object(await request.body()))))
