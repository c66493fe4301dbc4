"""The readers: looks at the database from two threads, each at one moment, each answered to the one who asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import psutil
import pytest

from queenlib.errors import StoreFailed, StoreUnusable
from queenlib.registry.sqlite.readers import READERS, Readers
from queenlib.registry.sqlite.reading import Reading
from tests.registry.sqlite.logs import JOB, Kept, ending, lines

LONG_S = 20
"""No test waits for so long."""
LOG = [*lines(JOB, 1, 400), *ending(JOB, 401, {"text": "x"})]


class Disk(apsw.VFS):
    """A way to files on which reading can be made to fail."""

    def __init__(self) -> None:
        self.name, self.fails = f"failing {id(self)}", False
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's
        """One of its files."""
        return DiskFile(self, name, flags)


class DiskFile(apsw.VFSFile):
    """A file on it."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's
        """Its bytes, or an error."""
        if self._disk.fails:
            raise apsw.IOError
        return super().xRead(amount, offset)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A database with one log."""
    made = Kept(tmp_path / "jobs.db")
    made.keep(LOG)
    yield made
    made.db.close()


@pytest.fixture
def readers(kept: Kept) -> Iterator[Readers]:
    """Readers of it."""
    made = Readers(kept.path)
    yield made
    made.close()


async def test_a_look_gives_what_it_finds(readers: Readers) -> None:
    """Whatever it is, also nothing."""
    assert await readers.look(lambda reading: reading.read(JOB, 0, 1000)) == LOG
    assert await readers.look(lambda reading: reading.get("job-none")) is None


async def test_two_look_at_once(readers: Readers) -> None:
    """A look that takes its time does not keep the next one waiting: both are at the same place at the same time."""
    met = threading.Barrier(READERS)

    def meet(reading: Reading) -> int:
        met.wait(LONG_S)
        return len(reading.read(JOB, 0, 1000))

    assert await asyncio.gather(*(readers.look(meet) for _ in range(READERS))) == [len(LOG)] * READERS


async def test_many_looks_are_all_answered(readers: Readers) -> None:
    """More than there are threads: each has its own answer."""
    looks = [readers.look(lambda reading, n=n: reading.read(JOB, n, 1)[0].seq) for n in range(200)]  # type: ignore[misc]
    assert await asyncio.gather(*looks) == [n + 1 for n in range(200)]


async def test_a_look_is_at_one_moment(readers: Readers, kept: Kept) -> None:
    """What is written meanwhile is not in it, however long it takes; and it is in the next."""
    looked, written = threading.Event(), threading.Event()

    def look(reading: Reading) -> tuple[list[str], list[str]]:
        before = list(reading.find("job-"))
        looked.set()
        assert written.wait(LONG_S)
        return before, list(reading.find("job-"))

    looking = asyncio.ensure_future(readers.look(look))
    assert await asyncio.to_thread(looked.wait, LONG_S)
    kept.keep(lines("job-b", 1, 1))
    written.set()
    assert await looking == ([JOB], [JOB])
    assert await readers.look(lambda reading: reading.find("job-")) == [JOB, "job-b"]


async def test_an_error_belongs_to_the_one_who_asked(readers: Readers) -> None:
    """Whatever a look raises comes out there; both threads go on."""

    def fail(_: Reading) -> None:
        raise ZeroDivisionError

    async def look_fails() -> str:
        with pytest.raises(ZeroDivisionError):
            await readers.look(fail)
        return "failed"

    async def look_finds() -> str:
        return (await readers.look(lambda reading: reading.find("job-")))[0]

    told = await asyncio.gather(*(looking for _ in range(2 * READERS) for looking in (look_fails(), look_finds())))
    assert told == ["failed", JOB] * (2 * READERS)


async def test_who_does_not_wait_any_more_is_no_hindrance(readers: Readers) -> None:
    """A look that was given up, by a cancelled task or with its whole loop, ends alone."""
    go_on = threading.Event()

    async def ask() -> None:
        await asyncio.wait_for(readers.look(lambda _: go_on.wait(LONG_S)), 0.01)

    with pytest.raises(TimeoutError):
        await ask()
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(lambda: asyncio.run(ask()))
    go_on.set()
    assert await asyncio.gather(*(readers.look(lambda reading: reading.find("job-")) for _ in range(4))) == [[JOB]] * 4


async def test_damaged_pages_are_told(kept: Kept) -> None:
    """What SQLite calls malformed is a damaged store in our words, with the way to salvage it."""
    kept.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    kept.db.close()
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    kept.path.with_name(f"{kept.path.name}-wal").unlink(missing_ok=True)
    readers = Readers(kept.path)
    for _ in range(READERS + 1):
        with pytest.raises(StoreUnusable) as caught:
            await readers.look(lambda reading: reading.read(JOB, 0, 1000))
        assert caught.value.fault == "damaged"
        assert "salvage" in caught.value.next
    readers.close()


async def test_what_cannot_be_read_just_now_is_not_called_damaged(kept: Kept) -> None:
    """A disk that gives an error may give the bytes another time: the look says what it said, and the next one works."""
    disk = Disk()
    kept.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    readers = Readers(kept.path, disk.name)
    disk.fails = True
    for _ in range(READERS + 1):
        with pytest.raises(StoreFailed, match="could not be read: IOError"):
            await readers.look(lambda reading: reading.read(JOB, 0, 1000))
    disk.fails = False
    assert await readers.look(lambda reading: reading.read(JOB, 0, 1000)) == LOG
    readers.close()


async def test_closed_readers_say_so(kept: Kept) -> None:
    """A look after the end is refused at once; closing twice is closing; no file and no thread is left."""
    kept.db.close()
    before = threading.active_count()
    readers = Readers(kept.path)
    assert threading.active_count() == before + READERS
    assert await readers.look(lambda reading: reading.find("job-")) == [JOB]
    readers.close()
    readers.close()
    assert threading.active_count() == before
    assert str(kept.path) not in {file.path for file in psutil.Process().open_files()}
    with pytest.raises(StoreFailed, match="is closed"):
        await readers.look(lambda reading: reading.get(JOB))


async def test_looks_that_were_asked_for_are_finished(kept: Kept) -> None:
    """Closing waits for them, and each has its answer."""
    readers = Readers(kept.path)
    looks = [asyncio.ensure_future(readers.look(lambda reading: len(reading.read(JOB, 0, 1000)))) for _ in range(20)]
    await asyncio.sleep(0)
    readers.close()
    assert await asyncio.gather(*looks) == [len(LOG)] * 20


def test_a_database_that_is_not_there_has_no_readers(tmp_path: Path) -> None:
    """Nothing is made, and no thread is left."""
    before = threading.active_count()
    with pytest.raises(Exception, match="unable to open"):
        Readers(tmp_path / "none.db")
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []
