"""The one call rule: an operation's method is a plain function that returns a job as soon as the job is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

from queenlib.client.backend import Backend
from queenlib.client.feed import Feed
from queenlib.client.job import Job
from queenlib.client.portal import Portal
from queenlib.display.interrupt import asked_for
from queenlib.errors import QueenUnreachable
from queenlib.messages.base import Operation, Result
from queenlib.messages.change import Change, Kind, parse_watch
from queenlib.messages.job import USUAL, Terms
from queenlib.messages.parse import parse_operation

R = TypeVar("R", bound=Result)
P = ParamSpec("P")
T = TypeVar("T")
Verbs = TypeVar("Verbs", bound="HasPortal")

CREATE_LIMIT_S = 5.0
"""Seconds after which a job that is not kept yet is an error."""
TABLE_LIMIT_S = 60.0
"""The same for one that brings a table, which may have tens of megabytes."""


class HasPortal(Protocol):
    """What can be waited for."""

    portal: Portal


class Caller:
    """Creates jobs on a queen."""

    def __init__(self, backend: Backend, portal: Portal) -> None:
        self.backend, self.portal = backend, portal
        self.owner: Any = None
        """The handle that it belongs to: views follow that."""

    async def create(self, payload: Operation | Mapping[str, Any], terms: Terms = USUAL) -> Job[Any]:
        """Create a job; to be awaited on any loop.

        Raises:
            InvalidOperation: The payload is not an operation; every bad field is named, and no job was made.
            QueueFull: There is no room for another job; none was made.
            QueenUnreachable: The queen did not answer within 5 s.
        """
        operation = parse_operation(payload)
        job = await self.portal.run(self._create(operation, terms))
        if operation.operation == "infer":
            asked_for(job)
        return job

    def call(self, operation: Operation, result: type[R], terms: Terms = USUAL) -> Job[R]:
        """Create a job and return its handle, blocking for as long as it takes to be kept: milliseconds.

        Raises:
            QueueFull: There is no room for another job; none was made.
            QueenUnreachable: The queen did not answer within 5 s, or 60 s where the operation brings a table.
        """
        assert operation.result_model is result
        return self.portal.wait(self._create(operation, terms))

    def watch(self, kind: Kind, **said: Any) -> Feed[Change[Any]]:
        """A watch on things of one kind; see `queenlib.messages.change.Watch` for what may be said of it.

        Raises:
            InvalidRequest: What is said is not what it has to be.
        """
        watch = parse_watch(kind, **said)
        return Feed(self.portal, lambda: self.backend.watch(watch))

    def attach(self, job_id: str) -> Job[Any]:
        """A handle on a job that exists; a unique prefix of its id will do.

        Raises:
            UnknownJob: There is no such job, or several begin like that.
        """
        return self.portal.wait(self._attach(job_id))

    async def _attach(self, job_id: str) -> Job[Any]:
        async with _soon("Nothing was changed."):
            return Job(await self.backend.get_job(job_id), self.backend, self.portal)

    async def _create(self, operation: Operation, terms: Terms) -> Job[Any]:
        limit_s = TABLE_LIMIT_S if operation.beside() else CREATE_LIMIT_S
        async with _soon("Whether the job was made is not known.", limit_s):
            made = await self.backend.create_job(operation, terms=terms)
            return Job(made.job, self.backend, self.portal)


class Family:
    """A queen's things of one kind, and what can be done with them."""

    _name: ClassVar[str]

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.portal = caller.portal

    def __repr__(self) -> str:
        return f"<queen.{self._name}; what there is: await queen.{self._name}.list()>"


@asynccontextmanager
async def _soon(state: str, limit_s: float = CREATE_LIMIT_S) -> AsyncIterator[None]:
    """Bounds what is inside to so many seconds."""
    try:
        async with asyncio.timeout(limit_s) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise QueenUnreachable(
            f"The queen did not answer within {limit_s:g} s.",
            state=state,
            next="Look: await queen.jobs.list()",
        ) from None


class Twin(Generic[Verbs]):
    """The blocking twins of some coroutine methods."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs


def twin(
    method: Callable[Concatenate[Verbs, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Twin[Verbs], P], T]:
    """The blocking twin of a coroutine method."""

    @wraps(method)
    def blocking(self: Twin[Verbs], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._verbs.portal.wait(method(self._verbs, *args, **kwargs))

    return cast("Callable[Concatenate[Twin[Verbs], P], T]", blocking)
