"""The one thread that writes: takes what has come, writes it in one transaction, and says so when it is on the disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import apsw

from queenlib.errors import QueenError, StoreFailed
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.inbox import Deed, Inbox, answer
from queenlib.registry.sqlite.ledger import Ledger
from queenlib.registry.sqlite.opening import Opened
from queenlib.world import World

WAL_PAGES = 1000
"""Pages in the `-wal` after which it is brought into the database."""
SCRUBS = 15
"""So often it is tried to empty the `-wal`, each time for `connection.BUSY_S`."""
BUSY_S = 60.0
"""Seconds that another program's lock is waited for, before what happens to jobs cannot be kept."""


class Writer:
    """Writes for one store.

    Args:
        opened: The database; it is closed with the writer.
        world: Whose clock bounds the waits.
        fast: Let pieces of answers wait for the disk; all else never does.
    """

    def __init__(self, opened: Opened, world: World, *, fast: bool = False) -> None:
        self.failure: StoreFailed | None = None
        """Why nothing is written any more."""
        self.commits = 0
        """Transactions so far."""
        self._opened, self._world, self._fast = opened, world, fast
        self._db = opened.connection
        self._ledger = Ledger(opened.connection, opened.epoch)
        self._inbox = Inbox(world)
        self._synchronous, self._closed = "full", False
        self._wal_pages = 0
        self._db.set_wal_hook(self._committed_pages)
        self._thread = threading.Thread(target=self._run, name="queenlib store", daemon=True)
        self._thread.start()

    async def do(self, deed: Deed) -> Any:
        """Write something; it is on the disk when this returns.

        Raises:
            StoreFailed: It could not be.
            QueenError: What the deed says.
        """
        if self._closed:
            raise failures.closed(self._opened.path)
        self._inbox.put(deed)
        return await deed.future

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
                if any(deed.scrub and deed.error is None for deed in batch):
                    self._scrub()
                answer(batch)
                self._keep_up()
        with suppress(apsw.Error):
            if self.failure is None:
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._opened.close()

    def _commit(self, batch: list[Deed]) -> None:
        """Write a batch; each of its deeds has its answer or its error when this returns."""
        began, left = self._world.monotonic(), list(batch)
        while left and self.failure is None:
            try:
                self._transact(left)
                return
            except apsw.BusyError:
                self._roll_back()
                left += self._inbox.drain(batch)
                left = self._refuse(left, self._world.monotonic() - began)
            except _Defect as defect:
                self._roll_back()
                defect.deed.error = defect.error
                left.remove(defect.deed)
            except StoreFailed as error:
                self._stop(error)
            except (apsw.Error, OSError) as error:
                if isinstance(error, OSError) or not failures.is_full(error, self._db):
                    self._stop(failures.stopped(self._opened.path, error))
                else:
                    self._roll_back()
                    left = self._spare(left)
        for deed in left:
            deed.error = self.failure

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

    def _refuse(self, left: Sequence[Deed], waited_s: float) -> list[Deed]:
        """Another program has the database: tell those who can come again; the others wait on."""
        for deed in left:
            if not deed.patient or waited_s > BUSY_S:
                deed.error = failures.busy(self._opened.path, waited_s)
        answer([deed for deed in left if deed.error is not None])
        return [deed for deed in left if deed.error is None]

    def _spare(self, left: Sequence[Deed]) -> list[Deed]:
        """The disk is full: refuse all but the ends of jobs, which have what is held back for them."""
        full = failures.full(self._opened.path, self._opened.free())
        spared = [deed for deed in left if deed.vital] if self._opened.reserve.give() else []
        for deed in left:
            if deed not in spared:
                deed.error = full
        return spared

    def _stop(self, error: StoreFailed) -> None:
        self._roll_back()
        self.failure = error

    def _keep_up(self) -> None:
        """What has to be done now and then: bring the `-wal` into the database, and hold back room on the disk."""
        if self.failure is not None:
            return
        try:
            if self._wal_pages >= WAL_PAGES:
                self._wal_pages = 0
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._opened.reserve.keep()
        except apsw.BusyError:
            pass
        except apsw.Error as error:
            if not failures.is_full(error, self._db):
                self._stop(failures.stopped(self._opened.path, error))

    def _committed_pages(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _scrub(self) -> None:
        """Leave nothing in the `-wal`, and give free pages back to the disk: readers finish first."""
        with suppress(apsw.Error):
            self._db.execute("PRAGMA incremental_vacuum").fetchall()
        for _ in range(SCRUBS):
            with suppress(apsw.BusyError):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                return


class _Defect(Exception):
    """A deed that raised what it should not: it alone fails."""

    def __init__(self, deed: Deed, error: Exception) -> None:
        super().__init__(str(error))
        self.deed, self.error = deed, error
