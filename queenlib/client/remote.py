"""A queen far away: the verbs of `Backend`, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from queenlib.client.address import job_path, queen_url, stream_path, watch_path
from queenlib.client.changes import follow_changes
from queenlib.client.following import Epoch, Following
from queenlib.client.resume import TRIES, Line, backoff, follow
from queenlib.client.several import follow_all
from queenlib.client.web import Reply, Unanswered, Web
from queenlib.errors import InvalidRequest, QueenError, QueenUnreachable, StreamInterrupted, revive
from queenlib.messages.base import Deleted, Message, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import FORMS, Change, Watch
from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.handshake import HEADER, read_info
from queenlib.messages.job import USUAL, CreatedJob, JobListing, JobRecord, Pruned, QueenInfo, Terms
from queenlib.messages.parse import parse_operation
from queenlib.messages.place import MANY, Place, not_followed
from queenlib.messages.snapshot import Snapshot
from queenlib.version import PROTOCOL
from queenlib.world import World

CREATE_TRIES = 5
"""How often a job is created where the answer was lost: with one key, so that there is one job."""
SILENCE_S = 30.0
"""Seconds without a byte, heartbeats included, after which a line counts as broken."""

WHOLE = {"prefer": "return=representation"}
"""Asks for what was made beside the ticket for it; RFC 7240, section 4.2."""

Answer = TypeVar("Answer", bound=Message)


class RemoteQueen:
    """The queen that answers at `url`; satisfies `queenlib.client.backend.Backend`.

    Args:
        url: Where she is, such as `http://127.0.0.1:8000`.
        token: Her token. It goes to that address and nowhere else.
        world: Whose clock bounds the waits between two tries.
        silence_s: Seconds without a byte after which a line counts as broken.
        tries: How often in a row a stream that broke is asked for again without one event coming.

    Raises:
        InvalidRequest: `url` is none, or `token` cannot be one.
    """

    def __init__(self, url: str, token: str, world: World, *, silence_s: float = SILENCE_S, tries: int = TRIES) -> None:
        self.url, self._world, self._tries = queen_url(url), world, tries
        if not token.isascii() or not token.isprintable() or not token:
            raise InvalidRequest("The token has characters that no token has.", next="Read it with token_file=….")
        headers = {"authorization": f"Bearer {token}", HEADER: str(PROTOCOL)}
        self._web = Web(self.url, headers, silence_s)

    def __repr__(self) -> str:
        return f"RemoteQueen({self.url!r})"

    async def create_job(self, payload: Operation | Mapping[str, Any], *, terms: Terms = USUAL) -> CreatedJob:
        """See `Backend.create_job`. Each call has a key of its own, or the one given: a retried call makes no second job."""
        body = parse_operation(payload).wire()
        headers = {"idempotency-key": terms.key or self._world.new_id("auto"), **WHOLE}
        sent: dict[str, Any] = {"params": terms.query(), "headers": headers, "body": body}
        for tries in range(1, CREATE_TRIES + 1):
            try:
                return await self._ask(CreatedJob, "POST", "/v1/jobs", **sent)
            except QueenUnreachable as error:
                if tries == CREATE_TRIES or not self._is_lost(error):
                    raise
            await self._world.sleep(backoff(tries, self._world))
        raise AssertionError("the last try has raised or returned")

    async def execute_job(
        self, job_id: str, after: int = 0, epoch: int | None = None, *, every_s: float = 0.0
    ) -> AsyncIterator[Event]:
        """See `Backend.execute_job`. A line that breaks is made again, and no event is missed or seen twice.

        Raises:
            StreamInterrupted: While it is followed: the line broke and could not be made again.
        """
        told = Epoch(epoch)
        events = follow(
            partial(self._line, stream_path(job_id, every_s), told), after, self._world, self._tries, told.begun_anew
        )
        await anext(events)  # what speaks against it is raised here; and what has begun is closed for certain
        return cast("AsyncGenerator[Event]", events)

    async def execute_jobs(self, places: Sequence[Place]) -> AsyncIterator[Event]:
        """See `Backend.execute_jobs`. A line that breaks is made again, and no event is missed or seen twice."""
        whole = [place._replace(job_id=(await self.get_job(place.job_id)).id) for place in places]
        if len({place.job_id for place in whole}) != len(places) or not 1 <= len(places) <= MANY:
            raise not_followed(len(places))
        events = follow_all(self._lines, Following(whole), self._world, self._tries)
        await anext(events)  # as above
        return cast("AsyncGenerator[Event]", events)

    async def get_job(self, job_id: str) -> JobRecord:
        """See `Backend.get_job`."""
        return await self._ask(JobRecord, "GET", job_path(job_id))

    async def snapshot_job(self, job_id: str) -> Snapshot:
        """See `Backend.snapshot_job`."""
        return await self._ask(Snapshot, "GET", f"{job_path(job_id)}/snapshot")

    async def watch(self, watch: Watch, after: str = "") -> AsyncIterator[Change[Any]]:
        """See `Backend.watch`. A line that breaks is made again, and what changed meanwhile is told."""
        path = watch_path(watch)
        connect = lambda seen: self._stream(path, {"last-event-id": seen} if seen else {}, 0, lambda _: None)  # noqa: E731
        changes = follow_changes(connect, FORMS[watch.kind], after, self._world, self._tries)
        await anext(changes)  # as above
        return cast("AsyncGenerator[Change[Any]]", changes)

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None, wanted: JobFilter = ALL) -> JobListing:
        """See `Backend.list_jobs`."""
        params = wanted.query() | {"limit": str(limit)} | ({"cursor": cursor} if cursor is not None else {})
        return await self._ask(JobListing, "GET", "/v1/jobs", params=params)

    async def cancel_job(self, job_id: str) -> JobRecord:
        """See `Backend.cancel_job`."""
        while True:
            try:
                return await self._ask(JobRecord, "DELETE", job_path(job_id))
            except QueenUnreachable as error:
                if not (isinstance(error.__cause__, Unanswered) and error.__cause__.sent and error.__cause__.late):
                    raise
            await self.info()  # it takes its time, if she is there at all; to ask twice is to ask once

    async def cancel_jobs(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """See `Backend.cancel_jobs`."""
        params = wanted.query() | ({"everything": "true"} if everything else {})
        return await self._ask(Cancelled, "DELETE", "/v1/jobs", params=params)

    async def delete_job(self, job_id: str) -> Deleted:
        """See `Backend.delete_job`."""
        return await self._ask(Deleted, "DELETE", f"{job_path(job_id)}/log")

    async def prune_jobs(self, *, age_s: float | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
        """See `Backend.prune_jobs`."""
        return await self._ask(Pruned, "POST", "/v1/prune", body={"age_s": age_s, "size": size, "dry_run": dry_run})

    async def info(self) -> QueenInfo:
        """See `Backend.info`."""
        response = await self._answer("GET", "/v1/info")
        try:
            return read_info(response.body)
        except ValueError as error:
            raise self._stranger(response) from error

    async def close(self) -> None:
        """Let go of every line; the queen and her jobs go on."""
        await self._web.close()

    async def _ask(self, model: type[Answer], method: str, path: str, **sent: Any) -> Answer:
        response = await self._answer(method, path, **sent)
        try:
            return model.model_validate_json(response.body)
        except ValidationError as error:
            raise self._stranger(response) from error

    async def _answer(self, method: str, path: str, **sent: Any) -> Reply:
        if self._web.closed:
            raise QueenUnreachable(
                f"This handle on the queen at {self.url} is closed.",
                state="She was not asked, and her jobs go on.",
                next="Take a new one: Queen.connect(url).",
            )
        try:
            response = await self._web.ask(method, path, **sent)
        except Unanswered as error:
            raise self._unreachable(error, method) from error
        if not response.ok:
            raise self._problem(response)
        return response

    def _line(self, path: str, epoch: Epoch, after: int) -> Line:
        return self._stream(path, {"last-event-id": str(after), **epoch.header()}, after, epoch.seen)

    def _lines(self, following: Following) -> Line:
        path = "/v1/stream?" + "&".join(f"job={place.job_id}" for place in following.left)
        return self._stream(path, following.header(), max(place.after for place in following.left), following.seen)

    @asynccontextmanager
    async def _stream(
        self, path: str, more: Mapping[str, str], after: int, told: Callable[[str], None]
    ) -> AsyncIterator[AsyncIterator[bytes] | None]:
        if self._web.closed:
            raise StreamInterrupted(
                f"This handle on the queen was closed after event {after}.",
                state="The job does not mind: it goes on where it is.",
                next=f"Go on from there with a new one: queen.jobs.stream(job_id, after={after}).",
                last_seq=after,
            )
        try:
            async with self._web.stream(path, {"accept": "text/event-stream", **more}) as response:
                if response.status == 204:
                    yield None
                    return
                if not response.ok:
                    raise self._problem(response)
                if response.chunks is None:
                    raise self._stranger(response)
                told(response.headers.get("queen-epoch", ""))
                yield response.chunks
        except Unanswered as error:
            raise self._unreachable(error, "GET") from error

    def _problem(self, response: Reply) -> QueenError:
        try:
            return revive(json.loads(response.body)["problem"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._stranger(response)

    def _stranger(self, response: Reply) -> QueenUnreachable:
        return QueenUnreachable(
            f"What answers at {self.url} is no queen, or one of another version.",
            why=f"It answered {response.status} with something else than a queen says.",
            next=f"Ask it: curl {self.url}/health",
        )

    def _is_lost(self, error: QueenUnreachable) -> bool:
        """Whether the request may have arrived, and only its answer did not."""
        cause = error.__cause__
        return isinstance(cause, Unanswered) and cause.sent and not cause.late

    def _unreachable(self, error: Unanswered, method: str) -> QueenUnreachable:
        return QueenUnreachable(
            f"The queen at {self.url} {'does not answer in time' if error.late else 'cannot be reached'}.",
            why=str(error),
            state="Whether a job was made cannot be known; jobs.list() says it." if method == "POST" and error.sent else "",
            next="Look whether she runs: `queenlib serve`.",
        )
