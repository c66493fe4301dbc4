"""Events: their texts, and their one line of JSON."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from queenlib.messages.events import (
    EVENT,
    AttemptData,
    AttemptEvent,
    EndData,
    EndEvent,
    Log,
    LogEvent,
    Problem,
    Progress,
    ProgressEvent,
    TokenData,
    TokenEvent,
    VectorsData,
    VectorsEvent,
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
    some = VectorsData(rows=(3, 4, 7), dimensions=1024, data="", prompt_tokens=9)
    assert str(VectorsEvent(**base, data=some)) == "· texts 3 to 7: 1,024 numbers each\n"
    assert str(VectorsEvent(**base, data=VectorsData(rows=(3,), error=error))) == "· text 3: There is no hive x.\n"
    assert str(EndEvent(**base, data=EndData(state=State.FAILED, error=error))) == "\n· failed: There is no hive x.\n"


@given(st.text(), st.integers(2, 10**6), st.integers(0, 2**40))
def test_an_attempt_survives_the_wire(reason: str, n: int, epoch: int) -> None:
    """Its number, its reason and the queen's come back as they were, in one line."""
    event = AttemptEvent(job_id="job-a", seq=7, at=AT, data=AttemptData(n=n, reason=reason, epoch=epoch))
    assert EVENT.validate_json(event.line) == event
    assert b"\n" not in event.line


def test_an_attempt_begins_a_line_of_its_own() -> None:
    """The answer before it broke off in the middle of one."""
    event = AttemptEvent(job_id="job-a", seq=7, at=AT, data=AttemptData(n=2, reason="queen_died", epoch=3))
    assert str(event) == "\n· attempt 2: queen_died\n"


@pytest.mark.parametrize("bad", [{"n": 1}, {"n": 0}, {"n": 2.0}, {"n": True}, {"epoch": -1}, {"more": 1}])
def test_what_is_no_attempt_is_refused(bad: dict[str, Any]) -> None:
    """The first one is none: nothing begins anew in it."""
    with pytest.raises(ValidationError):
        AttemptData.model_validate({"n": 2, "reason": "", "epoch": 1, **bad})
