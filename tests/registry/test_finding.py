"""Finding one job by its id, or by what its id begins with."""

import pytest

from queenlib.errors import UnknownJob
from queenlib.registry.finding import find_job
from queenlib.registry.store import Store
from tests.registry.test_store import first


@pytest.mark.parametrize("name", ["job-abcd1", "abcd1", "abcd", "job-abcd"])
async def test_a_beginning_will_do(store: Store, name: str) -> None:
    """The whole id or four characters of it, with what all ids begin with or without."""
    record, event = first("job-abcd1")
    await store.create(record, [event], "")
    assert await find_job(store, name) == record


@pytest.mark.parametrize("name", ["abc", "job-", "", "job-zzzz", "abcd9", "äbcd", "job-abcd1 "])
async def test_what_is_no_beginning_finds_nothing(store: Store, name: str) -> None:
    """Too little, something else, or no letters of an id: a typed error."""
    record, event = first("job-abcd1")
    await store.create(record, [event], "")
    with pytest.raises(UnknownJob):
        await find_job(store, name)


async def test_what_is_no_text_finds_nothing(store: Store) -> None:
    """A number is a typed error, like all others."""
    with pytest.raises(UnknownJob, match=r"There is no one job 3\."):
        await find_job(store, 3)  # type: ignore[arg-type]


async def test_a_beginning_of_several_is_refused_by_name(store: Store) -> None:
    """It names one of them; the whole id of either still finds it."""
    for job_id in ("job-abcd", "job-abcd2"):
        record, event = first(job_id)
        await store.create(record, [event], "")
    with pytest.raises(UnknownJob, match="job-abcd"):
        await find_job(store, "abcd")
    assert (await find_job(store, "job-abcd")).id == "job-abcd"
