"""Damaged files: each answer is what was seen, to the byte, or says that the store is damaged; nothing is silently less."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import apsw
import pytest

from queenlib.errors import StoreUnusable
from queenlib.registry.registry import Registry
from queenlib.registry.sqlite.checks import CHECK_BYTES
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.written import ALL, Seen, a_job, compare, copied, files_of, seeded, seen, some_jobs

HEAD = 108
"""Bytes of a database that are read before SQLite is let near it."""


@dataclass
class Home:
    """Stores as they were at one moment, and what was seen of them."""

    folder: Path
    known: dict[str, Seen]
    numbers: count[int]

    def copy(self, name: str) -> Path:
        """Another copy of one of them, to be damaged; gives the path of its database."""
        return copied(self.folder / name, self.folder / f"copy-{next(self.numbers)}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """`older`, then `live`: its newest commits are in its `-wal`; then `removed`: the last thing was a removal; `closed`."""
    made = Home(tmp_path_factory.mktemp("stores"), {}, count())

    async def fill() -> None:
        folder = made.folder / "first"
        folder.mkdir()
        world = seeded(1)
        store = SqliteStore.open(folder / "jobs.db", world)
        await some_jobs(store, world, 4, unfinished=1, length=20)
        await note("older", store)
        doomed = await a_job(store, world, length=2)
        await some_jobs(store, world, 8, unfinished=2)
        await note("live", store)
        await store.delete([doomed])
        await note("removed", store)
        await store.close()
        copied(folder, made.folder / "closed")
        made.known["closed"] = made.known["removed"]

    async def note(name: str, store: SqliteStore) -> None:
        made.known[name] = await seen(store)
        copied(made.folder / "first", made.folder / name)

    asyncio.run(fill())
    return made


async def look(path: Path, known: Seen, before: dict[str, bytes] | None = None) -> str:
    """Open a store and read all of it; it is refused and not touched, or each answer is right or typed."""
    before = files_of(path.parent) if before is None else before
    try:
        store = SqliteStore.open(path, World())
    except StoreUnusable as error:
        assert not before or files_of(path.parent) == before
        return _refused(error, path)
    try:
        told = await compare(store, known)
    finally:
        await store.close()
    assert {error.fault for error in told} <= {"damaged"}
    return "told" if told else "right"


def _refused(error: StoreUnusable, path: Path) -> str:
    assert error.path == str(path)
    assert all((error.what, error.why, error.state, error.next))
    return f"refused: {error.fault}"


def damage(file: Path, chance: random.Random, most: int | None = None) -> str:
    """Flip one bit of a file, or cut it off somewhere; says which."""
    data = bytearray(file.read_bytes())
    at = chance.randrange(min(len(data), most or len(data)))
    if most is None and chance.random() < 0.2:
        file.write_bytes(data[:at])
        return f"cut at {at}"
    data[at] ^= 1 << chance.randrange(8)
    file.write_bytes(data)
    return f"bit of byte {at}"


PLACES = [
    ("closed", "jobs.db", None),
    ("closed", "jobs.db", HEAD),
    ("live", "jobs.db", None),
    ("live", "jobs.db-wal", None),
    ("live", "jobs.db-shm", None),
    ("removed", "jobs.db-wal", None),
    ("closed", "jobs.mark", None),
]
"""Which store, which of its files, and how far into it."""


async def _damage_each(home: Home, place: tuple[str, str, int | None], times: int, seed: int) -> Counter[str]:
    name, file, most = place
    chance, outcomes = random.Random(f"{seed} {place}"), Counter[str]()
    for _ in range(times):
        path = home.copy(name)
        what = damage(path.parent / file, chance, most)
        try:
            outcomes[await look(path, home.known[name])] += 1
        except Exception as error:
            raise AssertionError(f"{name}/{file}, {what}: {error}") from error
        shutil.rmtree(path.parent)
    return outcomes


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
async def test_one_damage_is_never_a_wrong_answer(home: Home, place: tuple[str, str, int | None]) -> None:
    """One bit that is flipped, or a file that is cut off: refused and not touched, or every answer is right or typed."""
    assert (await _damage_each(home, place, 10, seed=1)).total() == 10


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
async def test_two_hundred_damages_are_never_a_wrong_answer(home: Home, place: tuple[str, str, int | None]) -> None:
    """The same, in two hundred places of each file."""
    outcomes = await _damage_each(home, place, 200, seed=2)
    assert outcomes.total() == 200
    if place[1] == "jobs.db-wal":
        assert set(outcomes) == {"refused: behind"}, "what was acknowledged is in it"


def _cut_wal(path: Path) -> None:
    wal = path.with_name("jobs.db-wal")
    wal.write_bytes(wal.read_bytes()[: -(24 + 4096)])


def _no_wal(path: Path) -> None:
    path.with_name("jobs.db-wal").unlink()


def _zero_head(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def _short_head(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:90])


def _older(path: Path) -> None:
    shutil.copyfile(path.parents[1] / "older" / "jobs.db", path)
    path.with_name("jobs.db-wal").unlink(missing_ok=True)


def _another_store(path: Path) -> None:
    _begin_anew(path)
    SqliteStore.open(path, World())._writer.close()


def _begin_anew(path: Path) -> None:
    for name in ("jobs.db", "jobs.db-wal"):
        path.with_name(name).unlink(missing_ok=True)


def _other_program(path: Path) -> None:
    _begin_anew(path)
    path.with_name("jobs.mark").unlink()
    database = apsw.Connection(str(path))
    database.execute("CREATE TABLE theirs (x)")
    database.close()


def _other_program_beside_our_mark(path: Path) -> None:
    mark = path.with_name("jobs.mark").read_bytes()
    _other_program(path)
    path.with_name("jobs.mark").write_bytes(mark)


def _text(path: Path) -> None:
    _begin_anew(path)
    path.with_name("jobs.mark").unlink()
    path.write_text("A letter to somebody.\n" * 20)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _gone(path: Path) -> None:
    path.unlink()


WHOLES: Sequence[tuple[str, Callable[[Path], None], str]] = [
    ("live", _no_wal, "behind"),
    ("removed", _no_wal, "behind"),
    ("live", _cut_wal, "behind"),
    ("removed", _cut_wal, "behind"),
    ("closed", _older, "behind"),
    ("closed", _zero_head, "damaged"),
    ("closed", _short_head, "damaged"),
    ("live", _zero_head, "damaged"),
    ("closed", _other_program, "foreign"),
    ("closed", _other_program_beside_our_mark, "foreign"),
    ("closed", _text, "foreign"),
    ("live", _empty, "behind"),
    ("closed", _empty, "behind"),
    ("live", _gone, "behind"),
    ("closed", _gone, "behind"),
]


def remedy(error: StoreUnusable) -> str:
    """The line to paste that an error gives."""
    found = re.search(r"(queenlib salvage --home [^;#]+|mv .*)", error.next)
    assert found is not None, error.next
    return found[1].strip()


def paste(line: str) -> str:
    """Run a line in a shell, as somebody who has queenlib installed; gives what it said."""
    where = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(["sh", "-c", line], env={"PATH": where}, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("name", "harm", "fault"), WHOLES, ids=[f"{name}{harm.__name__}" for name, harm, _ in WHOLES])
async def test_what_is_wrong_is_refused_untouched(home: Home, name: str, harm: Callable[[Path], None], fault: str) -> None:
    """Files that are gone, older, emptied, or of somebody else are told apart, and nothing is written over."""
    path = home.copy(name)
    harm(path)
    assert await look(path, home.known[name]) == f"refused: {fault}"


@pytest.mark.parametrize("harm", [_older, _zero_head, _other_program, _other_program_beside_our_mark, _gone])
async def test_the_remedy_works(home: Home, harm: Callable[[Path], None]) -> None:
    """The line that the error gives can be pasted, and then the home opens; what was there is still there."""
    path = home.copy("closed")
    path = path.parent.rename(path.parent.with_name(f"it's {path.parent.name}")) / "jobs.db"
    harm(path)
    before = set(files_of(path.parent).values())
    with pytest.raises(StoreUnusable) as caught:
        SqliteStore.open(path, World())
    paste(remedy(caught.value))
    store = SqliteStore.open(path, World())
    await a_job(store, World(), length=1)
    await store.close()
    assert before - {b""} <= set(files_of(path.parent).values())


async def test_a_store_of_another_home_is_not_taken_for_ours(home: Home) -> None:
    """A whole database that is not the one that this home has shown jobs from is refused."""
    path = home.copy("closed")
    mark = path.with_name("jobs.mark").read_bytes()
    path.with_name("jobs.mark").unlink()
    _another_store(path)
    path.with_name("jobs.mark").write_bytes(mark)
    assert await look(path, Seen()) == "refused: behind"


def pages_of(data: bytes, kind: int) -> list[int]:
    """Where the pages of a kind begin."""
    return [at for at in range(4096, len(data), 4096) if data[at] == kind]


async def test_an_index_that_hides_a_job_is_found_out(home: Home) -> None:
    """What an index holds is read nowhere else: one that is wrong would make a job unknown, or a key new."""
    whole = (home.folder / "closed" / "jobs.db").read_bytes()
    job_id = next(iter(home.known["closed"].records)).encode()
    places = [match.start() for page in pages_of(whole, 0x0A) for match in re.finditer(job_id, whole[page : page + 4096])]
    found = [page + at for page in pages_of(whole, 0x0A) for at in places if whole[page + at :].startswith(job_id)]
    assert found, "the index was not found"
    for at in found:
        path = home.copy("closed")
        path.write_bytes(whole[: at + 6] + bytes([whole[at + 6] ^ 1]) + whole[at + 7 :])
        assert await look(path, home.known["closed"]) == "refused: damaged"


async def test_a_page_that_was_lost_is_found_out(home: Home) -> None:
    """A leaf of any table that is all zero is never taken for one without rows."""
    whole = (home.folder / "closed" / "jobs.db").read_bytes()
    pages = pages_of(whole, 0x0D)
    for page in random.Random(3).sample(pages, 8):
        path = home.copy("closed")
        path.write_bytes(whole[:page] + bytes(4096) + whole[page + 4096 :])
        assert await look(path, home.known["closed"]) in ("refused: damaged", "told")


async def test_a_database_too_large_to_check_is_checked_where_it_is_read(home: Home) -> None:
    """Where the pages are not read when it is opened, no answer with a wrong or a missing event comes out of them either."""
    chance, told = random.Random(4), 0
    whole = (home.folder / "closed" / "jobs.db").read_bytes()
    known = home.known["closed"]
    for _ in range(25):
        path = home.copy("closed")
        at = chance.choice(pages_of(whole, 0x0D)) + chance.randrange(4096)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        os.truncate(path, CHECK_BYTES + 4096)  # the file alone: its database is as large as it was
        told += await look(path, known, before={}) != "right"
        shutil.rmtree(path.parent)
    assert told > 5


async def test_readers_are_told_in_the_middle_of_a_log(home: Home) -> None:
    """Who follows a job whose log is damaged gets what comes before the damage, and then the typed error; others go on."""
    path = home.copy("closed")
    known = home.known["closed"]
    by_length = sorted(known.logs, key=lambda job_id: len(known.logs[job_id]))
    longest = next(job_id for job_id in reversed(by_length) if known.records[job_id].state.ended)
    connection = apsw.Connection(str(path))
    ((number,),) = connection.execute("SELECT number FROM jobs WHERE id = ?", (longest,)).fetchall()
    ((place,),) = connection.execute(
        "SELECT place FROM chunks WHERE place >> 32 = ? AND (place & 0xffffffff) > ? LIMIT 1", (number, 20)
    ).fetchall()
    connection.execute("UPDATE chunks SET body = CAST(body || 'x' AS BLOB) WHERE place = ?", (place,))
    connection.close()
    store = SqliteStore.open(path, World())
    registry = Registry(store, World())
    with pytest.raises(StoreUnusable) as caught:
        _ = [event async for event in await registry.follow(longest, 0)]
    assert caught.value.fault == "damaged"
    for other in known.logs:
        if other != longest and known.records[other].state.ended:
            events = [event async for event in await registry.follow(other, 0)]
            assert len(events) == len(known.logs[other])
    assert len(await store.read(longest, 0, 20)) == 20
    with pytest.raises(StoreUnusable):
        await store.read(longest, 0, ALL)
    await registry.close()
