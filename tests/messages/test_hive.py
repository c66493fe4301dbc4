"""Hives and what is told of them: lists that read well as text and as HTML."""

from datetime import UTC, datetime

from queenlib.messages.hive import HiveInfo, HiveKind, HiveListing, HiveState
from queenlib.messages.parse import parse_operation
from queenlib.messages.worker import WorkerInfo, WorkerState

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORKER = WorkerInfo(
    id="worker-a1", hive_id="local", model="<b>m", engine="simulated", state=WorkerState.BUSY, since=AT, device="cpu",
    slots=4, slots_busy=3, context=4096, threads=1, memory=98_362_432,
)  # fmt: skip
HIVE = HiveInfo(id="local", kind=HiveKind.LOCAL, state=HiveState.READY, since=AT, keep_alive=600, workers=(WORKER,))


def test_a_list_of_hives_is_a_table() -> None:
    """A line a hive, a line a worker, with its slots and its memory; as HTML, what a model is called is text."""
    listing = HiveListing(hives=(HIVE, HIVE.model_copy(update={"id": "attic", "workers": ()})))
    lines = str(listing).splitlines()
    assert len(lines) == 4
    assert repr(listing) == str(listing)
    assert "3 of 4" in lines[2]
    assert "98.4 MB" in lines[2]
    html = listing._repr_html_()
    assert "&lt;b&gt;m" in html
    assert "<b>m" not in html
    assert "2 hives" in html
    assert "1 hive<" in HiveListing(hives=(HIVE,))._repr_html_()


def test_the_hive_has_one_name_too_many() -> None:
    """`id` and `hive_id` are the same, and on the wire it is `hive_id`."""
    operations = [parse_operation({"operation": "hive_get", name: "attic"}) for name in ("id", "hive_id")]
    assert operations[0] == operations[1]
    assert operations[0].wire() == {"operation": "hive_get", "hive_id": "attic"}
