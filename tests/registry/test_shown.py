"""What readers of a live log are shown."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.messages.events import Event, Log, LogEvent
from queenlib.messages.job import JobRecord
from queenlib.registry.fold import advance
from queenlib.registry.shown import TAIL, Shown
from tests.registry.test_store import AT, first


def shown(count: int) -> tuple[Shown, list[Event]]:
    """A log of so many events, shown one by one."""
    record, event = first("job-a")
    events: list[Event] = [event]
    events += [LogEvent(job_id="job-a", seq=n, at=AT, data=Log(text=f"line {n}")) for n in range(2, count + 1)]
    made = Shown(record)
    for each in events:
        made.show(advance(record, each.seq), [each])
    return made, events


@pytest.mark.parametrize("after", [0, 1, 7, 10])
def test_the_newest_are_those_after_a_number(after: int) -> None:
    """All that are kept and newer, in order; none where there is none yet."""
    log, events = shown(10)
    assert log.newest(after) == events[after:]


def test_older_ones_are_asked_of_the_store() -> None:
    """What has left the memory is not passed over: the reader is sent to the store."""
    log, events = shown(TAIL + 10)
    assert log.newest(9) is None
    assert log.newest(10) == events[10:]
    assert Shown(events_free()).newest(0) is None


def events_free() -> JobRecord:
    """A record of which nothing was shown."""
    return first("job-a")[0]


async def test_those_who_wait_are_woken_by_what_is_shown() -> None:
    """All of them, each time, and by a wake without news as well."""
    log, _ = shown(1)
    for wake in (log.wake, lambda: log.show(log.record, [])):
        waiting = [asyncio.create_task(log.change()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        wake()
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting)
