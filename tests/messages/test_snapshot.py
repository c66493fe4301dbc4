"""Snapshots, as they are spoken of."""

from __future__ import annotations

from queenlib.messages.snapshot import Snapshot
from tests.registry.test_store import first


def test_a_snapshot_reads_as_the_answer_so_far() -> None:
    """`print(snapshot)` shows what the model has said; over the wire nothing of it is lost."""
    record, _ = first("job-a")
    snapshot = Snapshot(job=record, text="So far", reasoning="Hm", metrics={"n": 1.0})
    assert str(snapshot) == "So far"
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
