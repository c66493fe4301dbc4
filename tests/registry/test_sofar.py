"""The fold that a snapshot shows: whatever comes, it is what one gets by looking at each event."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.batch import Tally
from queenlib.messages.events import Event, Log, LogEvent, Progress, ProgressEvent, RowEvent, TokenData, TokenEvent
from queenlib.messages.row import RowData
from queenlib.messages.snapshot import LATEST, LINES
from queenlib.registry.fold import advance
from queenlib.registry.sofar import SoFar
from tests.registry.test_store import AT, first

words = st.text(max_size=3)
bodies = st.lists(
    st.one_of(
        st.builds(lambda text: Log(text=text), words),
        st.builds(lambda done: Progress(what="ab"[done % 2], done=done, total=None, unit="steps"), st.integers(0, 9)),
        st.builds(lambda text: TokenData(i=0, text=text, cuts=(len(text),), dt_ms=(1.0,)), words),
    ),
    max_size=60,
)  # fmt: skip


def event(seq: int, body: Log | Progress | TokenData) -> Event:
    """An event of this body."""
    match body:
        case Log():
            return LogEvent(job_id="job-a", seq=seq, at=AT, data=body)
        case Progress():
            return ProgressEvent(job_id="job-a", seq=seq, at=AT, data=body)
        case TokenData():
            return TokenEvent(job_id="job-a", seq=seq, at=AT, data=body)


@given(bodies, st.sets(st.integers(0, 60)))
def test_it_is_the_same_however_often_one_looks(given_bodies: list[Log | Progress | TokenData], looks: set[int]) -> None:
    """A snapshot on the way changes nothing; the newest lines, the newest of each progress, all words in order."""
    record, created = first("job-a")
    so_far = SoFar()
    so_far.take(created)
    for seq, body in enumerate(given_bodies, start=2):
        so_far.take(event(seq, body))
        if seq in looks:
            so_far.snapshot(advance(record, seq))
    found = so_far.snapshot(advance(record, len(given_bodies) + 1))
    assert found.text == "".join(body.text for body in given_bodies if isinstance(body, TokenData))
    assert list(found.lines) == [body for body in given_bodies if isinstance(body, Log)][-LINES:]
    assert {each.what: each for each in found.progress} == {
        each.what: each for each in given_bodies if isinstance(each, Progress)
    }


@given(st.lists(st.integers(0, 99), unique=True, max_size=20))
def test_of_a_batch_it_has_the_tally_and_the_latest_rows(numbers: list[int]) -> None:
    """Before the first row there is none; a further attempt goes on with the rows that have ended."""
    record, created = first("job-a")
    so_far, tally = SoFar(), Tally(rows=0)
    so_far.take(created)
    assert so_far.snapshot(record).tally is None
    rows = [RowData(i=i, text=str(i)) for i in numbers]
    for seq, row in enumerate(rows, start=2):
        so_far.take(RowEvent(job_id="job-a", seq=seq, at=AT, data=row))
        tally = tally.after(row)
    found = so_far.snapshot(advance(record, len(rows) + 1))
    assert found.tally == (tally if rows else None)
    assert list(found.latest) == rows[-LATEST:]
