"""The log of one live job: its one writer, and where its readers wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from queenlib.errors import QueenError, StoreFailed
from queenlib.messages.base import Operation
from queenlib.messages.events import (
    EVENT_OF,
    AttemptData,
    AttemptEvent,
    Body,
    EndData,
    EndEvent,
    Event,
    Log,
    Metrics,
    MetricsEvent,
    Problem,
    Progress,
    ProgressEvent,
    ResultData,
    ResultEvent,
    RowData,
    StateData,
    StateEvent,
    Token,
    TokenEvent,
    VectorsData,
    Waiting,
    Working,
)
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.state import State
from queenlib.registry.carrier import Carrier, Load
from queenlib.registry.fold import PLAIN, advance, begin, fold
from queenlib.registry.pieces import Pieces
from queenlib.registry.shown import Shown
from queenlib.registry.soon import Soon
from queenlib.registry.stop import reason_of
from queenlib.registry.store import Store, payload_digest
from queenlib.registry.unkept import not_created, not_kept
from queenlib.world import World

PENDING_LIMIT = 1024
"""Events that may wait for the store before the work has to wait."""
PATIENT = ProgressEvent, MetricsEvent
"""What something comes right after, as a rule: the first piece of an answer, the end."""
LINGER_S = 0.005
"""How long they wait for that, to go to the store with it."""


class JobLog:
    """Numbers what happens to one job and writes it to the store; shows nobody what is not kept.

    Events that come while the store is busy go to it together, and pieces of an answer among them become one event. When
    the store fails, the log is `broken`: it writes nothing more but, once, the end that says so.
    """

    def __init__(
        self, operation: Operation, record: JobRecord, store: Store, world: World, unkept: Sequence[Event] = ()
    ) -> None:
        self._record, self._last_seq = record, record.last_seq
        self.tail = Shown(record)
        """What its readers see."""
        self.broken: asyncio.Future[StoreFailed] = asyncio.get_running_loop().create_future()
        """Done when the store has failed."""
        self.made = not unkept
        """Whether there is such a job: its creation is kept."""
        self._operation, self._store, self._world = operation, store, world
        self._pending, self._pieces = list(unkept), Pieces()
        self._carrier = Carrier(store, self.tail, self._take, self._break)
        self._soon = Soon(self._stir, LINGER_S)

    @property
    def record(self) -> JobRecord:
        """The job as its log says it is, with what is on its way to the store."""
        if self._record.last_seq < self._last_seq:
            self._record = advance(self._record, self._last_seq)
        return self._record

    @property
    def shown(self) -> JobRecord:
        """The job as it is kept."""
        return self.tail.record

    @classmethod
    def new(cls, operation: Operation, terms: Terms, store: Store, world: World, said: Operation | None = None) -> JobLog:
        """The log of a new job, which is not kept yet; `said` is its operation in its creator's words, if they differ."""
        job_id, why = world.new_id("job"), f"repeats {terms.repeats}" if terms.repeats else ""
        first = StateEvent(job_id=job_id, seq=1, at=world.now(), data=StateData(state=State.QUEUED, reason=why))
        return cls(said or operation, begin(operation, first, terms, store.epoch), store, world, [first])

    async def create(self) -> str:
        """Keep the new job. When it returns, the job is in the store.

        Returns:
            Its id; or that of the job which has its key, and then this one is not kept.

        Raises:
            KeyConflict: A job with its key exists, and was created with another payload.
            QueenError: It could not be kept; there is no such job.
        """
        record, first = self._take()  # who finds it in the store may start it before this returns
        digest, beside = payload_digest(self._operation, record.terms), self._operation.beside()
        try:
            job_id = await self._store.create(record, first, digest, beside)
        except QueenError:
            raise
        except Exception as error:
            raise not_created(error) from error
        self.made = job_id == record.id
        self.tail.show(record, first)
        if self._pending or self._pieces:
            self._stir()
        return job_id

    async def write(self, body: Body) -> None:
        """Note what an operation yielded; waits where the store is far behind, and where it has failed until the end.

        The first piece of an answer is waited for: somebody watches for it, and what the work does next would hold it up.
        """
        begins = not self._record.tokens  # which is counted at once; only the length of the log is brought up when asked for
        noted = self._note(body)
        if (begins and isinstance(noted, Token)) or len(self._pending) > PENDING_LIMIT or self.broken.done():
            newest = self._last_seq + bool(self._pieces)
            await self.kept_beyond(newest - 1)

    async def settled(self) -> None:
        """Wait until all that was noted before is kept, or the store has failed."""
        self._settle()
        self._stir()
        seq = self._last_seq
        while self.tail.record.last_seq < seq and not self.broken.done():
            await self.tail.change()

    def attempt(self, reason: str) -> None:
        """Note that the work begins anew."""
        self._settle()
        data = AttemptData(n=self.record.attempt + 1, reason=reason, epoch=self._store.epoch)
        self._add(AttemptEvent(**self._next(), data=data))

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
        await self.settled()
        if self.broken.done():
            await self._end_broken(self.broken.result())

    async def kept_beyond(self, seq: int) -> bool:
        """Wait until an event after number `seq` is kept; `False` if the log has ended without one.

        Raises:
            StoreFailed: None will be: the store has failed.
        """
        while not (over := self.tail.over(seq)) and self.shown.last_seq <= seq:
            await self.tail.change()
        return not over

    def _note(self, yielded: Body) -> Body | None:
        body = self._operation.keeps(yielded)
        if body is None:
            return None
        if not isinstance(body, Token) or not self._pieces.fits(body):
            self._settle()
        match body:
            case Token():
                self._pieces.add(body)
                self._stir(at_once=not self._record.tokens)
            case Waiting(reason=reason):
                told = (self.record.state, self.record.reason) == (State.WAITING, reason)
                if not told and self.record.state is not State.CANCELLING:
                    self.state(State.WAITING, reason)
            case Working():
                if self.record.state is State.WAITING:
                    self.state(State.RUNNING)
            case Log() | Progress() | RowData() | VectorsData() | Metrics():
                self._add(EVENT_OF[type(body)](**self._next(), data=body))
        return body

    def _settle(self) -> None:
        """Make one event of the pieces that were gathered."""
        if self._pieces:
            self._put(TokenEvent(**self._next(), data=self._pieces.take(self.record.tokens)))

    def _next(self) -> dict[str, Any]:
        return {"job_id": self._record.id, "seq": self._last_seq + 1, "at": self._world.now()}

    def _put(self, event: Event) -> None:
        if not isinstance(event, PLAIN):
            self._record = fold(self.record, event)
        self._last_seq = event.seq
        self._pending.append(event)

    def _add(self, event: Event) -> None:
        self._put(event)
        if isinstance(event, PATIENT):
            self._soon.ask()
        else:
            self._stir()

    def _stir(self, *, at_once: bool = False) -> None:
        self._soon.done()
        if self.made and not self.broken.done():
            self._carrier.go(at_once=at_once)

    def _take(self) -> Load:
        self._settle()
        batch, self._pending = self._pending, []
        return self.record, batch

    def _break(self, error: Exception) -> None:
        self.broken.set_result(not_kept(self.record.id, self.tail.record.last_seq, error))
        self.tail.wake()

    async def _end_broken(self, failure: StoreFailed) -> None:
        """Try once to keep an end that says that the log is not whole."""
        problem = Problem.model_validate(failure.problem())
        self._record, self._last_seq = self.tail.record, self.tail.record.last_seq
        end = EndEvent(**self._next(), data=EndData(state=State.FAILED, reason=reason_of(failure), error=problem))
        self._add(end)
        self._pending.clear()
        try:
            await self._store.append(self.record, [end])
        except Exception:  # noqa: BLE001 - it has failed before, and that is what is told
            self.tail.lose(failure)
            raise failure from None
        self.tail.show(self.record, [end])
