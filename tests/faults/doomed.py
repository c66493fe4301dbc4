"""A queen as `queenlib serve` runs one, who kills herself at one exact moment.

`python -m tests.faults.doomed HOME [--opening POINT:N] [--later POINT:N]`: at the n-th time that she comes to a point, she
writes its name into `HOME/doom` and is killed, there and then. `--opening` counts while she opens her store and sees to what
a queen before her left; `--later` counts from SIGUSR1 on. The points are in `POINTS`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from queenlib.client.reign import Reign
from queenlib.home import Home
from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import NOTHING
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.world import World

POINTS = {
    "creating": "a new job is about to be given to the store",
    "row": "inside a transaction, after a row was changed",
    "commit": "inside a transaction, with all its rows changed",
    "writing": "inside a commit: some of its pages are in the `-wal`, others not",
    "synced": "inside a commit: all its pages are on the disk",
    "committed": "after a commit, which nobody has been told of",
    "created": "the instruction after the store's `create` has returned",
    "appended": "the instruction after the store's `append` has returned, before its events are shown",
}
"""Where she may die."""
TOLD = "doom"
"""The file in a home that says where its queen died by her own hand."""


@dataclass
class Doom:
    """Counts how often each point is met, and ends the process at its time."""

    told: Path
    waiting: tuple[str, int] | None = None
    """The point and how many times are left; `None` while nothing is counted."""

    def meet(self, point: str) -> None:
        """We are at this point."""
        if self.waiting is None or self.waiting[0] != point:
            return
        self.waiting = point, self.waiting[1] - 1
        if self.waiting[1] <= 0:
            handle = os.open(self.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(handle, f"{point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


class DoomedFile(apsw.VFSFile):
    """A file as it is; what is done to a `-wal` is a point to die at."""

    def __init__(self, doom: Doom, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._doom, self._wal = doom, bool(flags[0] & apsw.SQLITE_OPEN_WAL)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write, and perhaps die after it."""
        super().xWrite(data, offset)
        if self._wal:
            self._doom.meet("writing")

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Bring it to the disk, and perhaps die after it."""
        super().xSync(flags)
        if self._wal:
            self._doom.meet("synced")


class DoomedFiles(apsw.VFS):
    """The files of SQLite, all of them doomed."""

    NAME = "doomed"

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        super().__init__(self.NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open one."""
        return DoomedFile(self._doom, name, flags)


class DoomedStore(SqliteStore):
    """The durable store, with points to die at."""

    def __init__(self, path: Path, world: World, doom: Doom) -> None:
        self.doom = doom
        super().__init__(open_database(path, world, DoomedFiles.NAME), world, vfs=DoomedFiles.NAME)

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """Create, and perhaps die before or after it."""
        self.doom.meet("creating")
        job_id = await super().create(record, events, digest, beside)
        self.doom.meet("created")
        return job_id

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Append, and perhaps die after it."""
        await super().append(record, events)
        self.doom.meet("appended")


def watch(connection: apsw.Connection, doom: Doom) -> None:
    """Meet the points of one connection."""

    def committing() -> bool:
        doom.meet("commit")
        return False

    def done(trace: dict[str, object]) -> None:
        if trace["sql"] == "COMMIT":
            doom.meet("committed")

    connection.set_update_hook(lambda *_: doom.meet("row"))
    connection.set_commit_hook(committing)
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, done)


async def reign(home: Home, doom: Doom, later: tuple[str, int] | None) -> None:
    """Reign until killed."""
    world = World()
    store = DoomedStore(home.store, world, doom)
    router = await Router.begin(QueenState.open(home, world=world, store=store))
    doom.waiting = None

    def arm() -> None:
        doom.waiting = later

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, arm)
    held = Reign(home, world, router)
    url = await held.listen()
    ready = {"url": url, "token_file": str(home.token_file), "pid": os.getpid()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def point(text: str) -> tuple[str, int]:
    """A point and a number, as they are given."""
    name, _, number = text.partition(":")
    if name not in POINTS:
        raise ValueError(f"there is no point {name!r}")
    return name, int(number)


def main() -> None:
    """Read the arguments, and reign."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--opening", type=point)
    parser.add_argument("--later", type=point)
    given = parser.parse_args()
    home = Home.open(given.home)
    doom = Doom(home.path / TOLD, given.opening)
    files = DoomedFiles(doom)
    apsw.connection_hooks.append(lambda connection: watch(connection, doom))
    asyncio.run(reign(home, doom, given.later))
    del files  # SQLite knows it for as long as it is there


if __name__ == "__main__":
    main()
