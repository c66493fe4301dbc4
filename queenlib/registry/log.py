"""The log of one live job: its one writer, and where its readers wait."""

from __future__ import annotations

import asyncio
from itertools import accumulate
from typing import Any

from queenlib.errors import QueenError, StoreFailed
from queenlib.messages.base import Operation
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
PIECES_LIMIT = 1024
"""Pieces of an answer in one event."""


class JobLog:
    """Numbers what happens to one job and writes it to the store; shows nobody what is not kept.

    Events that come while the store is busy go to it together, and pieces of an answer among them become one event. When
    the store fails, the log is `broken`: it writes nothing more but, once, the end that says so.
    """

    def __init__(self, operation: Operation, job_id: str, store: Store, world: World) -> None:
        first = StateEvent(job_id=job_id, seq=1, at=world.now(), data=StateData(state=State.QUEUED))
        self.record = self._kept = begin(operation, first)
        """The job as its log says it is, with what is still on its way to the store."""
        self.broken: asyncio.Future[StoreFailed] = asyncio.get_running_loop().create_future()
        """Done when the store has failed."""
        self.lost: StoreFailed | None = None
        """Set when not even the end could be kept."""
        self._store, self._world = store, world
        self._pending: list[Event] = [first]
        self._pieces: list[Token] = []
        self._writing: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def create(self) -> None:
        """Keep the new job. When it returns, the job is in the store.

        Raises:
            QueenError: It could not be kept; there is no such job.
        """
        try:
            await self._store.create(self.record, self._take())
        except QueenError:
            raise
        except Exception as error:
            raise StoreFailed(
                "The new job could not be kept.",
                why=f"The store failed: {type(error).__name__}: {error}",
                state="No job was made.",
                next="See to the disk that the store is on, and create it again.",
            ) from error

    async def write(self, body: Body) -> None:
        """Note what an operation yielded; waits where the store is far behind, and where it has failed until the end."""
        self._note(body)
        if len(self._pending) > PENDING_LIMIT or self.broken.done():
            await self.kept_beyond(self.record.last_seq - 1)

    def state(self, state: State, reason: str = "") -> None:
        """Note that the job has come into a state.

        Raises:
            IllegalTransition: If it may not; nothing was noted.
        """
        self._settle()
        self._add(StateEvent(**self._next(), data=StateData(state=state, reason=reason)))

    async def end(self, end: EndData, result: dict[str, Any] | None = None) -> None:
        """Note the result, if there is one, and the end, in one step; returns when they are kept.

        Raises:
            StoreFailed: They could not be kept, and neither could an end that says so. Every reader gets this error.
        """
        self._settle()
        if end.state is State.SUCCEEDED and self.record.state is State.WAITING:
            self.state(State.RUNNING)  # what it waited for was there, though it did not say so
        if result is not None:
            named = {"job_id": self.record.id} if "job_id" in result else {}  # an operation does not know its job
            self._add(ResultEvent(**self._next(), data=ResultData(result=result | named)))
        self._add(EndEvent(**self._next(), data=end))
        while self._kept.last_seq < self.record.last_seq and not self.broken.done():
            await self._changed.wait()
        if self.broken.done():
            await self._end_broken(self.broken.result())

    async def kept_beyond(self, seq: int) -> bool:
        """Wait until an event after number `seq` is kept; `False` if the log has ended without one.

        Raises:
            StoreFailed: None will be: the store has failed.
        """
        while self._kept.last_seq <= seq:
            if self.lost is not None:
                raise self.lost.about_job(self.record.id)
            if self._kept.state.ended:
                return False
            await self._changed.wait()
        return True

    def _note(self, body: Body) -> None:
        if isinstance(body, Token):
            self._gather(body)
            return
        self._settle()
        match body:
            case Waiting(reason=reason):
                told = (self.record.state, self.record.reason) == (State.WAITING, reason)
                if not told and self.record.state is not State.CANCELLING:
                    self.state(State.WAITING, reason)
            case Working():
                if self.record.state is State.WAITING:
                    self.state(State.RUNNING)
            case Log():
                self._add(LogEvent(**self._next(), data=body))
            case Progress():
                self._add(ProgressEvent(**self._next(), data=body))
            case Metrics():
                self._add(MetricsEvent(**self._next(), data=body))

    def _gather(self, token: Token) -> None:
        if self._pieces and (self._pieces[0].channel != token.channel or len(self._pieces) >= PIECES_LIMIT):
            self._settle()
        self._pieces.append(token)
        self._stir()

    def _settle(self) -> None:
        """Make one event of the pieces that were gathered."""
        if not self._pieces:
            return
        pieces, self._pieces = self._pieces, []
        data = TokenData(
            i=self.record.tokens,
            text="".join(piece.text for piece in pieces),
            cuts=tuple(accumulate(len(piece.text) for piece in pieces)),
            dt_ms=tuple(piece.dt_ms for piece in pieces),
            channel=pieces[0].channel,
        )
        self._add(TokenEvent(**self._next(), data=data))

    def _next(self) -> dict[str, Any]:
        return {"job_id": self.record.id, "seq": self.record.last_seq + 1, "at": self._world.now()}

    def _add(self, event: Event) -> None:
        self.record = fold(self.record, event)
        self._pending.append(event)
        self._stir()

    def _stir(self) -> None:
        if self._writing is None and not self.broken.done():
            self._writing = asyncio.create_task(self._write(), name=f"log {self.record.id}")

    def _take(self) -> list[Event]:
        self._settle()
        batch, self._pending = self._pending, []
        return batch

    async def _write(self) -> None:
        """Bring what is pending to the store, batch by batch, and then show it."""
        while batch := self._take():
            record = self.record
            try:
                await self._store.append(record, batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job's readers are told
                self._break(error)
                break
            self._show(record)
        self._writing = None

    def _show(self, record: JobRecord) -> None:
        self._kept = record
        self._wake()

    def _break(self, error: Exception) -> None:
        self.broken.set_result(
            StoreFailed(
                f"What happened to {self.record.id} after event {self._kept.last_seq} could not be kept.",
                why=f"The store failed: {type(error).__name__}: {error}",
                state="Its work was stopped; what came before is in its log.",
                next="See to the disk that the store is on, and create the job again.",
                job_id=self.record.id,
            )
        )
        self._wake()

    async def _end_broken(self, failure: StoreFailed) -> None:
        """Try once to keep an end that says that the log is not whole."""
        problem = Problem.model_validate(failure.problem())
        self.record = self._kept
        end = EndEvent(**self._next(), data=EndData(state=State.FAILED, reason="store_failed", error=problem))
        record = fold(self._kept, end)
        try:
            await self._store.append(record, [end])
        except Exception:  # noqa: BLE001 - it has failed before, and that is what is told
            self.lost = failure
            self._wake()
            raise failure from None
        self.record = record
        self._show(record)

    def _wake(self) -> None:
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()
