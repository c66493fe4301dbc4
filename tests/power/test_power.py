"""When the power goes, at any moment: what was said to be kept is there when it comes back, and nothing there is untrue."""

import asyncio
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from queenlib.registry.sqlite.store import Durability, SqliteStore
from queenlib.world import World
from tests.power.diary import Diary
from tests.power.disk import Act, Cut, Disk, FolderSync, Gone, Made, Marked, Recording, Sync, Write
from tests.power.images import ANY, BLACK, CALM, Weather, build
from tests.power.judge import Found, judge
from tests.power.life import Life, live, open_recorded
from tests.power.proof import prove

FILE = "jobs.db"
WAL = "jobs.db-wal"
ALL = 10**9
"""Acts of a recording: all of them."""


def life_in(folder: Path, seed: int, durability: Durability) -> Life:
    """A life in a folder of its own."""
    place = folder / f"life-{seed}"
    place.mkdir()
    return live(seed, place, durability)


def files(acts: Recording | list[Act], weather: Weather, moment: int = ALL, seed: int = 0) -> dict[str, bytes]:
    """The files of an image of a recording, by default at its end."""
    recording = acts if isinstance(acts, Recording) else Recording({}, acts)
    with TemporaryDirectory() as folder:
        build(recording, moment, random.Random(seed), Path(folder), weather)
        return {each.name: each.read_bytes() for each in Path(folder).iterdir()}


def test_what_was_kept_is_there_when_the_power_comes_back(tmp_path: Path) -> None:
    """Forty seeds: whatever of the unsynced writes is lost, torn or reordered, nothing that was acknowledged is missing."""
    tally = prove(range(40), tmp_path)
    assert tally.violations == []
    assert (tally.seeds, tally.images >= 80) == (40, True)
    assert min(tally.losses.kept, tally.losses.dropped, tally.losses.torn, tally.checked // 1000) > 0


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_a_thousand_power_losses(tmp_path: Path) -> None:
    """A thousand seeds hold, and among them are all kinds of losses that there are."""
    tally = prove(range(1000), tmp_path)
    assert tally.violations == []
    assert min(tally.losses.kept, tally.losses.dropped, tally.losses.torn, tally.lost, tally.resets) > 100
    assert len(tally.kinds) == 6


@pytest.mark.parametrize("deaf_to", ["", "-wal", FILE], ids=["all", "the log", "the database"])
def test_a_disk_that_lies_is_found_out(tmp_path: Path, deaf_to: str) -> None:
    """Where the disk only says that it has synced, be it one of the files, the same proof finds what is lost."""
    lives = (range(ten, ten + 3) for ten in range(0, 100, 10))
    assert any(prove(life, tmp_path, deaf_to=(deaf_to,)).violations for life in lives)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_life_has_all_that_is_to_be_kept(tmp_path: Path, seed: int) -> None:
    """A life has jobs with keys, ends, cancels, removals and 200 events; its `-wal` goes into the database often."""
    life = life_in(tmp_path, seed, "full")
    diary, acts = life.diary, life.recording.acts
    assert sum(map(len, diary.written.values())) >= 200
    assert {ack.what for ack in diary.acks} == {"kept", "create", "cancel", "end", "seen"}
    assert len(diary.first) >= 10
    assert min(len(diary.keyed), len(diary.deleted)) >= 1
    begun = [act for act in acts if isinstance(act, Write) and act.file == WAL and act.offset == 0]
    assert len(begun) >= 3, "opening begins it twice"


def lossy(folder: Path) -> tuple[Recording, Diary, int]:
    """A life with `durability="fast"`, and a moment at which readers had seen pieces of answers that were not synced."""
    life = life_in(folder, 1, "fast")
    synced = [n for n, act in enumerate(life.recording.acts) if act == Sync(WAL)]
    unsure = [ack.at for ack in life.diary.acks if ack.what == "seen" and not ack.sure]
    return life.recording, life.diary, max(unsure, key=lambda at: at - max((n for n in synced if n < at), default=at))


def judged(folder: Path, name: str, durability: Durability) -> Found:
    """The worst image of that moment, by what a durability promises."""
    recording, diary, moment = lossy(folder)
    place = folder / name
    place.mkdir()
    build(recording, moment, random.Random(0), place, BLACK)
    return asyncio.run(judge(place, diary, moment, durability, random.Random(0)))


def test_fast_may_lose_pieces_and_says_so(tmp_path: Path) -> None:
    """With `fast`, pieces of an answer that were seen may be gone; what came before is whole, and readers are told."""
    found = judged(tmp_path, "image", "fast")
    assert found.violations == []
    assert found.lost > 0
    assert found.resets > 0


def test_full_promises_more_than_fast_keeps(tmp_path: Path) -> None:
    """Judged by what `full` promises, the same loss is a violation."""
    assert judged(tmp_path, "image", "full").violations


def test_the_recording_is_what_is_on_the_real_disk(tmp_path: Path) -> None:
    """Where nothing is lost, an image is the files themselves."""
    path = tmp_path / FILE

    async def write() -> None:
        with Disk(path) as disk:
            store = open_recorded(path, disk, Diary(disk.moment), "full", 20)
            real = {each: (tmp_path / each).read_bytes() for each in (FILE, WAL)}
            assert files(disk.recording, CALM) == real
            await store.close()
            assert files(disk.recording, CALM) == {FILE: path.read_bytes()}

    asyncio.run(write())


def test_an_image_goes_on_from_what_was_there(tmp_path: Path) -> None:
    """What lay on the disk before a recording began is in every image of it, though nothing of the recording is."""
    path = tmp_path / FILE
    asyncio.run(SqliteStore.open(path, World()).close())
    before = path.read_bytes()
    with Disk(path) as disk:
        asyncio.run(open_recorded(path, disk, Diary(disk.moment), "full", 20).close())
    assert files(disk.recording, BLACK, moment=0) == {FILE: before}


ACTS: list[Act] = [
    Made("a"),
    Write("a", 0, b"1" * 1024),
    Sync("a"),
    FolderSync(),
    Write("a", 0, b"2" * 1024),
    Write("a", 1024, b"3" * 10),
    Cut("a", 512),
    Made("b"),
    Gone("a"),
]
BEFORE = b"1" * 1024


def test_what_was_synced_is_certain() -> None:
    """When all is lost that may be, a file is as it was at its last sync, and the folder as it was at its own."""
    assert files(ACTS, BLACK) == {"a": BEFORE}
    assert files(ACTS, BLACK, moment=3) == {}


def test_what_happened_last_is_there_when_nothing_is_lost() -> None:
    """When all arrives, every act up to the moment was done, in its order."""
    assert files(ACTS, CALM, moment=6) == {"a": b"2" * 1024 + b"3" * 10}
    assert files(ACTS, CALM, moment=7) == {"a": b"2" * 512}
    assert files(ACTS, CALM) == {"b": b""}


def test_unsynced_writes_are_lost_torn_and_reordered() -> None:
    """Among many images are those that lack a write, have half of one, and have one without an earlier one."""
    seen = {files(ACTS, ANY, 6, seed)["a"] for seed in range(200)}
    whole, tail = b"2" * 1024, b"3" * 10
    assert {BEFORE, BEFORE + tail, whole, whole + tail, b"1" * 512 + b"2" * 512, b"2" * 512 + b"1" * 512} <= seen
    assert {content[:512] for content in seen} == {b"1" * 512, b"2" * 512}, "a sector is old or new"


def test_the_mark_is_of_any_moment_since_it_was_synced() -> None:
    """A mark may be missing or old, but not older than the one that says nothing, which was synced; and never newer."""
    silent = bytes(36)
    acts: list[Act] = [Marked(b"1"), Marked(silent), Marked(b"2"), Marked(b"3"), Marked(b"4")]
    seen = {files(acts, ANY, 4, seed).get("jobs.mark") for seed in range(200)}
    assert seen == {None, silent, b"2", b"3"}
