"""The threads that read: each has a connection of its own, and takes the next look that somebody wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.connection import open_reader
from queenlib.registry.sqlite.reading import Reading

T = TypeVar("T")

READERS = 2
"""Threads, and connections."""


@dataclass(eq=False)
class _Wanted:
    look: Callable[[Reading], Any]
    future: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, answer: Any, error: Exception | None) -> None:
        """Give the answer, on the loop of the one who asked."""
        if not self.future.done():
            if error is None:
                self.future.set_result(answer)
            else:
                self.future.set_exception(error)


class Readers:
    """Looks at one database. The threads are ours: those of a pool are gone when a program's own last act is to close us."""

    def __init__(self, path: Path, vfs: str | None = None) -> None:
        self._path = path
        self._inbox: SimpleQueue[_Wanted | None] = SimpleQueue()
        self._closed = False
        connections = [open_reader(path, vfs) for _ in range(READERS)]
        self._threads = [
            threading.Thread(target=self._run, args=(each,), name="queenlib reads", daemon=True) for each in connections
        ]
        for thread in self._threads:
            thread.start()

    async def look(self, look: Callable[[Reading], T]) -> T:
        """What a look at the database finds, as it was at one moment.

        Raises:
            StoreFailed: It could not be read, or is closed.
            StoreUnusable: What was met is not what was written.
        """
        if self._closed:
            raise failures.closed(self._path)
        wanted = _Wanted(look)
        self._inbox.put(wanted)
        found: T = await wanted.future
        return found

    def close(self) -> None:
        """Finish the looks that were asked for, and let go."""
        self._closed = True
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self, connection: apsw.Connection) -> None:
        while wanted := self._inbox.get():
            answer, error = None, None
            try:
                answer = self._read(connection, wanted.look)
            except Exception as raised:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
                error = raised
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                wanted.future.get_loop().call_soon_threadsafe(wanted.tell, answer, error)
        connection.close()

    def _read(self, connection: apsw.Connection, look: Callable[[Reading], T]) -> T:
        try:
            connection.execute("BEGIN")
            try:
                return look(Reading(connection, self._path))
            finally:
                connection.execute("ROLLBACK")
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise failures.damaged(self._path, failures.said(error)) from error
        except apsw.Error as error:
            raise failures.unread(self._path, error) from error
