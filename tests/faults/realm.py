"""One home over many rounds: the queen who has it now, and all that people saw of it and were told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from queenlib.client.remote import RemoteQueen
from queenlib.errors import KeyConflict, QueenError, QueenUnreachable, StreamInterrupted
from queenlib.home import Home
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import parse_terms
from queenlib.world import World
from tests.faults.history import Create, Listing, Log, Noted, ProcessTable, Seen, Told, Views
from tests.faults.lines import Cut, Read, read
from tests.faults.plan import Ask
from tests.faults.reigns import SERVE, Death, Reign, begin, end


@dataclass(frozen=True)
class Court:
    """A queen, and a client of hers."""

    reign: Reign
    client: RemoteQueen


@dataclass(frozen=True)
class Fallen:
    """A queen who has died."""

    at: datetime
    """A moment after it, before the next queen."""
    death: Death
    pending: frozenset[tuple[str, object]]
    """What had been asked for and was not answered: verbs, and the jobs where they are known."""
    ready: bool
    """Whether she had been ready."""


class Realm:
    """One home."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.home = Home.open(folder / "home")
        self.court: Court | None = None
        self.fallen: list[Fallen] = []
        """Those since the last check."""
        self.creates: list[Create] = []
        self.seen: list[Seen] = []
        self.told: list[Told] = []
        self.listings: list[Listing] = []
        self.known: set[str] = set()
        """Every job that was acknowledged."""
        self.pending: set[tuple[str, object]] = set()
        """What is asked for now and was not answered yet; see `Fallen.pending`."""
        self.troubles: list[str] = []
        """What nobody should have met."""
        self._moved = asyncio.Event()
        self._before = Counter[str]()

    async def begin(self, program: Sequence[str] = SERVE) -> bool:
        """Start a queen; whether she became ready."""
        reign = await begin(self.home.path, program)
        if isinstance(reign, Death):
            self.fallen.append(Fallen(datetime.now(UTC), reign, frozenset(), ready=False))
            return False
        self.court = Court(reign, RemoteQueen(reign.url, reign.token, World(), tries=0))
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return True

    async def fall(self, *, kill: bool = True) -> None:
        """Kill the queen, or wait until she has died by herself, and see what is left of her."""
        assert self.court is not None
        court, reign, pending = self.court, self.court.reign, frozenset(self.pending)
        if kill:
            reign.kill()
        death = await end(self.home.path, reign.process, reign.mark, reign.url)
        self.fallen.append(Fallen(datetime.now(UTC), death, pending, ready=True))
        self.court = None
        await court.client.close()

    async def close(self) -> None:
        """Kill the queen, if there is one."""
        if self.court is not None:
            await self.fall()

    async def next(self, before: Court | None) -> Court:
        """The queen who reigns now, if she is another than before; else wait for her."""
        while self.court is None or self.court is before:
            await self._moved.wait()
        return self.court

    async def create(self, ask: Ask, payload: Any = None) -> str | None:
        """Ask the queen for a job once; what was told is remembered. Gives the id that was told."""
        court = await self.next(None)
        create = Create(payload or ask.payload, ask.key, ask.retry, ask.start)
        waits = ("create", object())
        self.pending.add(waits)
        told: dict[str, Any] = {}
        try:
            ticket = await court.client.create_job(create.payload, terms=parse_terms(ask.start, ask.key, ask.retry))
            told = {"job_id": ticket.job_id}
        except KeyConflict as refused:
            told = {"job_id": refused.other_id, "conflict": True}
        except QueenUnreachable:
            pass
        finally:
            self.pending.discard(waits)
        self.creates.append(Create(create.payload, create.key, create.retry, create.start, **told))
        if told:
            self.known.add(told["job_id"])
        return None if told.get("conflict") else told.get("job_id")

    async def cancel(self, job_id: str) -> None:
        """Cancel a job, of whichever queen answers; what was told is remembered."""
        court: Court | None = None
        while True:
            court = await self.next(court)
            self.pending.add(("cancel", job_id))
            try:
                self.told.append(Told("cancel", await court.client.cancel_job(job_id)))
                return
            except QueenUnreachable:
                continue
            finally:
                self.pending.discard(("cancel", job_id))

    async def get(self, court: Court, job_id: str) -> JobRecord | None:
        """Ask how a job is; what was told of one that has ended is remembered."""
        try:
            record = await court.client.get_job(job_id)
        except QueenUnreachable:
            return None
        if record.state.ended:
            self.told.append(Told("get", record))
        return record

    async def list(self) -> Listing | None:
        """All jobs, as they are now."""
        court, known = await self.next(None), frozenset(self.known)
        try:
            page = await court.client.list_jobs(limit=1000)
        except QueenUnreachable:
            return None
        listing = Listing(tuple((job.id, job.state) for job in page.jobs), known)
        self.listings.append(listing)
        return listing

    async def read(
        self, name: str, job_id: str, after: int, cut: Cut | None, *, raw: bool, heard: Callable[[bytes], None]
    ) -> tuple[Court, Seen]:
        """Follow a job over one connection; what was seen is remembered."""
        court = await self.next(None)
        if raw:
            found = await read(court.reign.url, court.reign.token, job_id, after, cut, heard)
        else:
            found = await _read(court.client, job_id, after, cut, heard)
        whole = found.status == 204 or bool(found.lines and json.loads(found.lines[-1][1])["type"] == "end")
        seen = Seen(name, job_id, after, tuple(found.lines), whole, found.refusal)
        self.seen.append(seen)
        return court, seen

    def log(self) -> Log:
        """What the store says now."""
        return Log.read(self.home.store, [each.at for each in self.fallen])

    def journal(self) -> tuple[Noted, ...]:
        """What the workers noted."""
        return Noted.read(self.home.journal)

    def views(self) -> Views:
        """What people saw and were told."""
        return Views(tuple(self.seen), tuple(self.creates), tuple(self.told), tuple(self.listings))

    def left(self) -> ProcessTable:
        """What is left of the queens that died."""
        tables = [each.death.left for each in self.fallen]
        return ProcessTable(
            tuple(pid for table in tables for pid in table.processes),
            tuple(address for table in tables for address in table.addresses),
        )

    def amount(self, log: Log) -> Counter[str]:
        """How much there is to look at that was not there at the last check."""
        now = Counter(
            jobs=len(log.jobs),
            events=sum(len(job.events) for job in log.jobs.values()),
            views=len(self.seen),
            acknowledgements=sum(create.job_id is not None for create in self.creates) + len(self.told),
            listings=len(self.listings),
            starts=sum(noted.what == "start" for noted in self.journal()),
        )
        return now - self._before

    def checked(self, log: Log) -> None:
        """All was well: from now on the log as it is stands for what was seen of it."""
        ended = ((job_id, job) for job_id, job in log.jobs.items() if job.record.state.ended)
        self.seen = [Seen("the store", job_id, 0, _lines(job.events), whole=True) for job_id, job in ended]
        self.told, self.listings, self.fallen = [], [], []
        self._before = Counter()
        self._before = self.amount(log)


def _lines(events: Sequence[Any]) -> tuple[tuple[int, bytes], ...]:
    return tuple((event.seq, event.line) for event in events)


async def _read(client: RemoteQueen, job_id: str, after: int, cut: Cut | None, heard: Callable[[bytes], None]) -> Read:
    """The same with the client of the product; it leaves after so many events."""
    found = Read()
    try:
        async with aclosing(cast("Any", await client.execute_job(job_id, after))) as events:
            found.status = 200
            while cut is None or len(found.lines) < cut.size:
                event = await anext(events)
                found.lines.append((event.seq, event.line))
                heard(event.line)
    except (QueenUnreachable, StreamInterrupted):
        found.status = 0
    except StopAsyncIteration:
        found.status = found.status if found.lines else 204
    except QueenError as error:
        found.refusal = str(error)
    return found
