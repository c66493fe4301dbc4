"""Which jobs a filter may mean: all that it does, in order, and few that it does not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from queenlib.messages.events import EndData, EndEvent
from queenlib.messages.filter import parse_filter
from queenlib.messages.hive import HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.state import State
from queenlib.registry.sqlite.selecting import FEW, MOST, candidates, lanes
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.test_store import AT, DIGEST, first, grown

SECOND = timedelta(seconds=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Twelve jobs: number n was created in second n and, but for the last two, ended in second 100 - n."""
    made = SqliteStore.open(tmp_path / "jobs.db", World())
    for n in range(1, 13):
        operation = HiveList() if n % 3 == 0 else Infer(prompt="x", model=f"m-{n % 2}")
        record, event = first(f"job-{n}", operation, Terms(tags=("all", f"tag-{n}")), AT + n * SECOND)
        await made.create(record, [event], DIGEST)
        if n <= 10:
            state = State.FAILED if n % 2 else State.CANCELLED
            end = EndEvent(job_id=record.id, seq=2, at=AT + (100 - n) * SECOND, data=EndData(state=state))
            await grown(made, record, [end])
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ({"tags": "all"}, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"tags": ["all", "tag-4"]}, [4]),
        ({"tags": ["tag-3", "tag-4"]}, []),
        ({"state": "failed"}, [9, 7, 5, 3, 1]),
        ({"state": ["failed", "cancelled"]}, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"state": ["failed", "running"], "operation": "hive_list"}, [9, 3]),
        ({"operation": ["hive_list", "infer"], "model": "m-0"}, [10, 8, 4, 2]),
        ({"reads": False}, [10, 8, 7, 5, 4, 2, 1]),
        ({"created_after": AT + 9 * SECOND}, [10, 9]),
        ({"created_after": AT + 3 * SECOND, "created_before": AT + 6 * SECOND, "tags": "all"}, [5, 4, 3]),
        ({"ended_after": AT + 97 * SECOND, "ended_before": AT + 99 * SECOND}, [3, 2]),
        ({"ended_after": AT + 1000 * SECOND}, []),
        ({"created_before": AT}, []),
    ],
)
async def test_of_those_that_have_ended_none_is_too_many(store: SqliteStore, said: Any, ended: list[int]) -> None:
    """The database tells exactly which are meant, the newest first."""
    database = apsw.Connection(str(store.path))
    assert [number for number in candidates(database, parse_filter(**said), MOST) if number <= 10] == ended
    assert [number for number in candidates(database, parse_filter(**said), 5) if number < 5] == [n for n in ended if n < 5]
    database.close()


async def test_those_that_have_not_ended_are_all_looked_at(store: SqliteStore) -> None:
    """Unless the filter means none of them."""
    database = apsw.Connection(str(store.path))
    assert list(candidates(database, parse_filter(tags="tag-1"), MOST)) == [12, 11, 1]
    assert list(candidates(database, parse_filter(state="running", tags="tag-1"), MOST)) == [12, 11]
    assert list(candidates(database, parse_filter(state="failed", tags="tag-1"), MOST)) == [1]
    database.close()


@pytest.mark.parametrize(
    ("said", "both"),
    [
        ({}, (True, True)),
        ({"state": "running"}, (True, False)),
        ({"state": ["lost", "failed"]}, (False, True)),
        ({"state": ["lost", "queued"]}, (True, True)),
        ({"ended_after": AT}, (False, True)),
        ({"ended_after": AT, "state": "queued"}, (False, False)),
    ],
)
def test_what_cannot_be_meant_is_not_looked_at(said: Any, both: tuple[bool, bool]) -> None:
    """By its states, and by whether it asks when jobs ended."""
    assert lanes(parse_filter(**said)) == both


def test_the_rarest_leads(tmp_path: Path) -> None:
    """A facet of one among so many jobs is found in steps that do not depend on how many they are."""
    from queenlib.registry.sqlite import facets
    from queenlib.registry.sqlite.opening import open_database

    opened = open_database(tmp_path / "jobs.db", World())
    database, common, rare = opened.connection, facets.facet(("tag", "common")), facets.facet(("tag", "rare"))
    database.executemany("INSERT INTO facets VALUES (?, ?)", ((common, n) for n in range(20 * FEW)))
    database.execute("INSERT INTO facets VALUES (?, ?)", (rare, 7))
    steps = [0]

    def step() -> bool:
        steps[0] += 1
        return False

    database.set_progress_handler(step, 10)
    assert list(candidates(database, parse_filter(tags=["common", "rare"]), MOST)) == [7]
    assert steps[0] < FEW  # of ten instructions each: the common ones are counted up to so many, and not looked at
    opened.close()
