"""Lists as rows."""

from __future__ import annotations

from queenlib.display.rows import hive_table, job_table, listing_table
from queenlib.messages.hive import HiveInfo, HiveKind, HiveState
from queenlib.messages.state import State
from queenlib.messages.worker import WorkerInfo, WorkerListing, WorkerState
from tests.display.making import AT, snapshot

WORKER = WorkerInfo(
    id="w-1",
    hive_id="local",
    model="sim:<b>",
    engine="simulated",
    state=WorkerState.READY,
    since=AT,
    device="cpu",
    slots=4,
    slots_busy=1,
    context=0,
    threads=1,
    memory=2_000_000,
    tokens_per_s=41,
)
HIVE = HiveInfo(
    id="local",
    kind=HiveKind.LOCAL,
    state=HiveState.READY,
    since=AT,
    keep_alive=600,
    devices=("cpu", "cuda:0"),
    workers=(WORKER,),
)


def test_hives_have_their_workers_below_them() -> None:
    """Slots and rates are summed for the hive; each worker has its own line."""
    shown = hive_table([HIVE])
    assert shown.caption == "1 hive"
    assert [line.name for line in shown.lines] == ["local", "local/w-1"]
    assert shown.lines[0].cells == ("local", "(local)", "ready", "", "cpu, cuda:0", "1 of 4", "", "41", "")
    assert shown.lines[1].cells == ("local", "w-1", "ready", "sim:<b>", "cpu", "1 of 4", "", "41", "2.0 MB")
    assert "sim:&lt;b&gt;" in shown.html()
    assert "w-1" in shown.text()


def test_a_table_can_be_the_same_each_time() -> None:
    """Made-up ids have no rest, and reasons, times, rates and memory are not there."""
    job = snapshot(State.FAILED, id="job-7f3k9m2p4qxz", reason="worker_died").job
    shown = job_table([job]).stable()
    assert shown.columns == ("job", "operation", "state", "pieces")
    assert shown.lines[0].cells == ("job-…", "infer", "failed", "")
    shown = hive_table([HIVE]).stable()
    assert shown.columns == ("hive", "worker", "state", "model", "device", "slots busy", "waiting")
    assert shown.lines[1].cells == ("local", "w-1", "ready", "sim:<b>", "cpu", "1 of 4", "")
    listed = listing_table(WorkerListing(workers=(WORKER,)))
    assert (listed.caption, listed.lines[0].cells[-1]) == ("1 worker", "2.0 MB")
    assert "MB" not in listed.stable().html()


def test_jobs_come_newest_first() -> None:
    """With their state, and its reason; those that have not ended can be cancelled."""
    old = snapshot(State.FAILED, id="job-1", reason="worker_died").job
    new = snapshot(State.RUNNING, id="job-2", created_at=AT.replace(year=2027)).job
    shown = job_table([old, new])
    assert [line.name for line in shown.lines] == ["job-2", "job-1"]
    assert [line.ended for line in shown.lines] == [False, True]
    assert shown.lines[1].cells[2] == "failed (worker_died)"
