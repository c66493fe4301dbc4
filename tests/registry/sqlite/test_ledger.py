"""The ledger: what it writes is there after its transaction; what was rolled back leaves no trace, on the disk or in it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.errors import Conflict, KeyConflict, StaleEpoch, StoreUnusable
from queenlib.messages.events import Event, Log, StateData
from queenlib.messages.state import State
from queenlib.registry.sqlite.chunk import CHUNK_BYTES, extend
from queenlib.registry.sqlite.ledger import Ledger, read_chunk
from tests.registry.sqlite.logs import DIGEST, JOB, Kept, cuttings, ending, event_of, lines, logs, record_of_log

TABLES = ("jobs", "requests", "results", "chunks")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A new database, in a file."""
    made = Kept(tmp_path / "jobs.db")
    yield made
    made.db.close()


def everything(kept: Kept) -> dict[str, list[Any]]:
    """All rows of all tables."""
    return {table: kept.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


def whole(job_id: str, count: int = 40) -> list[Event]:
    """A log of lines, with a result and an end."""
    return [*lines(job_id, 1, count), *ending(job_id, count + 1, {"text": "x"})]


def test_a_new_job_is_there_with_its_first_event(kept: Kept) -> None:
    """Its record, its request and its log are one step."""
    record = kept.keep(lines(JOB, 1, 1), key="k")
    assert kept.reading.get(JOB) == record
    assert kept.reading.read(JOB, 0, 10) == lines(JOB, 1, 1)
    assert kept.ledger.newest is None, "it is that of a transaction"


def test_what_a_transaction_wrote_last_is_known(kept: Kept) -> None:
    """The mark needs the number of the job and of the event."""
    with kept.transaction() as ledger:
        ledger.create(record_of_log(lines(JOB, 1, 1)), lines(JOB, 1, 1), DIGEST)
        ledger.create(record_of_log(lines("job-b", 1, 1)), lines("job-b", 1, 1), DIGEST)
        ledger.append(record_of_log(lines(JOB, 1, 9)), lines(JOB, 2, 8))
        assert ledger.newest == (1, 9)
        assert not ledger.removed


def test_a_key_gives_the_job_that_has_it(kept: Kept) -> None:
    """The same key with the same payload is the job that is there, in this transaction or a later one."""
    with kept.transaction() as ledger:
        assert ledger.create(record_of_log(lines(JOB, 1, 1), key="k"), lines(JOB, 1, 1), DIGEST) == JOB
        assert ledger.create(record_of_log(lines("job-b", 1, 1), key="k"), lines("job-b", 1, 1), DIGEST) == JOB
    before = everything(kept)
    with kept.transaction() as ledger:
        assert ledger.create(record_of_log(lines("job-c", 1, 1), key="k"), lines("job-c", 1, 1), DIGEST) == JOB
        assert ledger.newest is None
    assert everything(kept) == before
    assert kept.reading.find("") == [JOB]


def test_a_key_with_another_payload_is_a_conflict(kept: Kept) -> None:
    """The error names the key and the job that has it; nothing is written."""
    kept.keep(lines(JOB, 1, 1), key="k")
    before = everything(kept)
    with kept.transaction() as ledger, pytest.raises(KeyConflict) as caught:
        ledger.create(record_of_log(lines("job-b", 1, 1), key="k"), lines("job-b", 1, 1), "1" * 64)
    assert (caught.value.key, caught.value.other_id) == ("k", JOB)
    assert everything(kept) == before


@pytest.mark.parametrize("key", [None, "k", "other"])
def test_an_id_is_taken_once(kept: Kept, key: str | None) -> None:
    """A second job of one id is refused, whatever its key; the first keeps its own."""
    kept.keep(lines(JOB, 1, 1), key="first")
    before = everything(kept)
    with kept.transaction() as ledger, pytest.raises(Conflict, match="exists already"):
        ledger.create(record_of_log(lines(JOB, 1, 1), key=key), lines(JOB, 1, 1), DIGEST)
    assert everything(kept) == before


def test_jobs_without_a_key_do_not_stand_in_each_others_way(kept: Kept) -> None:
    """No key is not a key."""
    for name in ("job-a", "job-b", "job-c"):
        kept.keep(lines(name, 1, 1))
    assert len(kept.rows("SELECT * FROM jobs")) == 3


@pytest.mark.parametrize("seq", [1, 3, 4, 6, 50])
def test_events_that_do_not_follow_are_refused(kept: Kept, seq: int) -> None:
    """An overlap or a hole writes nothing, and what follows is still taken."""
    kept.keep(lines(JOB, 1, 4))
    before = everything(kept)
    with kept.transaction() as ledger, pytest.raises(Conflict, match=f"Event {seq} of job-a does not follow event 4"):
        ledger.append(record_of_log(lines(JOB, 1, 9)), lines(JOB, seq, 2))
    assert everything(kept) == before
    kept.grow(lines(JOB, 1, 6), lines(JOB, 5, 2))
    assert kept.reading.read(JOB, 0, 10) == lines(JOB, 1, 6)


def test_nothing_comes_after_the_end(kept: Kept) -> None:
    """A log that has its end takes no more: in its own transaction, in a later one, or in another life."""
    with kept.transaction() as ledger:
        ledger.create(record_of_log(lines(JOB, 1, 1)), lines(JOB, 1, 1), DIGEST)
        ledger.append(record_of_log([*lines(JOB, 1, 1), *ending(JOB, 2)]), ending(JOB, 2))
        with pytest.raises(Conflict):
            ledger.append(record_of_log(lines(JOB, 1, 4)), lines(JOB, 3, 1))
    for ledger in (kept.ledger, Ledger(kept.db, 1)):
        with pytest.raises(Conflict):
            ledger.append(record_of_log(lines(JOB, 1, 4)), lines(JOB, 3, 1))
    assert kept.reading.read(JOB, 0, 10) == [*lines(JOB, 1, 1), *ending(JOB, 2)]


def test_the_log_of_a_job_that_is_not_there_takes_nothing(kept: Kept) -> None:
    """An unknown job, and one whose creation was rolled back, have no log."""
    kept.lose(lines(JOB, 1, 1), lines(JOB, 1, 1))
    for name in (JOB, "job-none"):
        with kept.transaction() as ledger, pytest.raises(Conflict, match="does not follow event 0"):
            ledger.append(record_of_log(lines(name, 1, 2)), lines(name, 2, 1))
    assert everything(kept) == {table: [] for table in TABLES}


def test_a_rollback_forgets_what_the_last_chunk_had_become(kept: Kept) -> None:
    """The same events can come again, as often as it takes, and are there once."""
    log = lines(JOB, 1, 90)
    kept.keep(log[:5])
    before = everything(kept)
    for _ in range(3):
        kept.lose(log, log[5:])
        assert everything(kept) == before
    kept.grow(log, log[5:])
    assert kept.reading.read(JOB, 0, 1000) == log
    assert kept.reading.get(JOB) == record_of_log(log)


def test_a_rollback_of_an_end_leaves_the_job_as_it_was(kept: Kept) -> None:
    """Its log goes on, and it can end again."""
    log = whole(JOB)
    kept.keep(log[:-2])
    kept.lose(log, log[-2:])
    assert kept.rows("SELECT * FROM results") == []
    assert [record.id for record in kept.reading.unfinished()] == [JOB]
    kept.grow(log, log[-2:])
    assert kept.reading.get(JOB) == record_of_log(log)


def test_result_and_head_come_with_the_end(kept: Kept) -> None:
    """Before the end there is neither; with it are state, time of the end and result; the log alone has told the counts."""
    log = whole(JOB)
    kept.keep(log[:1])
    ((first,),) = kept.rows("SELECT head FROM jobs")
    kept.grow(log[:-2], log[1:-2])
    assert kept.rows("SELECT head, ended_at FROM jobs") == [(first, None)]
    assert kept.rows("SELECT * FROM results") == []
    record = kept.grow(log, log[-2:])
    ((head, ended_at),) = kept.rows("SELECT head, ended_at FROM jobs")
    assert b'"state":"succeeded"' in head
    assert ended_at is not None
    assert record.result == {"text": "x"}
    assert kept.reading.get(JOB) == record


def test_a_state_is_in_the_head_at_once(kept: Kept) -> None:
    """What changes more of a record than its counts is written with its event."""
    log = [event_of(StateData(state=State.QUEUED), 1), event_of(StateData(state=State.WAITING, reason="slot"), 2)]
    kept.keep(log[:1])
    record = record_of_log(log).model_copy(update={"state": State.WAITING, "reason": "slot"})
    with kept.transaction() as ledger:
        ledger.append(record, log[1:])
    assert kept.reading.get(JOB) == record


def test_an_older_opening_writes_nothing(kept: Kept) -> None:
    """Once somebody else has opened the database, this one is told both numbers."""
    kept.db.execute("UPDATE meta SET epoch = 4")
    with pytest.raises(StaleEpoch) as caught, kept.transaction():
        pass
    assert (caught.value.epoch, caught.value.newest) == (1, 4)
    Ledger(kept.db, 4).check_epoch()


def test_a_deleted_job_is_gone_and_no_other(kept: Kept) -> None:
    """Of all four tables its rows go; those of the jobs beside it stay, byte for byte; who is not there is left out."""
    for name in ("job-a", "job-b"):
        kept.keep(whole(name), key=name)
    before = everything(kept)
    kept.keep(whole("job-c", 200), key="c")
    with kept.transaction() as ledger:
        ledger.delete(["job-c", "job-none"])
        assert ledger.removed
    assert everything(kept) == before
    assert not kept.ledger.removed
    kept.keep(whole("job-d"), key="c")
    with kept.transaction() as ledger:
        ledger.delete(["job-b"])
    assert kept.reading.find("job-") == ["job-a", "job-d"]
    assert kept.reading.read("job-a", 0, 100) == whole("job-a")
    assert kept.reading.read("job-d", 0, 100) == whole("job-d")


def test_a_job_that_is_at_work_is_not_deleted(kept: Kept) -> None:
    """One that has not ended keeps all of them."""
    kept.keep(whole("job-a"))
    kept.keep(lines("job-b", 1, 3))
    before = everything(kept)
    with kept.transaction() as ledger, pytest.raises(Conflict, match="job-b has not ended"):
        ledger.delete(["job-a", "job-b"])
    assert everything(kept) == before


def test_a_transaction_that_removes_says_so_to_its_end(kept: Kept) -> None:
    """What is deleted later in it, even nothing, does not hide that: the mark has to be taken back."""
    kept.keep(whole("job-a"))
    with kept.transaction() as ledger:
        ledger.delete(["job-a"])
        ledger.delete(["job-none"])
        assert ledger.removed


def test_what_was_written_and_removed_in_one_transaction_is_not_the_newest(kept: Kept) -> None:
    """A mark on it would say that the home lacks what it had."""
    kept.keep(lines("job-a", 1, 2))
    with kept.transaction() as ledger:
        ledger.append(record_of_log([*lines("job-a", 1, 2), *ending("job-a", 3)]), ending("job-a", 3))
        ledger.delete(["job-a"])
        assert ledger.newest == (0, 1)
        ledger.create(record_of_log(lines("job-b", 1, 1)), lines("job-b", 1, 1), DIGEST)
        assert ledger.newest == (1, 1)


def test_another_life_goes_on_in_the_last_chunk(kept: Kept) -> None:
    """A ledger that has just been made writes the rows that the old one would have written."""
    log = whole(JOB, 60)
    kept.keep(log[:1])
    other = Kept()
    other.keep(log[:1])
    for start in range(1, len(log), 7):
        kept.ledger = Ledger(kept.db, 1)
        for each in (kept, other):
            each.grow(log[: start + 7], log[start : start + 7])
    assert everything(kept) == everything(other)
    assert kept.reading.read(JOB, 0, 1000) == log


@given(logs(min_size=1))
def test_a_chunk_is_read_ready_for_more(log: list[Event]) -> None:
    """From its row it is what it was: where its last event stands, at what time, and after how many pieces."""
    for chunk in extend(None, 3, log):
        assert read_chunk(chunk.row()) == chunk


@pytest.mark.parametrize("column", ["at", "before", "count", "tokens", "crc", "body"])
def test_a_damaged_chunk_is_not_grown(kept: Kept, column: str) -> None:
    """Its wrong byte would get a CRC of its own: another life that goes on with this log finds it, and writes nothing."""
    log = lines(JOB, 1, 9)
    kept.keep(log)
    if column == "body":
        ((body,),) = kept.rows("SELECT body FROM chunks")
        kept.db.execute("UPDATE chunks SET body = ?", (body.replace(b"line 7", b"line 1"),))
    else:
        kept.db.execute(f"UPDATE chunks SET {column} = {column} + 1")
    before = everything(kept)
    kept.ledger = Ledger(kept.db, 1)
    with pytest.raises(StoreUnusable) as caught, kept.transaction() as ledger:
        ledger.append(record_of_log([*log, *ending(JOB, 10)]), ending(JOB, 10))
    assert caught.value.fault == "damaged"
    assert caught.value.path == str(kept.path)
    assert everything(kept) == before


def test_every_row_has_the_crc_of_its_job(kept: Kept) -> None:
    """Two jobs with one request and one result have other CRCs: a row in the other's place is seen."""
    for name in ("job-a", "job-b"):
        kept.keep(whole(name))
    kept.db.execute("UPDATE requests SET body = (SELECT body FROM requests WHERE number = 1)")
    for table in ("requests", "results"):
        ((one, its), (other, others)) = kept.rows(f"SELECT body, crc FROM {table}")
        assert zlib.crc32(one) == zlib.crc32(other)
        assert its != others


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_log_kept_in_any_steps_is_read_back(data: st.DataObject) -> None:
    """Whatever it says, in whatever batches, some of them rolled back first: its events are the same bytes."""
    log = data.draw(logs(min_size=2))
    first, *others = data.draw(cuttings(log))
    kept = Kept()
    with kept.transaction() as ledger:
        ledger.create(record_of_log(log[:1]), log[:1], DIGEST)
    done = 1
    for part in [first[1:], *others]:
        if part:
            done += len(part)
            if len(part) % 2:
                kept.lose(log[:done], part)
            kept.grow(log[:done], part)
    assert [event.line for event in kept.reading.read(JOB, 0, 1000)] == [event.line for event in log]
    record = kept.reading.get(JOB)
    assert record is not None
    assert (record.last_seq, record.tokens) == (len(log), record_of_log(log).tokens)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.tuples(st.sampled_from("cade"), st.integers(0, 3)), max_size=5), st.booleans()), max_size=8
    )
)
def test_any_story_of_transactions_is_that_of_a_dict(story: list[tuple[list[tuple[str, int]], bool]]) -> None:
    """Creating, appending, ending and deleting in any batches, kept or rolled back: what is there is what a dict says."""
    kept, model = Kept(), dict[str, list[Event]]()
    for deeds, rolled_back in story:
        told = {name: list(log) for name, log in model.items()}
        try:
            with kept.transaction() as ledger:
                for deed, number in deeds:
                    tell(ledger, told, deed, f"job-{number}")
                if rolled_back:
                    raise RuntimeError
            model = told
        except RuntimeError:
            pass
        for name in (f"job-{number}" for number in range(4)):
            log = model.get(name)
            assert kept.reading.read(name, 0, 1000) == (log or [])
            assert kept.reading.get(name) == (record_of_log(log) if log else None)


def tell(ledger: Ledger, model: dict[str, list[Event]], deed: str, name: str) -> None:
    """Do one thing to a ledger and to a dict; what the dict cannot have, the ledger has to refuse."""
    log = model.get(name, [])
    ended = bool(log) and log[-1].type == "end"
    more = {"c": lines(name, 1, 1), "a": lines(name, len(log) + 1, 3), "e": ending(name, len(log) + 1, {"n": len(log)})}
    if deed == "d":
        if log and not ended:
            with pytest.raises(Conflict):
                ledger.delete([name])
        else:
            ledger.delete([name])
            model.pop(name, None)
    elif (deed == "c") == bool(log) or ended:
        with pytest.raises(Conflict):
            write(ledger, deed, [*log, *more[deed]], more[deed])
    else:
        model[name] = [*log, *more[deed]]
        write(ledger, deed, model[name], more[deed])


def write(ledger: Ledger, deed: str, log: list[Event], more: list[Event]) -> None:
    """Create a job or add to its log."""
    if deed == "c":
        ledger.create(record_of_log(more), more, DIGEST)
    else:
        ledger.append(record_of_log(log), more)


def test_a_long_log_is_many_rows_of_which_only_the_last_is_written_anew(kept: Kept) -> None:
    """Each commit of a line costs one small row, however long the log is."""
    log = lines(JOB, 1, 300)
    kept.keep(log[:1])
    old = set[Any]()
    for seq in range(2, 301):
        kept.grow(log[:seq], log[seq - 1 : seq])
        rows = set(kept.rows("SELECT * FROM chunks"))
        assert len(old - rows) <= 1
        assert len(rows - old) <= 1
        old = rows
    assert len(old) > 5
    assert max(len(row[-1]) for row in old) < CHUNK_BYTES + 64


def test_an_event_of_any_size_is_kept(kept: Kept) -> None:
    """Ten million characters in one line come back."""
    log = [*lines(JOB, 1, 1), event_of(Log(text="\U0001f41d" * 2_500_000), 2)]
    kept.keep(log)
    assert kept.reading.read(JOB, 0, 10) == log
