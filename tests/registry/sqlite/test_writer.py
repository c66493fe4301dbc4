"""The writer: one thread, one transaction for all who wait, and after an error nothing that is not sure."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import pytest

from queenlib.errors import Conflict, StaleEpoch, StoreBusy, StoreFailed, StoreFull
from queenlib.registry.sqlite.inbox import BATCH, Deed
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.reserve import SIZE
from queenlib.registry.sqlite.writer import Waits, Writer
from queenlib.world import World
from tests.registry.sqlite.deeds import (
    commits_in,
    creating,
    deleting,
    ends,
    failing,
    jobs_in,
    locked,
    outcomes,
    writing,
)
from tests.registry.sqlite.faulty import Fault, FaultyFiles, Gate, faulty
from tests.registry.sqlite.small_disk import small_disk
from tests.registry.sqlite.written import copied

NEVER = 10**9
"""A call that no test comes to: a fault there only counts."""
SHORT = Waits(once_s=0.05, in_all_s=0.15)
LONG = Waits(once_s=0.05, in_all_s=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "jobs.db"


@pytest.fixture
def files() -> Iterator[FaultyFiles]:
    """Files that do nothing wrong yet."""
    with faulty() as made:
        yield made


def wal_of(path: Path) -> Path:
    """The `-wal` of a database."""
    return path.with_name(f"{path.name}-wal")


async def rested(writer: Writer) -> None:
    """Wait until the writer has seen to the `-wal` and the reserve after its last commit."""
    await writer.do(Deed(lambda _: None))


async def behind(gate: Gate, writer: Writer, deeds: list[Deed]) -> list[asyncio.Future[Any]]:
    """Let the first of some deeds come to its sync, and the others wait for it."""
    tasks = [writer.do(deeds[0])]
    assert await asyncio.to_thread(gate.reached.wait, 30)
    tasks += [writer.do(deed) for deed in deeds[1:]]
    await asyncio.sleep(0)
    return tasks


async def test_a_thousand_creates_at_once_are_few_commits(path: Path, files: FaultyFiles) -> None:
    """All are kept, in fewer than a hundred transactions, each of which is one sync of the `-wal`."""
    with writing(path, files.name, wal_pages=NEVER) as writer:
        await writer.do(creating("job-first"))  # it begins the `-wal`, and that is synced as well
        before = commits_in(wal_of(path))
        files.fault = Fault("sync", NEVER, file="wal")
        names = [f"job-{n}" for n in range(1000)]
        assert await outcomes(writer, [creating(name) for name in names]) == names
        assert commits_in(wal_of(path)) - before == files.fault.met == writer.commits - 1 < 100
        assert jobs_in(path) == ["job-first", *names]


async def test_one_thread_writes_in_the_order_of_their_coming(path: Path) -> None:
    """Whoever comes, and from whichever thread: what he sends first is written first, and all by one thread."""
    order: list[tuple[int, int]] = []
    threads = set[str]()
    writer = Writer(open_database(path, World()), World())

    async def send(sender: int) -> None:
        def do(number: int) -> Deed:
            def note(_: object) -> None:
                order.append((sender, number))
                threads.add(threading.current_thread().name)

            return Deed(note)

        await asyncio.gather(*(writer.do(do(number)) for number in range(300)))

    await asyncio.gather(*(asyncio.to_thread(asyncio.run, send(sender)) for sender in range(3)))
    writer.close()
    assert [[number for each, number in order if each == sender] for sender in range(3)] == [list(range(300))] * 3
    assert threads == {"queenlib store"}


async def test_nothing_is_told_or_seen_before_its_sync(path: Path, files: FaultyFiles) -> None:
    """While the disk has not said that it has it, nobody has the answer, and no reader finds it."""
    with writing(path, files.name) as writer:
        files.gate = Gate()
        tasks = await behind(files.gate, writer, [creating("job-a"), creating("job-b")])
        assert jobs_in(path) == []
        assert [task.done() for task in tasks] == [False, False]
        files.gate.open.set()
        assert await asyncio.gather(*tasks) == ["job-a", "job-b"]
        assert jobs_in(path) == ["job-a", "job-b"]


async def test_a_deed_that_fails_fails_alone(path: Path, files: FaultyFiles) -> None:
    """One that is refused, and one with a defect: each has its own error, and the others of the batch are kept once."""
    with writing(path, files.name) as writer:
        files.gate = Gate()
        defect = ZeroDivisionError("a defect")
        batch = [
            creating("job-a"),
            creating("job-b"),
            creating("job-b"),
            failing(defect),
            ends("job-none"),
            creating("job-c"),
        ]
        tasks = await behind(files.gate, writer, batch)
        files.gate.open.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert told[:2] + told[5:] == ["job-a", "job-b", "job-c"]
        assert [type(each) for each in told[2:5]] == [Conflict, ZeroDivisionError, Conflict]
        assert writer.commits == 2
        assert writer.failure is None
        assert jobs_in(path) == ["job-a", "job-b", "job-c"]


async def test_a_batch_of_defects_alone_stops_nothing(path: Path) -> None:
    """When none is left to be written, the next one is."""
    with writing(path) as writer:
        told = await outcomes(writer, [failing(ValueError(f"{n}")) for n in range(20)])
        assert [str(each) for each in told] == [f"{n}" for n in range(20)]
        assert await writer.do(creating("job-a")) == "job-a"


async def test_only_vital_deeds_use_the_reserve(path: Path) -> None:
    """On a full disk a new job is refused, told how much is free; the end of one and a removal are still kept."""
    with small_disk(path.parent) as disk, writing(path, disk.name) as writer:
        await outcomes(writer, [creating("job-a"), creating("job-b")])
        await rested(writer)
        disk.fill()
        told = await outcomes(writer, [creating("job-c"), ends("job-a"), creating("job-d")])
        assert [type(each) for each in told] == [StoreFull, type(None), StoreFull]
        assert told[0].free > 0
        for _ in range(3):
            with pytest.raises(StoreFull):
                await writer.do(creating("job-e"))
        await writer.do(deleting("job-a", scrub=True))
        assert (jobs_in(path), writer.failure) == (["job-b"], None)


async def test_when_there_is_room_again_it_goes_on(path: Path) -> None:
    """By itself, and it holds back a new reserve."""
    with small_disk(path.parent) as disk, writing(path, disk.name) as writer:
        for round_ in range(3):
            await rested(writer)
            disk.fill()
            with pytest.raises(StoreFull):
                await writer.do(creating("job-refused"))
            disk.room = None
            assert await writer.do(creating(f"job-{round_}")) == f"job-{round_}"
            await rested(writer)
            assert path.with_suffix(".reserve").stat().st_size == SIZE
        assert jobs_in(path) == ["job-0", "job-1", "job-2"]


async def test_a_disk_without_any_room_refuses_the_vital_as_well(path: Path) -> None:
    """When the reserve is used up, an end is refused with the same error; when there is room, it can come again."""
    with small_disk(path.parent) as disk, writing(path, disk.name) as writer:
        await writer.do(creating("job-a"))
        await rested(writer)
        disk.room = 0
        told = await outcomes(writer, [ends("job-a"), creating("job-b")])
        assert [type(each) for each in told] == [StoreFull, StoreFull]
        disk.room = None
        await writer.do(ends("job-a"))
        assert jobs_in(path) == ["job-a"]


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from queenlib.errors import StoreFull
from tests.registry.sqlite.deeds import creating, deleting, ends, writing

async def full(writer, path):
    kept, names = [], (f"job-{n}" for n in range(10**6))
    room = path.with_name("jobs.db-wal").stat().st_size + 200_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        while True:
            kept.append(await writer.do(creating(next(names), 100)))
    except StoreFull:
        pass
    try:
        await writer.do(creating("job-refused"))
    except StoreFull:
        print("full", end=" ")
    await writer.do(ends(kept[0], 100))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    kept.append(await writer.do(creating("job-late")))
    await writer.do(deleting(kept.pop(0)))
    print(*kept)

path = Path(sys.argv[1])
with writing(path) as writer:
    asyncio.run(full(writer, path))
"""
"""Writes where no file may grow, until that is refused, and then where they may."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit for files")
def test_where_no_file_may_grow_all_that_was_told_is_kept(path: Path) -> None:
    """Where the system itself refuses, a job is refused and an end is kept; it is over when the system lets go."""
    told = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=60)
    assert told.stderr == ""
    full, *kept = told.stdout.split()
    assert full == "full"
    assert len(kept) > 2
    assert jobs_in(path) == kept


BROKEN = [
    Fault("sync", 1, errno.EIO, "wal"),
    Fault("sync", 1, errno.ENOSPC, "wal"),
    Fault("sync", 1, errno.EDQUOT, "wal"),
    Fault("write", 1, errno.EIO, "wal"),
]


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: f"{fault.call}-{errno.errorcode[fault.error]}")
async def test_after_an_error_of_the_disk_nothing_is_written(path: Path, files: FaultyFiles, fault: Fault) -> None:
    """It is never tried again, nor acknowledged, though the disk is well: each deed from then on is refused."""
    with writing(path, files.name) as writer:
        await writer.do(creating("job-a"))
        files.fault = Fault(fault.call, fault.nth, fault.error, fault.file)
        told = await outcomes(writer, [creating("job-b"), creating("job-c"), ends("job-a")])
        assert [type(each) for each in told] == [StoreFailed] * 3
        assert "could not be written" in told[0].what
        files.fault = Fault("any", NEVER)
        for deed in (creating("job-d"), ends("job-a"), deleting("job-a", scrub=True)):
            with pytest.raises(StoreFailed):
                await writer.do(deed)
        assert (files.fault.met, writer.failure.kind) == (0, "StoreFailed")
    assert files.fault.met == 0, "not even at the end"
    with writing(path):
        assert jobs_in(path)[:1] == ["job-a"], "what is there is read again"


async def test_an_error_while_the_wal_is_brought_in_stops_it(path: Path, files: FaultyFiles) -> None:
    """What was acknowledged before is kept, and nothing is acknowledged after."""
    with writing(path, files.name, wal_pages=1) as writer:
        files.fault = Fault("sync", 1, file="db")
        assert await writer.do(creating("job-a")) == "job-a"
        with pytest.raises(StoreFailed):
            await writer.do(creating("job-b"))
        assert files.fault.happened
    with writing(path):
        assert jobs_in(path) == ["job-a"]


async def story(writer: Writer) -> dict[str, bool]:
    """Jobs that come, end and go, one by one; which there are, as far as it was told."""
    there: dict[str, bool] = {}
    for number in range(5):
        name = f"job-{number}"
        for deed, outcome in ((creating(name, 40), True), (ends(name, 40), True), (deleting(name, scrub=number < 3), False)):
            if number == 4 and outcome is False:
                break
            (told,) = await outcomes(writer, [deed])
            if isinstance(told, BaseException):
                assert isinstance(told, StoreFailed | Conflict)  # a conflict, where the step before was refused
                there.pop(name, None)  # nobody can say
            else:
                there[name] = outcome
    return there


async def fail_each(folder: Path, files: FaultyFiles, error: int, step: int) -> int:
    """Tell the story with each `step`th call to the disk going wrong; check what is there; gives how many there are."""
    for nth in count(1, step):
        path = folder / f"{nth}" / "jobs.db"
        path.parent.mkdir()
        files.fault = None
        with writing(path, files.name, wal_pages=8) as writer:
            files.fault = Fault("any" if error == errno.EIO else "write", nth, error)
            there = await story(writer)
            fault, files.fault = files.fault, None
        with writing(path):
            found = set(jobs_in(path))
        assert {name for name, is_there in there.items() if is_there} <= found, nth
        assert not {name for name, is_there in there.items() if not is_there} & found, nth
        if not fault.happened:
            return fault.met
    raise AssertionError


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
async def test_whichever_call_fails_what_was_told_is_so(tmp_path: Path, files: FaultyFiles, error: int) -> None:
    """One of the calls to the disk goes wrong: what was acknowledged is kept, and what was removed is gone."""
    assert await fail_each(tmp_path, files, error, 11) > 50


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
async def test_whichever_of_all_calls_fails_what_was_told_is_so(tmp_path: Path, files: FaultyFiles, error: int) -> None:
    """The same, for each single call."""
    assert await fail_each(tmp_path, files, error, 1) > 50


async def test_each_who_is_refused_has_an_error_of_his_own(path: Path, files: FaultyFiles) -> None:
    """A queen who refuses for days does not gather the frames of all whom she has refused."""
    with writing(path, files.name) as writer:
        files.fault = Fault("sync", 1, file="wal")
        depths = []
        for number in range(5):
            with pytest.raises(StoreFailed) as caught:
                await writer.do(creating(f"job-{number}"))
            depths.append(len(caught.traceback))
        assert len(set(depths)) == 1


async def test_who_was_followed_by_another_stops(path: Path) -> None:
    """A later opening of the same database ends the writing of this one, for good."""
    with writing(path) as writer:
        await writer.do(creating("job-a"))
        path.with_suffix(".lock").unlink()  # as where locks are not kept
        with writing(path) as newer:
            for _ in range(2):
                with pytest.raises(StaleEpoch):
                    await writer.do(creating("job-b"))
            await newer.do(creating("job-c"))
    assert jobs_in(path) == ["job-a", "job-c"]


async def test_another_programs_lock_is_waited_for(path: Path) -> None:
    """A new job is refused after a while, with nothing half done; the event of a job waits on, and is kept when it can."""
    with writing(path, waits=LONG) as writer:
        await writer.do(creating("job-a", 3))
        with locked(path) as free:
            end = writer.do(ends("job-a", 3))
            for number in range(2):
                with pytest.raises(StoreBusy) as caught:
                    await writer.do(creating(f"job-{number}"))
                assert caught.value.waited_s >= LONG.once_s
            assert not end.done()
            free()
            await end
        assert await writer.do(creating("job-b")) == "job-b"
        assert (jobs_in(path), writer.failure) == (["job-a", "job-b"], None)


async def test_a_lock_that_stays_is_told_to_all(path: Path) -> None:
    """Who waits on is refused in the end as well; afterwards it can come again."""
    with writing(path, waits=SHORT) as writer:
        await writer.do(creating("job-a"))
        with locked(path):
            told = await outcomes(writer, [ends("job-a"), creating("job-b"), deleting("job-a")])
            assert [type(each) for each in told] == [StoreBusy] * 3
            assert told[0].waited_s >= SHORT.in_all_s
        await writer.do(ends("job-a"))
        await writer.do(deleting("job-a"))
        assert jobs_in(path) == []


async def test_a_short_lock_is_not_noticed(path: Path) -> None:
    """Who comes while it is there has its answer when it is gone."""
    with writing(path) as writer, locked(path) as free:
        task = writer.do(creating("job-a"))
        await asyncio.sleep(0)
        free()
        assert await task == "job-a"


async def test_a_reader_of_old_times_holds_up_nobody(path: Path) -> None:
    """What another program goes on reading keeps the `-wal` from being begun anew, and nothing else."""
    with writing(path, wal_pages=1) as writer:
        await writer.do(creating("job-a"))
        reader = apsw.Connection(str(path))
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM jobs").get == 1
        for number in range(20):
            await writer.do(creating(f"job-{number}"))
        assert reader.execute("SELECT count(*) FROM jobs").get == 1
        reader.close()
        await writer.do(creating("job-b"))
        await rested(writer)
        size = wal_of(path).stat().st_size
        for number in range(20, 60):
            await writer.do(creating(f"job-{number}"))
        assert wal_of(path).stat().st_size == size
    assert len(jobs_in(path)) == 62


async def test_what_was_brought_in_is_not_read_again(path: Path) -> None:
    """A `-wal` that is in the database is begun anew, so that damage to what is old in it costs nothing."""
    with writing(path, wal_pages=40) as writer:
        names = list[str]()
        before = path.read_bytes()
        while path.read_bytes() == before:
            names.append(await writer.do(creating(f"job-{len(names)}", 20)))
            await rested(writer)
        assert len(names) > 3
        size = wal_of(path).stat().st_size
        for at in range(40, size, size // 7):
            copy = copied(path.parent, path.parent / f"copy-{at}")
            data = bytearray(wal_of(copy).read_bytes())
            data[at] ^= 1
            wal_of(copy).write_bytes(data)
            with writing(copy):
                assert jobs_in(copy) == names


async def test_bytes_that_somebody_still_reads_are_told(path: Path) -> None:
    """A removal that cannot be scrubbed says so, and is done all the same."""
    with writing(path, waits=SHORT) as writer:
        await outcomes(writer, [creating("job-a"), creating("job-b")])
        await writer.do(ends("job-a"))
        reader = apsw.Connection(str(path))
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM jobs").get == 2
        with pytest.raises(StoreBusy) as caught:
            await writer.do(deleting("job-a", scrub=True))
        assert "bytes of them are in it" in caught.value.state
        reader.close()
        assert jobs_in(path) == ["job-b"]
        await writer.do(deleting(scrub=True))
        assert wal_of(path).stat().st_size == 0


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT], ids=["ENOSPC", "EDQUOT"])
@pytest.mark.parametrize("file", ["wal", "db"])
async def test_a_scrub_without_room_says_what_was_done(path: Path, files: FaultyFiles, error: int, file: str) -> None:
    """Whichever write there is no room for: the removal is done, or refused whole; what is told is what is so."""
    said = set[str]()
    with writing(path, files.name) as writer:
        for nth in count(1, 6 if file == "wal" else 1):
            await outcomes(writer, [creating("job-a", 400), creating("job-b")])
            await writer.do(ends("job-a", 400))
            await rested(writer)
            fault = files.fault = Fault("write", nth, error, file)
            (told,) = await outcomes(writer, [deleting("job-a", scrub=True)])
            files.fault = None
            assert jobs_in(path) == ["job-b"], "the reserve is there for it"
            if told is not None:
                assert isinstance(told, StoreFull)
                said.add(told.state)
            await writer.do(ends("job-b"))
            await writer.do(deleting("job-b", scrub=True))
            if not fault.happened:
                break
    assert said == ({"The jobs were removed; bytes of them are in the -wal until there is room."} if file == "db" else set())
    assert writer.failure is None


async def test_who_waits_at_the_close_is_answered(path: Path, files: FaultyFiles) -> None:
    """All that came before it is written, more than one transaction can hold; who comes after it is refused."""
    names = [f"job-{n}" for n in range(BATCH + 100)]
    with writing(path, files.name) as writer:
        files.gate = Gate()
        tasks = await behind(files.gate, writer, [creating(name) for name in names])
        closing = asyncio.create_task(asyncio.to_thread(writer.close))
        files.gate.open.set()
        assert await asyncio.gather(*tasks) == names
        await closing
        with pytest.raises(StoreFailed, match="is closed"):
            await writer.do(creating("job-late"))
    assert not wal_of(path).exists(), "all is in the database"
    assert jobs_in(path) == names


async def test_a_close_waits_no_longer_than_its_deeds(path: Path) -> None:
    """While another program has the database, they are refused in time, and then it is closed."""
    with writing(path, waits=SHORT) as writer:
        await writer.do(creating("job-a"))
        with locked(path):
            tasks = [writer.do(deed) for deed in (ends("job-a"), creating("job-b"))]
            await asyncio.sleep(0)
            await asyncio.to_thread(writer.close)
            told = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(each) for each in told] == [StoreBusy] * 2
    assert jobs_in(path) == ["job-a"]


def _gone(path: Path) -> None:
    path.unlink()


def _moved(path: Path) -> None:
    path.rename(path.with_suffix(".away"))


def _replaced(path: Path) -> None:
    path.with_suffix(".new").write_bytes(b"somebody else's, and never to be written over" * 200)
    path.with_suffix(".new").replace(path)


def _without_wal(path: Path) -> None:
    wal_of(path).unlink()


def _without_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("away"))


@pytest.mark.parametrize("harm", [_gone, _moved, _replaced, _without_wal, _without_folder])
@pytest.mark.parametrize("busy", [True, False])
async def test_a_database_that_vanishes_is_told(tmp_path: Path, harm: Any, busy: bool) -> None:
    """Whatever was done to its files: no deed is acknowledged from then on, and what lies there now is not touched."""
    path = tmp_path / "home" / "jobs.db"
    path.parent.mkdir()
    with writing(path, wal_pages=1) as writer:
        await writer.do(creating("job-a"))
        harm(path)
        before = {each: each.read_bytes() for each in (path, wal_of(path)) if each.exists()}
        if busy:
            for deed in (creating("job-b"), ends("job-a"), deleting("job-a", scrub=True)):
                with pytest.raises(StoreFailed) as caught:
                    await writer.do(deed)
                assert "removed or replaced" in caught.value.what
    after = {each: each.read_bytes() for each in (path, wal_of(path)) if each.exists()}
    assert after.keys() == before.keys()
    assert after.get(path) == before.get(path) or harm is _without_wal
