"""The log of one live job: its one writer, and where its readers wait."""

from __future__ import annotations

import asyncio
from typing import Any

from queenlib.messages.base import Operation, Result
from queenlib.messages.events import (
    Body,
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    Metrics,
    MetricsEvent,
    Problem,
    Progress,
    ProgressEvent,
    ResultData,
    ResultEvent,
    StateData,
    StateEvent,
    Token,
    TokenData,
    TokenEvent,
    Waiting,
    Working,
)
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.store import Store
from queenlib.world import World

PENDING_LIMIT = 4096
"""Events that may wait for the store before the work itself has to wait."""


class JobLog:
    """Numbers what happens to one job and writes it to the store; shows nobody what is not kept.

    Events that come while the store is busy go to it together, and pieces of an answer among them become one event.
    """

    def __init__(self, record: JobRecord, store: Store, world: World) -> None:
        self.record = record
        """The job as its log says it is, with what is still on its way to the store."""
        self.kept_seq = record.last_seq
        """The last event that is kept; readers see up to here."""
        self._store, self._world = store, world
        self._pending: list[Event] = []
        self._work = asyncio.Event()
        self._kept = asyncio.Event()
        self._failed: BaseException | None = None
        self._pump_task = asyncio.create_task(self._pump(), name=f"log {record.id}")

    @classmethod
    async def create(cls, operation: Operation, job_id: str, store: Store, world: World) -> JobLog:
        """The log of a new job; when it returns, the job is in the store."""
        first = StateEvent(job_id=job_id, seq=1, at=world.now(), data=StateData(state=State.QUEUED))
        record = begin(operation, first)
        await store.create(record, [first])
        return cls(record, store, world)

    async def write(self, body: Body) -> None:
        """Note what an operation yielded; waits only where the store is far behind.

        Raises:
            Exception: What the store raised, if it could not write.
        """
        self._note(body)
        if len(self._pending) > PENDING_LIMIT:
            await self.kept_beyond(self.record.last_seq - 1)
        if self._failed:
            raise self._failed

    def state(self, state: State, reason: str = "") -> None:
        """Note that the job has come into a state.

        Raises:
            IllegalTransition: If it may not; nothing was noted.
        """
        self._add(StateEvent(**self._next(), data=StateData(state=state, reason=reason)))

    async def end(
        self, state: State, *, result: Result | None = None, reason: str = "", error: Problem | None = None
    ) -> None:
        """Note the result, if there is one, and the end, in one step; returns when they are kept.

        Raises:
            Exception: What the store raised, if it could not write.
        """
        events: list[Event] = []
        record = self.record
        if result is not None:
            wire = result.wire()
            if "job_id" in wire:
                wire["job_id"] = self.record.id  # an operation does not know its job
            events.append(ResultEvent(**self._next(), data=ResultData(result=wire)))
            record = fold(record, events[0])
        end = EndData(state=state, reason=reason, error=error)
        events.append(EndEvent(job_id=record.id, seq=record.last_seq + 1, at=self._world.now(), data=end))
        self.record = fold(record, events[-1])
        self._pending.extend(events)
        self._work.set()
        await self._pump_task

    async def kept_beyond(self, seq: int) -> None:
        """Wait until an event after number `seq` is kept, or the writing has failed."""
        while self.kept_seq <= seq and not self._pump_task.done():
            await self._kept.wait()

    def _note(self, body: Body) -> None:
        match body:
            case Waiting(reason=reason):
                if (self.record.state, self.record.reason) != (State.WAITING, reason):
                    self.state(State.WAITING, reason)
            case Working():
                if self.record.state is State.WAITING:
                    self.state(State.RUNNING)
            case Token():
                self._token(body)
            case Log():
                self._add(LogEvent(**self._next(), data=body))
            case Progress():
                self._add(ProgressEvent(**self._next(), data=body))
            case Metrics():
                self._add(MetricsEvent(**self._next(), data=body))

    def _token(self, token: Token) -> None:
        last = self._pending[-1] if self._pending else None
        if isinstance(last, TokenEvent) and last.data.channel == token.channel:
            text = last.data.text + token.text
            data = last.data.model_copy(
                update={"text": text, "cuts": (*last.data.cuts, len(text)), "dt_ms": (*last.data.dt_ms, token.dt_ms)}
            )
            self._pending[-1] = TokenEvent(job_id=last.job_id, seq=last.seq, at=last.at, data=data)
            self.record = self.record.model_copy(update={"tokens": self.record.tokens + 1})
        else:
            data = TokenData(
                i=self.record.tokens, text=token.text, cuts=(len(token.text),), dt_ms=(token.dt_ms,), channel=token.channel
            )
            self._add(TokenEvent(**self._next(), data=data))

    def _next(self) -> dict[str, Any]:
        return {"job_id": self.record.id, "seq": self.record.last_seq + 1, "at": self._world.now()}

    def _add(self, event: Event) -> None:
        self.record = fold(self.record, event)
        self._pending.append(event)
        self._work.set()

    async def _pump(self) -> None:
        """Bring what is pending to the store, batch by batch, and then show it."""
        try:
            while not self.kept_is_all() or not self.record.state.ended:
                await self._work.wait()
                self._work.clear()
                batch, record = self._pending, self.record
                self._pending = []
                await self._store.append(record, batch)
                self.kept_seq = record.last_seq
                self._wake()
        except Exception as error:
            self._failed = error
            raise
        finally:
            self._wake()

    def kept_is_all(self) -> bool:
        """Whether everything that was noted is kept."""
        return self.kept_seq == self.record.last_seq

    def _wake(self) -> None:
        woken, self._kept = self._kept, asyncio.Event()
        woken.set()
