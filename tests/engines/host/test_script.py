"""What a simulated model says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.host.script import script
from queenlib.engines.simulated import SimSpec

TEXTS = st.text(st.sampled_from("ab \n\r.é😀"), max_size=40)


def body(**more: Any) -> dict[str, Any]:
    """A request."""
    return {"messages": [{"role": "user", "content": "say it again"}], **more}


@given(TEXTS)
def test_echo_is_the_text(text: str) -> None:
    """All tokens together are the text."""
    said = script(asdict(SimSpec("echo", text=text)), body())
    assert "".join(said.content) == text
    assert all(said.content)


@given(TEXTS)
def test_tokens_are_weighed_where_that_is_asked_for(text: str) -> None:
    """Each has a number that follows from the question and from it."""
    said = [script(asdict(SimSpec("echo", text=text)), body(logprobs=wanted)) for wanted in (True, True, False)]
    assert said[0] == said[1]
    assert [len(said[0].logs), len(said[2].logs)] == [len(said[0].content), 0]
    assert all(-4 <= each <= 0 for each in said[0].logs)


@given(TEXTS, st.lists(st.text(st.sampled_from("ab ."), min_size=1, max_size=3), max_size=3))
def test_stops_are_not_said(text: str, stops: list[str]) -> None:
    """Nothing from the first stop text on is said, and everything before it is."""
    said = "".join(script(asdict(SimSpec("echo", text=text)), body(stop=stops)).content)
    ends = [text.index(stop) for stop in stops if stop in text]
    assert said == text[: min(ends, default=len(text))]


@given(st.integers(0, 50), st.integers(0, 10), st.integers(1, 60))
def test_limit_holds(tokens: int, reasoning: int, limit: int) -> None:
    """Never more than `max_tokens`, thoughts included; the reason says whether something was cut off."""
    said = script(asdict(SimSpec("words", tokens=tokens, reasoning=reasoning)), body(max_tokens=limit))
    count = len(said.reasoning) + len(said.content)
    assert count == min(tokens + reasoning, limit)
    assert said.finish == ("length" if count < tokens + reasoning else "stop")


@given(st.integers(0, 99), st.integers(0, 99))
def test_seeds(model: int, request: int) -> None:
    """The request's seed decides, and without one the model's."""
    sim = asdict(SimSpec("words", seed=model))
    assert script(sim, body(seed=request)) == script({**sim, "seed": request}, body())


def test_words_are_counted() -> None:
    """A prompt has as many tokens as words, and one for each message."""
    assert script(asdict(SimSpec("echo")), body()).prompt_tokens == 4
    assert "".join(script(asdict(SimSpec("echo")), body()).content) == "say it again"
