"""What a reader far away remembers of the logs that it follows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from queenlib.client.following import Epoch, Following
from queenlib.messages.events import (
    AttemptData,
    AttemptEvent,
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    TokenData,
    TokenEvent,
)
from queenlib.messages.place import Place
from queenlib.messages.state import State

AT = datetime(2026, 1, 2, tzinfo=UTC)


def line(job_id: str, seq: int) -> Event:
    """An event like any other."""
    return LogEvent(job_id=job_id, seq=seq, at=AT, data=Log(text="x"))


def end(job_id: str, seq: int) -> Event:
    """The last one."""
    return EndEvent(job_id=job_id, seq=seq, at=AT, data=EndData(state=State.SUCCEEDED))


def anew(job_id: str, seq: int, epoch: int) -> AttemptEvent:
    """Another attempt, under another queen."""
    return AttemptEvent(job_id=job_id, seq=seq, at=AT, data=AttemptData(n=2, reason="x", epoch=epoch))


def test_it_moves_on_in_each_log_by_itself() -> None:
    """Each event is taken once; what comes again is none, and one that has ended is left out."""
    following = Following([Place("a"), Place("b", 5)])
    assert [following.take(event) for event in (line("a", 1), line("b", 5), line("b", 6), line("a", 1))] == [1, 0, 1, 0]
    assert list(following.left) == [Place("a", 1), Place("b", 6)]
    assert following.header() == {"last-event-id": "1.6"}
    assert following.take(end("a", 2))
    assert not following.take(end("a", 2))
    assert list(following.left) == [Place("b", 6)]


def test_what_was_joined_is_taken_as_one() -> None:
    """It moves on to the last of it; with a hole before its first it is not taken."""
    data = TokenData(i=0, text="abc", cuts=(1, 2, 3), dt_ms=(1.0, 1.0, 1.0))
    joint = TokenEvent(job_id="a", seq=5, at=AT, data=data, joins=3)
    following = Following([Place("a", 2)])
    assert following.take(joint)
    assert list(following.left) == [Place("a", 5)]
    with pytest.raises(ValueError, match="Event 3 of a came after event 1"):
        Following([Place("a", 1)]).take(joint)


def test_a_hole_is_told() -> None:
    """An event that is not the next is not taken."""
    following = Following([Place("a", 1)])
    with pytest.raises(ValueError, match="Event 3 of a came after event 1"):
        following.take(line("a", 3))
    assert list(following.left) == [Place("a", 1)]


@pytest.mark.parametrize("said", ["", "1", "1.2.3", "1.x", "1.-2", "1.٣", f"1.{'9' * 20}"])
def test_epochs_that_are_none_say_nothing(said: str) -> None:
    """Others have one for each job, and are sent back."""
    following = Following([Place("a"), Place("b")])
    following.seen(said)
    assert "queen-epoch" not in following.header()
    following.seen("4.7")
    assert following.header()["queen-epoch"] == "4.7"


def test_another_attempt_tells_its_epoch() -> None:
    """For one job and for several, and never an older one."""
    following, one = Following([Place("a", 1, 3)]), Epoch(3)
    for event in (anew("a", 2, 5), anew("a", 3, 4)):
        following.take(event)
        one.begun_anew(event)
    assert following.header()["queen-epoch"] == "5"
    assert one.header() == {"queen-epoch": "5"}
    one.seen("x")
    assert (one.header(), Epoch(None).header()) == ({"queen-epoch": "5"}, {})


def test_a_broken_stream_says_how_to_go_on() -> None:
    """With every place, as a line that one can paste."""
    error = Following([Place("a", 1), Place("b", 6)]).interrupted("it rains")
    assert "jobs.follow({'a': 1, 'b': 6})" in error.next
    assert (error.why, error.last_seq) == ("it rains", 6)
