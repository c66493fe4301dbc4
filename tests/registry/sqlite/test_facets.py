"""What jobs that have ended are found by: written with their end, and gone with them."""

from pathlib import Path

import apsw
import pytest

from queenlib.messages.events import EndData, EndEvent
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.state import State
from queenlib.registry.sqlite import facets
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.test_store import AT, DIGEST, first, grown

ASKED = Infer(prompt="x", model="m", hive_id="local", worker_id="w")
FOUND = {("operation", "infer"), ("state", "lost"), ("hive", "local"), ("worker", "w"), ("model", "m"), ("tag", "a")}


async def ended(store: SqliteStore, job_id: str, tags: tuple[str, ...] = ("a",)) -> None:
    """A job that has ended."""
    record, event = first(job_id, ASKED, Terms(tags=tags))
    await store.create(record, [event], DIGEST)
    await grown(store, record, [EndEvent(job_id=job_id, seq=2, at=AT, data=EndData(state=State.LOST))])


def rows(path: Path) -> tuple[set[tuple[int, int]], list[int]]:
    """All that is in the index: facets and numbers, and the numbers that have a date."""
    database = apsw.Connection(str(path))
    try:
        found = {(int(str(facet)), int(str(number))) for facet, number in database.execute("SELECT * FROM facets")}
        return found, [int(str(number)) for (number,) in database.execute("SELECT number FROM dates")]
    finally:
        database.close()


def test_aspects_are_told_apart() -> None:
    """Each has a number of its own, the same always, which a database can hold."""
    many = {facets.facet(("tag", f"tag-{n}")) for n in range(10_000)}
    assert len(many) == 10_000
    assert all(0 <= each < 2**47 for each in many)
    assert facets.facet(("tag", "a")) != facets.facet(("model", "a"))


async def test_it_is_written_with_the_end_and_removed_with_the_job(tmp_path: Path) -> None:
    """One that has not ended is not in it; of one that was deleted nothing is left."""
    path = tmp_path / "jobs.db"
    store = SqliteStore.open(path, World())
    record, event = first("job-live", ASKED, Terms(tags=("a",)))
    await store.create(record, [event], DIGEST)
    assert rows(path) == (set(), [])
    await ended(store, "job-a")
    assert rows(path) == ({(facets.facet(each), 2) for each in FOUND}, [2])
    await store.delete(["job-a"], scrub=True)
    assert rows(path) == (set(), [])
    await store.close()


@pytest.mark.parametrize("head", [b"", b"{}", b"\xff", b"[]", b'{"operation": 1, "state": 2, "terms": {}}'])
async def test_a_damaged_job_leaves_nothing_either(tmp_path: Path, head: bytes) -> None:
    """What it was found by is looked for where the job itself does not say it any more; others keep theirs."""
    path = tmp_path / "jobs.db"
    store = SqliteStore.open(path, World())
    await ended(store, "job-a")
    await ended(store, "job-b", ("b",))
    database = apsw.Connection(str(path))
    database.execute("UPDATE jobs SET head = ? WHERE id = 'job-a'", (head,))
    database.close()
    await store.delete(["job-a"])
    found, dated = rows(path)
    assert {number for _, number in found} == {2}
    assert dated == [2]
    await store.close()
