"""The pieces of an answer."""

from collections.abc import AsyncGenerator

import pytest

from queenlib import errors
from queenlib.client.pieces import pieces
from queenlib.messages.events import EndData, EndEvent, Event, Problem
from queenlib.messages.state import State
from tests.client.test_lines import AT, END, token


async def said(*events: Event) -> AsyncGenerator[Event]:
    """A log."""
    for event in events:
        yield event


async def test_the_pieces_are_those_of_one_channel() -> None:
    """As they came; the other channel's are left out."""
    events = (token("a"), token("b", "reasoning"), token("c"), END)
    assert [piece async for piece in pieces(said(*events), "content")] == ["a", "c"]
    assert [piece async for piece in pieces(said(*events), "reasoning")] == ["b"]


async def test_what_the_job_ended_with_comes_after_its_pieces() -> None:
    """It is raised once all of them were given."""
    problem = Problem.model_validate(errors.WorkerDied("It died.").problem())
    end = EndEvent(job_id="job-a", seq=9, at=AT, data=EndData(state=State.FAILED, error=problem))
    drawn = pieces(said(token("a"), end), "content")
    assert await anext(drawn) == "a"
    with pytest.raises(errors.WorkerDied, match="It died"):
        await anext(drawn)
