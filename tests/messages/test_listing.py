"""Lists as tables."""

from datetime import UTC, datetime

import pytest

from queenlib.messages.hive import HiveListing
from queenlib.messages.job import JobListing
from queenlib.messages.listing import Listing
from queenlib.messages.model import ModelListing
from queenlib.messages.worker import WorkerInfo, WorkerListing, WorkerState

WORKER = WorkerInfo(
    id="worker-a1",
    hive_id="local",
    model="<b>m",
    engine="simulated",
    state=WorkerState.BUSY,
    since=datetime(2026, 1, 1, tzinfo=UTC),
    device="cpu",
    slots=4,
    slots_busy=3,
    tokens_per_s=41.5,
    context=4096,
    threads=1,
    memory=98_362_432,
)


@pytest.mark.parametrize("count", [1, 2])
def test_a_list_is_a_table(count: int) -> None:
    """A line for each thing, under the names of its columns; in HTML what others wrote is text."""
    listing = WorkerListing(workers=(WORKER,) * count)
    head, *lines = str(listing).splitlines()
    assert head.startswith("worker ")
    assert repr(listing) == str(listing)
    html = listing._repr_html_()
    assert ("1 worker<" if count == 1 else "2 workers<") in html
    for said in ("worker-a1", "busy", "3 of 4", "41.5", "98.4 MB"):
        assert all(said in line for line in lines)
        assert said in html
    assert "&lt;b&gt;m" in html


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        (HiveListing(hives=()), "no hives"),
        (WorkerListing(workers=()), "no workers"),
        (ModelListing(models=()), "no models"),
        (JobListing(jobs=()), "no jobs"),
    ],
)
def test_an_empty_one_says_so(listing: Listing, said: str) -> None:
    """In words, and not by nothing."""
    assert str(listing) == said
