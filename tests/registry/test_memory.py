"""The store in memory, beyond what every store does."""

import pytest

from queenlib.messages.events import StateData, StateEvent
from queenlib.messages.hive import HiveList
from queenlib.messages.state import State
from queenlib.registry.fold import begin
from queenlib.registry.memory import MemoryStore
from queenlib.world import World


async def test_ten_thousand_jobs_are_listed_and_found() -> None:
    """Every job stays, in the order of creation, and is found by its id."""
    store, world = MemoryStore(), World()
    ids = [f"job-{n:05}" for n in range(10_000)]
    for job_id in ids:
        event = StateEvent(job_id=job_id, seq=1, at=world.now(), data=StateData(state=State.QUEUED))
        await store.create(begin(HiveList(), event), [event], "")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.page(1000, cursor)
        seen += [job.id for job in page.jobs]
        if (cursor := page.next) is None:
            break
    assert seen == ids[::-1]
    assert await store.get(ids[5000])


@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_an_old_cursor_of_a_longer_store_is_an_empty_page_at_worst(limit: int) -> None:
    """A cursor past what there is begins at the newest."""
    page = await MemoryStore().page(limit, "1000")
    assert (page.jobs, page.next) == ((), None)
