"""Frames: documented columns, typed, one row each, also where there is nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from queenlib import frames
from queenlib.columns.logs import check_pieces
from queenlib.errors import Conflict
from queenlib.messages.events import Event, Log, LogEvent, Problem, RowData, RowEvent, TokenData, TokenEvent
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.state import State

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record(job_id: str, operation: str = "infer", **more: object) -> JobRecord:
    """A job."""
    base = {"id": job_id, "operation": operation, "request": {"model": "m"}, "state": State.QUEUED, "since": AT}
    return JobRecord.model_validate({**base, "created_at": AT, "last_seq": 1, **more})


@pytest.mark.parametrize(
    ("made", "columns"),
    [
        (frames.jobs_frame([]), frames.JOB_COLUMNS),
        (frames.events_frame([]), frames.EVENT_COLUMNS),
        (frames.tokens_frame([]), frames.TOKEN_COLUMNS),
        (frames.row_tokens_frame([]), frames.ROW_TOKEN_COLUMNS),
        (frames.jobs_frame([record("job-a")]), frames.JOB_COLUMNS),
    ],
)
def test_columns_and_types_do_not_depend_on_the_rows(made: object, columns: dict[str, str]) -> None:
    """An empty frame has the same columns and types as a full one."""
    import pandas as pd

    assert isinstance(made, pd.DataFrame)
    assert {name: str(kind) for name, kind in made.dtypes.items()} == columns


def test_a_jobs_times_are_told_apart() -> None:
    """Queued and run seconds, the error's class, and missing values where there is nothing yet."""
    failed = record(
        "job-b",
        state=State.FAILED,
        started_at=AT + timedelta(seconds=2),
        ended_at=AT + timedelta(seconds=5),
        error=Problem(kind="WorkerDied", what="w"),
        tokens=4,
        terms=Terms(tags=("b", "a")),
    )
    made = frames.jobs_frame([failed, record("job-a"), record("job-r", "hive_list")])
    assert list(made["job_id"]) == ["job-b", "job-a"]
    assert (made.loc[0, "queued_s"], made.loc[0, "run_s"], made.loc[0, "error"], made.loc[0, "pieces"]) == (
        2,
        3,
        "WorkerDied",
        4,
    )
    assert list(made["tags"]) == ["a,b", ""]
    assert made.loc[1, ["run_s", "ended_at", "error"]].isna().all()
    assert len(frames.jobs_frame([record("job-r", "hive_list")], reads=True)) == 1


def test_pieces_are_cut_where_they_were() -> None:
    """Pieces that share an event are rows of their own, with the times of each and their sum."""
    log: list[Event] = [
        LogEvent(job_id="job-a", seq=1, at=AT, data=Log(text="x")),
        TokenEvent(job_id="job-a", seq=2, at=AT, data=TokenData(i=0, text="Hél", cuts=(1, 3), dt_ms=(100.0, 20.0))),
        TokenEvent(job_id="job-a", seq=3, at=AT, data=TokenData(i=2, text="lo", cuts=(2,), dt_ms=(30.0,))),
    ]
    made = frames.tokens_frame(log)
    assert list(made["text"]) == ["H", "él", "lo"]
    assert list(made["i"]) == [0, 1, 2]
    assert list(made["t_ms"]) == [100.0, 120.0, 150.0]
    events = frames.events_frame(log)
    assert list(events["type"]) == ["log", "token", "token"]
    assert json.loads(json.dumps(events.loc[1, "data"]))["cuts"] == [1, 3]


def test_pieces_of_a_batch_have_their_row() -> None:
    """Each row's times begin anew; thoughts come before the answer; a row that kept none has none."""
    rows = [
        RowData(i=1, reasoning="hm", text="Hél", cuts=(2, 3, 5), dt_ms=(100.0, 20.0, 5.0)),
        RowData(i=2, text="cached"),
        RowData(i=0, text="lo", cuts=(2,), dt_ms=(30.0,)),
    ]
    made = frames.row_tokens_frame(RowEvent(job_id="job-a", seq=at, at=AT, data=row) for at, row in enumerate(rows, 2))
    assert list(made["text"]) == ["hm", "H", "él", "lo"]
    assert list(made["channel"]) == ["reasoning", "content", "content", "content"]
    assert made[["row", "i", "seq"]].to_numpy().tolist() == [[1, 0, 2], [1, 1, 2], [1, 2, 2], [0, 0, 4]]
    assert list(made["t_ms"]) == [100.0, 120.0, 125.0, 30.0]
    assert rows[1].wire().keys().isdisjoint({"cuts", "dt_ms"})
    assert RowData.model_validate_json(rows[0].model_dump_json()) == rows[0]


def test_pieces_that_were_not_kept_are_not_there() -> None:
    """It says what keeps them."""
    check_pieces({"pieces": True})
    for request in ({"pieces": False}, {}):
        with pytest.raises(Conflict) as caught:
            check_pieces(request)
        assert "pieces=True" in caught.value.next


def test_operations_of_a_later_queen_are_shown() -> None:
    """A job of an operation that is not known here is a row like any other."""
    assert list(frames.jobs_frame([record("job-n", "hive_dance")])["operation"]) == ["hive_dance"]
