"""What batches need of the store."""

from __future__ import annotations

from queenlib.messages.batch import InferBatch
from queenlib.messages.events import RowEvent
from queenlib.messages.parse import parse_operation
from queenlib.messages.row import RowData
from queenlib.registry.batches import PAGE, Batches
from queenlib.registry.memory import MemoryStore
from tests.registry.test_store import AT, DIGEST, first, grown, lines


async def test_a_request_is_put_together_again() -> None:
    """From the record and what is kept beside it."""
    operation = InferBatch(prompt="{a}", columns={"a": ("x", None)})
    store = MemoryStore()
    record, event = first("job-a", operation)
    await store.create(record, [event], DIGEST, operation.beside())
    whole = parse_operation(await Batches(store).whole(record))
    assert whole.model_copy(update={"rows": None}) == operation
    assert record.request["columns"] == {}


async def test_rows_are_read_from_a_log_of_any_length() -> None:
    """Among other events, page by page."""
    store = MemoryStore()
    record, event = first("job-a")
    await store.create(record, [event], DIGEST)
    log = lines("job-a", 2, PAGE)
    log += [RowEvent(job_id="job-a", seq=2 + PAGE + n, at=AT, data=RowData(i=n, key=f"k{n}", text="t")) for n in range(5)]
    await grown(store, record, log)
    batches = Batches(store)
    assert [row.i async for row in batches.ended("job-a")] == [0, 1, 2, 3, 4]
    assert [row async for row in batches.ended("job-none")] == []
    assert set(await batches.answers(["k1", "none"])) == {"k1"}
