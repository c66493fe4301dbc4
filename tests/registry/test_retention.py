"""What is not kept for ever: by age, by size, reads after an hour; never what is at work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queenlib.errors import InvalidRequest, StoreFailed
from queenlib.messages.filter import READS
from queenlib.messages.hive import HiveCreate, HiveKind, HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import PrunedJob
from queenlib.messages.model import ModelDownload
from queenlib.messages.parse import OPERATIONS
from queenlib.registry import retention
from queenlib.registry.memory import MemoryStore
from queenlib.registry.retention import AT_ONCE, House, Retention, remove, select
from queenlib.registry.store import Store
from queenlib.world import World
from tests.registry.test_store import ended, written

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ASKED = Infer(prompt="x", model="m")


@dataclass(frozen=True)
class Dated(World):
    """A world in which it is always the same moment."""

    def now(self) -> datetime:
        """That."""
        return NOW


def ago(seconds: float) -> datetime:
    """So many seconds before that moment."""
    return NOW - timedelta(seconds=seconds)


async def kept(store: Store) -> list[str]:
    """The ids of all jobs, oldest first."""
    return [job.id for job in (await store.page(1000, None)).jobs][::-1]


def house(store: Store, **rules: Any) -> House:
    """What keeps a store in order."""
    return House(store, Dated(), Retention(**rules), READS)


@pytest.fixture
async def three(store: Store) -> Store:
    """A store whose jobs ended in another order than they were created: `b` first, then `c`, then `a`; `open` has not."""
    await ended(store, "job-a", ASKED, at=ago(10), lines=10)
    await written(store, "job-open", 10)
    await ended(store, "job-b", ASKED, at=ago(30), lines=30)
    await ended(store, "job-c", ASKED, at=ago(20), lines=20)
    return store


@pytest.mark.parametrize(
    ("age_s", "gone"),
    [(30.000001, []), (30, ["job-b"]), (29.9, ["job-b"]), (20, ["job-b", "job-c"]), (0, ["job-b", "job-c", "job-a"])],
)
async def test_by_age_go_those_that_ended_longer_ago(three: Store, age_s: float, gone: list[str]) -> None:
    """Counted from their ends, not from their creation, and in that order; the bound itself belongs to it."""
    assert [job.id for job in await select(three, Dated(), age_s=age_s)] == gone


async def test_by_size_go_the_oldest_until_the_rest_fits(three: Store) -> None:
    """Just as many as have to go: with one byte more of room the last of them stays."""
    whole, sizes = await three.size(), {job.id: job.size for job in await three.ended(10)}
    order = ["job-b", "job-c", "job-a"]
    for count in range(4):
        left = whole - sum(sizes[job_id] for job_id in order[:count])
        assert [job.id for job in await select(three, Dated(), size=left)] == order[:count]
        assert [job.id for job in await select(three, Dated(), size=left - 1)] == order[: count + 1]


@pytest.mark.parametrize("part", [0.8, 0.4])
async def test_afterwards_it_is_no_larger_than_was_said(store: Store, part: float) -> None:
    """Measured by what the store itself says it takes; and what is left are the newest."""
    names = [f"job-{number:03}" for number in range(100)]
    for number, name in enumerate(names):
        await ended(store, name, Infer(prompt="x" * 30 * number, model="m"), at=ago(1000 - number), lines=number % 7)
    most = int(await store.size() * part)
    before = await store.size()
    gone = await house(store).prune(age_s=None, size=most, dry_run=False)
    assert most * 0.9 - 8192 <= await store.size() <= most < before
    left = await kept(store)
    assert 0 < len(left) < 100
    assert left == names[-len(left) :]
    assert [job.id for job in gone.jobs] == names[: 100 - len(left)]


@pytest.mark.parametrize(("age_s", "count"), [(30, 2), (0, 3), (1e9, 2)])
async def test_by_both_go_those_that_either_names(three: Store, age_s: float, count: int) -> None:
    """Whichever asks for more decides."""
    most = await three.size() - (await three.ended(1))[0].size - 1
    assert [job.id for job in await select(three, Dated(), age_s=age_s, size=most)] == ["job-b", "job-c", "job-a"][:count]


async def test_by_nothing_goes_nothing(three: Store) -> None:
    """Without an age and without a size nobody is selected; nor is anybody by the greatest of ages."""
    assert list(await select(three, Dated())) == []
    assert list(await select(three, Dated(), age_s=float("inf"))) == []
    assert list(await select(three, Dated(), age_s=2.0**53, size=2**53)) == []


async def test_what_prune_says_is_what_it_does(three: Store) -> None:
    """A dry run removes nothing and names the same jobs and bytes; afterwards just these are gone."""
    made, before = house(three), await three.size()
    dry = await made.prune(age_s=20, size=None, dry_run=True)
    assert (dry.dry_run, await three.size()) == (True, before)
    assert await kept(three) == ["job-a", "job-open", "job-b", "job-c"]
    wet = await made.prune(age_s=20, size=None, dry_run=False)
    assert (wet.jobs, wet.size, wet.dry_run) == (dry.jobs, dry.size, False)
    assert await kept(three) == ["job-a", "job-open"]
    assert dry.size == sum(job.size for job in dry.jobs) > 0
    again = await made.prune(age_s=20, size=None, dry_run=False)
    assert (again.jobs, again.size) == ((), 0)


async def test_who_holds_more_of_a_job_is_told_that_it_is_gone(three: Store) -> None:
    """By age or by size, of each that was removed and of no other; a dry run tells nothing."""
    gone: list[str] = []
    made = House(three, Dated(), Retention(), READS, gone.append)
    await made.prune(age_s=0, size=0, dry_run=True)
    assert gone == []
    await made.prune(age_s=25, size=await three.size(), dry_run=False)
    assert gone == ["job-b"]
    await made.prune(age_s=None, size=0, dry_run=False)
    assert gone == ["job-b", "job-c", "job-a"]


async def test_what_is_at_work_is_never_removed(three: Store) -> None:
    """Not by an age of nothing, not by a size of nothing, though it is too much alone; its log is whole afterwards."""
    pruned = await house(three).prune(age_s=0, size=0, dry_run=False)
    assert {job.id for job in pruned.jobs} == {"job-a", "job-b", "job-c"}
    assert await kept(three) == ["job-open"]
    assert await three.size() > 0
    assert [event.seq for event in await three.read("job-open", 0, 100)] == list(range(1, 12))


async def test_more_than_go_in_one_transaction_all_go(store: Store) -> None:
    """Hundreds of jobs are removed in several steps; none of them is left, and none of the others goes."""
    for number in range(AT_ONCE * 2 + 1):
        await ended(store, f"job-{number:04}", ASKED, at=ago(100))
    await ended(store, "job-new", ASKED, at=ago(10))
    assert len((await house(store).prune(age_s=50, size=None, dry_run=False)).jobs) == AT_ONCE * 2 + 1
    assert await kept(store) == ["job-new"]


async def test_one_that_is_gone_already_is_left_out(three: Store) -> None:
    """Whoever removes what somebody else has just removed removes the rest."""
    jobs = await select(three, Dated(), age_s=0)
    await three.delete(["job-c"])
    await remove(three, jobs)
    await remove(three, [])
    assert await kept(three) == ["job-open"]


async def test_reads_expire_after_an_hour(store: Store) -> None:
    """Unsaid, what only looked at something goes an hour after it ended; all else stays for ever."""
    await ended(store, "job-young", HiveList(), at=ago(3599.9))
    await ended(store, "job-old", HiveList(), at=ago(3600))
    await ended(store, "job-asked", ASKED, at=ago(10**9))
    await ended(store, "job-made", HiveCreate(hive_id="x", kind=HiveKind.SIMULATED), at=ago(10**9))
    await ended(store, "job-fetched", ModelDownload(source="x"), at=ago(10**9))
    await written(store, "job-open", 1)  # a read as well
    await house(store).expire()
    assert await kept(store) == ["job-young", "job-asked", "job-made", "job-fetched", "job-open"]


async def test_every_operation_that_reads_is_one_that_expires(store: Store) -> None:
    """Those that only look at something, by what they declare, and no other."""
    for name, kind in OPERATIONS.items():
        await ended(store, f"job-{name}", kind.model_construct(operation=name), at=ago(4000))
    await house(store).expire()
    assert {job_id.removeprefix("job-") for job_id in await kept(store)} == OPERATIONS.keys() - set(READS)
    assert {"hive_list", "status", "model_get"} < set(READS)


async def test_reads_may_be_kept_for_ever_or_not_at_all(store: Store) -> None:
    """`None` is for ever; 0 is until the next look."""
    await ended(store, "job-a", HiveList(), at=ago(10**9))
    await house(store, reads_s=None).expire()
    assert await kept(store) == ["job-a"]
    await ended(store, "job-b", HiveList(), at=NOW)
    await house(store, reads_s=0).expire()
    assert await kept(store) == []


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ({}, ["job-a", "job-open", "job-b", "job-c"]),
        ({"age_s": 25}, ["job-a", "job-open", "job-c"]),
        ({"size": 0}, ["job-open"]),
        ({"age_s": 25, "size": 10**9}, ["job-a", "job-open", "job-c"]),
    ],
)
async def test_what_retention_says_is_kept(three: Store, rules: dict[str, Any], left: list[str]) -> None:
    """By itself nothing but reads goes; with an age or a size, the others do as well."""
    await house(three, **rules).expire()
    assert await kept(three) == left


@pytest.mark.parametrize("clock", [ago(10**9), ago(-(10**9))])
async def test_a_clock_that_jumped_harms_nothing_that_is_at_work(store: Store, clock: datetime) -> None:
    """Jobs that ended in the future are young; those that are at work stay, whatever the date."""
    await ended(store, "job-a", ASKED, at=clock)
    await written(store, "job-open", 3)
    await house(store, age_s=60).expire()
    assert await kept(store) == (["job-open"] if clock < NOW else ["job-a", "job-open"])


@pytest.mark.parametrize("name", ["reads_s", "age_s", "size", "every_s"])
@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), "3600", timedelta(days=30), True])
def test_what_is_no_amount_is_refused(name: str, value: Any) -> None:
    """A slip does not remove what was to be kept: it is a typed error that names the field, and nothing is started."""
    with pytest.raises(InvalidRequest, match=name) as caught:
        Retention(**{name: value})
    assert caught.value.why
    assert caught.value.next


@pytest.mark.parametrize("rules", [{"every_s": 0}, {"every_s": None}, {"size": 1.5}, {"size": float("inf")}])
def test_each_amount_has_its_kind(rules: dict[str, Any]) -> None:
    """There is a time between two looks, and bytes are whole."""
    with pytest.raises(InvalidRequest):
        Retention(**rules)


def test_what_is_an_amount_is_taken() -> None:
    """Nothing, much, and for ever."""
    assert Retention(reads_s=0, age_s=0.5, size=0, every_s=1) == Retention(0, 0.5, 0, 1)
    assert Retention(reads_s=float("inf"), age_s=None, size=None).reads_s == float("inf")


class Broken(MemoryStore):
    """Cannot say at first what has ended, and afterwards counts the looks."""

    looks = 0

    async def ended(self, limit: int, **which: Any) -> Sequence[PrunedJob]:
        """Fail the first time."""
        self.looks += 1
        if self.looks == 1:
            raise StoreFailed("The disk is full.", next="Make room.")
        return await super().ended(limit, **which)


async def until_looked(store: Broken, times: int) -> None:
    """Wait until it was looked at so often."""
    async with asyncio.timeout(30):
        while store.looks < times:
            await asyncio.sleep(0.001)


async def test_it_looks_again_and_again_until_told_to_end() -> None:
    """A store that failed once is looked at again; after the end nobody looks any more."""
    store = Broken()
    made = house(store, every_s=0.001)
    await made.end()  # it had not begun
    made.begin()
    await until_looked(store, 2)
    await ended(store, "job-a", HiveList(), at=ago(4000))
    await until_looked(store, store.looks + 2)
    assert await kept(store) == []
    await made.end()
    await ended(store, "job-b", HiveList(), at=ago(4000))
    looks = store.looks
    await asyncio.sleep(0.02)
    assert (store.looks, await kept(store)) == (looks, ["job-b"])
    await made.end()


async def test_the_oldest_of_very_many_go_first(store: Store) -> None:
    """What one look cannot remove at once waits for the next: `PRUNED` bounds it, and the oldest are before the others."""
    assert retention.PRUNED >= AT_ONCE
    for number in range(5):
        await ended(store, f"job-{number}", ASKED, at=ago(number))
    assert [job.id for job in await store.ended(3)] == ["job-4", "job-3", "job-2"]
