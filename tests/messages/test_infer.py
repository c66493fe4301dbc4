"""The operation `infer`: its conversation, and how its answer shows itself."""

import pytest
from pydantic import ValidationError

from queenlib.messages.infer import ChatMessage, FinishReason, Infer, InferResult, Sampling, Timings, Usage
from queenlib.messages.model import ModelUsed


def answer(text: str) -> InferResult:
    """A model's answer."""
    return InferResult(
        text=text,
        finish_reason=FinishReason.STOP,
        usage=Usage(prompt_tokens=3, cached_tokens=0, completion_tokens=5),
        timings=Timings(queue_ms=0, load_ms=0, prefill_ms=1, ttft_ms=2, decode_ms=3, tokens_per_s=None, total_ms=4),
        model=ModelUsed(name="m"),
        parameters=Sampling(),
        hive_id="local",
        worker_id="w",
    )


def test_a_conversation_begins_with_the_system() -> None:
    """Prompt or messages, with or without a system's message, are one conversation."""
    user, system = ChatMessage(role="user", content="hi"), ChatMessage(role="system", content="be brief")
    assert Infer(prompt="hi").conversation() == (user,)
    assert Infer(prompt="hi", system="be brief").conversation() == (system, user)
    assert Infer(messages=(user, user), system="").conversation() == (ChatMessage(role="system", content=""), user, user)
    assert Infer(prompt="").conversation() == (ChatMessage(role="user", content=""),)


@pytest.mark.parametrize("asked", [{}, {"prompt": "a", "messages": (ChatMessage(role="user", content="b"),)}])
def test_there_is_one_question(asked: dict[str, object]) -> None:
    """Neither and both are no question."""
    with pytest.raises(ValidationError, match="give either prompt or messages"):
        Infer.model_validate(asked)


def test_an_answer_is_its_text_and_shows_itself_briefly() -> None:
    """`str` is the whole text; the repr has its beginning, so that what was streamed is not printed twice."""
    assert str(answer("all of it")) == "all of it"
    assert repr(answer("short")) == "<InferResult 'short': 5 tokens, ended by stop, m>"
    long = repr(answer("word " * 1000))
    assert len(long) < 140
    assert "..." in long


def test_an_answer_survives_the_wire() -> None:
    """What was sent is what comes."""
    made = answer("x")
    assert InferResult.model_validate_json(made.model_dump_json()) == made
