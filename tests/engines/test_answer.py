"""An engine's answer, read event by event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.answer import Answer, whole
from queenlib.engines.engine import Finished, Weighed
from queenlib.errors import EngineError, WorkerProtocol
from queenlib.messages.events import Token
from queenlib.messages.infer import FinishReason

USAGE = {"prompt_tokens": 4, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
TIMINGS = {"prompt_ms": 5.5, "predicted_ms": 6.5}
STOP = {"choices": [{"finish_reason": "stop", "delta": {}}]}


def says(**delta: Any) -> dict[str, Any]:
    """An event with a piece of an answer."""
    return {"choices": [{"finish_reason": None, "delta": delta}]}


def read(*events: dict[str, Any] | str) -> tuple[list[Any], Finished | None]:
    """What is read from events that come a second apart; the request was written a second before."""
    answer = Answer("w", 100.0)
    found: list[Any] = []
    for number, event in enumerate(events, 101):
        found += answer.feed(event if isinstance(event, str) else json.dumps(event), float(number))
    return found, answer.finished


def test_whole_answer() -> None:
    """Pieces come with their channels and the times between them; the end comes with counts and times."""
    found, finished = read(says(content=None), says(reasoning_content="hm"), says(content="a"), says(content="b"), STOP,
                           {"choices": [], "usage": USAGE, "timings": TIMINGS}, "[DONE]")  # fmt: skip
    assert [(each.text, each.channel, each.dt_ms) for each in found] == [
        ("hm", "reasoning", 2000.0),
        ("a", "content", 1000.0),
        ("b", "content", 1000.0),
    ]
    assert finished
    assert finished.reason is FinishReason.STOP
    assert (finished.usage.prompt_tokens, finished.usage.cached_tokens, finished.usage.completion_tokens) == (4, 1, 2)
    assert (finished.prefill_ms, finished.decode_ms) == (5.5, 6.5)


def test_tokens_are_weighed_where_the_engine_says_so() -> None:
    """Their bytes, which need be no text, and the logarithms of their probabilities."""
    first, second = says(content="é"), says(content="b")
    first["choices"][0]["logprobs"] = {"content": [{"bytes": [0xC3], "logprob": -1.5}, {"bytes": [0xA9], "logprob": 0.0}]}
    second["choices"][0]["logprobs"] = None
    _, finished = read(first, second, STOP, {"choices": [], "usage": USAGE, "timings": TIMINGS}, "[DONE]")
    assert finished
    assert finished.weighed == (Weighed(b"\xc3", -1.5), Weighed(b"\xa9", 0.0))
    for bad in ([300], 10**9, "ab", None):
        first["choices"][0]["logprobs"] = {"content": [{"bytes": bad, "logprob": -1.5}]}
        with pytest.raises(WorkerProtocol):
            read(first)


def test_progress_is_sparse() -> None:
    """Progress of the prompt is told when it changes, and not again."""
    steps = [{"prompt_progress": {"total": 9, "processed": done}} for done in (0, 0, 5, 5, 9)]
    found, _ = read(*steps)
    assert [step.done for step in found] == [0, 5, 9]


@given(st.lists(st.text(min_size=1)))
def test_model_text_never_ends_it(texts: list[str]) -> None:
    """Whatever the model says, all of it is read, and only the protocol's own end ends it."""
    texts = [*texts, "[DONE]", "data: [DONE]\n\n", "\r\n\u2028", "\ud83d"]
    found, finished = read(*(says(content=text) for text in texts))
    assert [token.text for token in found] == [whole(text) for text in texts]
    assert finished is None


@given(st.text(st.characters()))
def test_halves_of_characters_are_mended(text: str) -> None:
    """What comes out can be written as UTF-8, and is the same text where it could be before."""
    mended = whole(text)
    mended.encode()
    if text.encode(errors="replace").decode() == text:
        assert mended == text


def test_errors_of_the_engine_are_its_own_words() -> None:
    """An error in the middle of a stream is told as the engine told it."""
    with pytest.raises(EngineError, match="no more memory"):
        read(says(content="a"), {"error": {"code": 500, "message": "no more memory"}})


@pytest.mark.parametrize(
    "event",
    ["", "{", "[]", "3", '{"choices": 3}', '{"choices": [{"delta": {"content": 3}}]}', '{"prompt_progress": {"total": 1}}',
     '{"choices": [{"finish_reason": "bored"}]}', '{"prompt_progress": {"total": 1, "processed": -1}}', "[DONE]"],
)  # fmt: skip
def test_nonsense_is_refused(event: str) -> None:
    """An event that cannot be read, and an end without a reason, are not the protocol."""
    with pytest.raises(WorkerProtocol):
        read(event)


@pytest.mark.parametrize("account", [{}, {"usage": USAGE}, {"usage": {"prompt_tokens": "x"}, "timings": TIMINGS}])
def test_end_needs_its_account(account: dict[str, Any]) -> None:
    """An end without counts or times is not the protocol."""
    with pytest.raises(WorkerProtocol):
        read(STOP, {"choices": [], **account}, "[DONE]")


def test_tokens_are_counted() -> None:
    """The reader knows how many pieces have come: the patience after the first is another one."""
    answer = Answer("w", 0.0)
    assert not list(answer.feed(json.dumps(says(role="assistant")), 1.0))
    assert answer.tokens == 0
    assert all(isinstance(item, Token) for item in answer.feed(json.dumps(says(content="x")), 1.0))
    assert answer.tokens == 1
