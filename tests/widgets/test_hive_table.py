"""The view of the hives."""

from __future__ import annotations

from queenlib import Queen
from queenlib_widgets import HiveTable
from tests.client.outliving import until


def test_hives_and_their_workers_are_rows(queen: Queen) -> None:
    """A worker that is started comes below its hive, with its state, its model and its slots; stopped, it goes."""
    view = HiveTable(queen)
    worker = queen.workers.spawn("sim:echo?text=hi", name="shown").wait()
    columns = view.hives["columns"]
    until(lambda: any(row["name"] == f"local/{worker.id}" for row in view.hives["rows"]))
    columns, rows = view.hives["columns"], {row["name"]: row["cells"] for row in view.hives["rows"]}
    until(lambda: {row["name"]: row["cells"] for row in view.hives["rows"]}["local/shown"][2].startswith("ready"))
    assert rows["local"][columns.index("worker")] == "(local)"
    assert rows["local/shown"][columns.index("model")] == "sim:echo?text=hi"
    assert view.hives["state"] == columns.index("state")
    queen.workers.stop("shown").wait()
    until(lambda: not any(row["name"] == "local/shown" for row in view.hives["rows"]))
    view.close()
