"""Events: their texts, and their one line of JSON."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.events import (
    EVENT,
    EndData,
    EndEvent,
    Log,
    LogEvent,
    Problem,
    Progress,
    ProgressEvent,
    TokenData,
    TokenEvent,
)
from queenlib.messages.state import State

AT = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.text())
def test_an_event_is_one_line_and_survives_it(text: str) -> None:
    """Whatever a model says, its event is one line without CR or LF, and reads back the same."""
    event = TokenEvent(job_id="job-a", seq=1, at=AT, data=TokenData(i=0, text=text, cuts=(len(text),), dt_ms=(0.5,)))
    assert b"\n" not in event.line
    assert b"\r" not in event.line
    assert EVENT.validate_json(event.line) == event
    assert EVENT.validate_json(event.line).line == event.line


def test_texts_bring_their_own_line_ends() -> None:
    """Pieces of an answer have none, all else has one."""
    base: dict[str, Any] = {"job_id": "job-a", "seq": 1, "at": AT}
    assert str(TokenEvent(**base, data=TokenData(i=0, text="ab", cuts=(2,), dt_ms=(1.0,)))) == "ab"
    assert str(LogEvent(**base, data=Log(text="hello"))) == "hello\n"
    progress = Progress(what="download x", done=1000, total=2000, unit="bytes")
    assert str(ProgressEvent(**base, data=progress)) == "· download x: 1,000 of 2,000 bytes\n"
    error = Problem(kind="UnknownHive", what="There is no hive x.")
    assert str(EndEvent(**base, data=EndData(state=State.FAILED, error=error))) == "\n· failed: There is no hive x.\n"
