"""What is asked of an engine."""

from __future__ import annotations

from typing import Literal, get_args

from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.engine import Generation
from queenlib.engines.request import request, surely_fits, too_long
from queenlib.messages.infer import ChatMessage, EngineParams, Sampling
from tests.engines.bench import generation

Role = Literal["system", "user", "assistant"]


def test_names_are_the_engines_own() -> None:
    """Parameters go out under llama.cpp's names; what was not given is left to it."""
    body = request(generation("Hi", repetition_penalty=1.5, stop=("x",), engine_params=EngineParams(mirostat=1)), 3)
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert (body["id_slot"], body["repeat_penalty"], body["stop"], body["mirostat"]) == (3, 1.5, ["x"], 1)
    assert not {"seed", "response_format", "typical_p", "repetition_penalty"} & set(body)
    assert body["stream"] is True


def test_a_text_is_spelled_as_the_tokenizer_does() -> None:
    """Its tokens go ahead of all others that the grammar allows, and each is weighed."""
    body = request(Generation((ChatMessage(role="user", content="Hi"),), Sampling(), '"good"'), 0)
    assert (body["logprobs"], body["top_logprobs"], body["logit_bias"]) == (True, 1, [['"good"', 100.0]])
    assert not {"logprobs", "logit_bias"} & set(request(generation("Hi"), 0))


def test_a_seed_reads_the_prompt_anew() -> None:
    """With a seed the cache of prompts is left out: it would change the text."""
    assert request(generation("Hi", seed=0), 0)["cache_prompt"] is False
    assert request(generation("Hi"), 0)["cache_prompt"] is True


@given(st.lists(st.tuples(st.sampled_from(get_args(Role)), st.text()), min_size=1), st.integers(1, 5000))
def test_what_surely_fits_does_so_whatever_its_tokens_are(said: list[tuple[Role, str]], max_tokens: int) -> None:
    """A token for each byte of each text, ten for each message, a thousand for the template, and the answer."""
    messages = tuple(ChatMessage(role=role, content=text) for role, text in said)
    body = request(Generation(messages, Sampling(max_tokens=max_tokens)), 0)
    worst = sum(len(text.encode()) + 10 for _, text in said) + 1000 + max_tokens
    assert not surely_fits(body, worst - 1)
    assert surely_fits(body, 100_000)


def test_too_long_says_all() -> None:
    """The refusal has the counts, and what to do, as a line that one can paste."""
    error = too_long("big", 9412, 512, 8192)
    assert error.what == "9,412 prompt + 512 max_tokens = 9,924 tokens; worker `big` has 8,192 a slot."
    assert error.state == "Nothing was generated."
    assert error.next == "Shorten by 1,732, or spawn it with context=16384."
