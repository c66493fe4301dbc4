"""The one thread that writes: takes what has come, writes it in one transaction, and says so when it is on the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any

import apsw

from queenlib.errors import QueenError, StoreFailed
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.connection import BUSY_S
from queenlib.registry.sqlite.inbox import Deed, Inbox, answer
from queenlib.registry.sqlite.ledger import Ledger
from queenlib.registry.sqlite.opening import Opened
from queenlib.world import World

WAL_PAGES = 1000
"""Pages in the `-wal` after which it is brought into the database."""


@dataclass(frozen=True)
class Waits:
    """How long another program's lock is waited for."""

    once_s: float = BUSY_S
    """Seconds each time. Then those are refused who can come again."""
    in_all_s: float = 60.0
    """Seconds before what happens to jobs cannot be kept."""


WAITS = Waits()


class Writer:
    """Writes for one store.

    Args:
        opened: The database; it is closed with the writer.
        world: Whose clock bounds the waits.
        fast: Let pieces of answers wait for the disk; all else never does.
        waits: How long another program is waited for.
        wal_pages: Pages in the `-wal` after which it is brought into the database.
    """

    def __init__(
        self, opened: Opened, world: World, *, fast: bool = False, waits: Waits = WAITS, wal_pages: int = WAL_PAGES
    ) -> None:
        self.failure: StoreFailed | None = None
        """Why nothing is written any more."""
        self.commits = 0
        """Transactions so far."""
        self._opened, self._world, self._fast, self._waits = opened, world, fast, waits
        self._db = opened.connection
        self._db.set_busy_timeout(int(waits.once_s * 1000))
        self._ledger = Ledger(opened.connection, opened.epoch)
        self._inbox = Inbox(world)
        self._synchronous, self._closed = "full", False
        self._wal_pages, self._wal_limit = 0, wal_pages
        self._db.set_wal_hook(self._committed_pages)
        self._thread = threading.Thread(target=self._run, name="queenlib store", daemon=True)
        self._thread.start()

    def do(self, deed: Deed) -> asyncio.Future[Any]:
        """Begin to write something; it is on the disk when this has been awaited.

        Raises:
            StoreFailed: When it is awaited: it could not be.
            QueenError: Likewise: what the deed says.
        """
        if self._closed:
            deed.future.set_exception(failures.closed(self._opened.path))
        else:
            self._inbox.put(deed)
        return deed.future

    def close(self) -> None:
        """Write what is left, bring all into the database, and let go."""
        self._closed = True
        self._inbox.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._inbox.closed:
            if batch := self._inbox.gather():
                self._commit(batch)
                self._inbox.look()
                answer([deed for deed in batch if not deed.scrub])
                if scrubs := [deed for deed in batch if deed.scrub]:
                    self._scrub([deed for deed in scrubs if deed.error is None])
                    answer(scrubs)
                self._keep_up()
        self._opened.close(failed=self.failure is not None)

    def _commit(self, batch: list[Deed]) -> None:
        """Write a batch; each of its deeds has its answer or its error when this returns."""
        left = list(batch) if self.failure or self._opened.reserve.keep() else self._vital(batch)
        while left and self.failure is None:
            try:
                self._transact(left)
                return
            except _Defect as defect:
                self._roll_back()
                defect.deed.error = defect.error
                left.remove(defect.deed)
            except StoreFailed as error:
                self._stop(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
                left = self._see_to(error, left, batch)
        for deed in left:
            deed.error = copy(self.failure)  # each its own: one that is raised again and again gathers frames for ever

    def _transact(self, batch: Sequence[Deed]) -> None:
        self._sync("normal" if self._fast and all(deed.relaxed for deed in batch) else "full")
        self._db.execute("BEGIN IMMEDIATE")
        self._ledger.check_epoch()
        for deed in batch:
            try:
                deed.answer, deed.error = deed.do(self._ledger), None
            except QueenError as error:
                deed.error = error
            except apsw.Error:
                raise
            except Exception as error:
                raise _Defect(deed, error) from error
        if self._ledger.removed:
            self._opened.unmark()
        self._db.execute("COMMIT")
        self.commits, newest = self.commits + 1, self._ledger.newest
        self._ledger.committed()
        if not self._opened.still_there():
            raise failures.vanished(self._opened.path)
        if newest and self._synchronous == "full":
            self._opened.note(*newest)

    def _sync(self, wanted: str) -> None:
        if wanted != self._synchronous:
            self._db.pragma("synchronous", wanted)
            self._synchronous = wanted

    def _roll_back(self) -> None:
        self._ledger.rolled_back()
        with suppress(apsw.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _see_to(self, error: Exception, left: list[Deed], batch: list[Deed]) -> list[Deed]:
        """What is to be tried again, after a transaction that failed; the others have their error."""
        full = failures.is_full(error, self._db)  # before a rollback, which has errors of its own
        self._roll_back()
        if isinstance(error, apsw.BusyError):
            return self._refuse(left + self._inbox.drain(batch))
        if full:
            given = self._opened.reserve.give()
            spared = self._vital(left)
            return spared if given else self._refuse_full(spared)
        self._stop(failures.stopped(self._opened.path, error))
        return left

    def _refuse(self, left: Sequence[Deed]) -> list[Deed]:
        """Another program has the database: tell those who can come again; the others wait on."""
        now = self._world.monotonic()
        for deed in left:
            waited_s, patience_s = now - deed.at, self._waits.in_all_s if deed.patient else self._waits.once_s
            deed.error = failures.busy(self._opened.path, waited_s) if waited_s >= patience_s else None
        answer([deed for deed in left if deed.error is not None])
        return [deed for deed in left if deed.error is None]

    def _vital(self, left: Sequence[Deed]) -> list[Deed]:
        """The disk is full: refuse all but what there is room held back for, as long as there is none for that too."""
        self._refuse_full([deed for deed in left if not deed.vital])
        return [deed for deed in left if deed.vital]

    def _refuse_full(self, left: Sequence[Deed]) -> list[Deed]:
        full = failures.full(self._opened.path, self._opened.free()) if left else None
        for deed in left:
            deed.error = full
        return []

    def _stop(self, error: StoreFailed) -> None:
        self._roll_back()
        self.failure = error

    def _keep_up(self) -> None:
        """What has to be done now and then: bring the `-wal` into the database, and hold back room on the disk."""
        if self.failure is not None:
            return
        try:
            if self._wal_pages >= self._wal_limit or (self._wal_pages and not self._opened.reserve.keep()):
                self._bring_in()
            self._opened.reserve.keep()
        except apsw.BusyError:
            pass
        except apsw.Error as error:
            if not failures.is_full(error, self._db):
                self._stop(failures.stopped(self._opened.path, error))

    def _bring_in(self) -> None:
        self._wal_pages = 0
        pages, brought = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        if 0 < pages == brought:  # begin the `-wal` anew: while it has what is old, damage to it would bring that back
            with self._db:  # there and back: SQLite does not write what is as it was
                for epoch in (self._opened.epoch, -self._opened.epoch):
                    self._db.execute("UPDATE meta SET epoch = -epoch WHERE epoch = ?", (epoch,))

    def _committed_pages(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _scrub(self, deeds: Sequence[Deed]) -> None:
        """Leave nothing in the `-wal`, and give free pages back to the disk: readers finish first."""
        error: StoreFailed | None = self.failure
        try:
            if deeds and error is None:
                self._shrink()
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            error = failures.unscrubbed(self._opened.path, self._waits.once_s)
        except apsw.Error as raised:
            if failures.is_full(raised, self._db):
                error = failures.full(self._opened.path, self._opened.free())
                error.state = "The jobs were removed; bytes of them are in the -wal until there is room."
            else:
                error = failures.stopped(self._opened.path, raised)
                self._stop(error)
        for deed in deeds:
            deed.error = error

    def _shrink(self) -> None:
        """Give free pages back to the disk, if that can be done now: they have nothing in them."""
        try:
            self._db.execute("PRAGMA incremental_vacuum").fetchall()
        except apsw.Error as error:
            if not isinstance(error, apsw.BusyError) and not failures.is_full(error, self._db):
                raise


class _Defect(Exception):
    """A deed that raised what it should not: it alone fails."""

    def __init__(self, deed: Deed, error: Exception) -> None:
        super().__init__(str(error))
        self.deed, self.error = deed, error
