"""A question of a batch, from a slot to its row."""

from __future__ import annotations

import re
from typing import Any

import pytest

from queenlib.engines.engine import Generation
from queenlib.errors import PromptTooLong, UnknownModel
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.messages.row import RowData
from queenlib.operations.asking import ATTEMPTS, Beside, ask, failed

NOTHING = Beside()


async def row(
    hives: HiveCatalog, model: str, prompt: str = "x", *, beside: Beside = NOTHING, **more: Any
) -> tuple[RowData, int]:
    """What becomes of one, and how many slots it took."""
    generation = Generation((ChatMessage(role="user", content=prompt),), Sampling(**more))
    steps = [step async for step in ask(7, generation, hives, LOCAL, Wish(model), beside)]
    assert isinstance(steps[-1], RowData)
    return steps[-1], sum(isinstance(step, Held) for step in steps)


async def test_an_answer_is_a_row(hives: HiveCatalog) -> None:
    """With what it took, and who answered."""
    made, slots = await row(hives, "sim:words?tokens=5&reasoning=2")
    assert (made.i, made.error, made.finish_reason, made.attempts, slots) == (7, None, "stop", 1, 1)
    assert made.text
    assert made.reasoning
    assert made.usage is not None
    assert made.usage.completion_tokens >= 5
    assert made.ttft_ms is not None
    assert (made.hive_id, made.worker_id != "") == (LOCAL, True)


@pytest.mark.parametrize("model", ["sim:words?tokens=5&reasoning=2", "sim:words?tokens=5&crash_at_token=5"])
async def test_a_row_tells_when_its_pieces_came(hives: HiveCatalog, model: str) -> None:
    """Where that is asked for: all of them are its text, also where the worker died."""
    made, _ = await row(hives, model, beside=Beside(pieces=True))
    assert len(made.cuts) == len(made.dt_ms) >= 4
    assert made.cuts[-1] == len(made.reasoning + made.text)
    assert made.error is not None or sum(made.dt_ms) == pytest.approx((made.ttft_ms or 0) + (made.decode_ms or 0))


async def test_unasked_a_row_says_nothing_of_its_pieces(hives: HiveCatalog) -> None:
    """It is the smaller for it."""
    made, _ = await row(hives, "sim:words?tokens=5")
    assert not made.cuts
    assert "cuts" not in made.wire()


async def test_a_row_tells_how_likely_its_choices_are(hives: HiveCatalog) -> None:
    """Where that is asked for, in the slot of the answer; a model that thinks first has none."""
    beside, schema = Beside(choices=("x", "y")), {"type": "string", "enum": ["x", "y"]}
    made, slots = await row(hives, "sim:words", json_schema=schema, beside=beside)
    assert (made.parsed, slots) == ("x", 1)
    assert made.probabilities is not None
    assert made.probabilities.keys() == {"x", "y"}
    assert (await row(hives, "sim:words?reasoning=2", json_schema=schema, beside=beside))[0].probabilities is None
    assert "probabilities" not in (await row(hives, "sim:words", json_schema=schema))[0].wire()


@pytest.mark.parametrize(
    ("field", "more", "said"),
    [
        ({"type": "integer"}, {}, ""),
        ({"type": "integer", "not": {"const": 0}}, {}, r"\$\.n: 0 should not be valid under"),
        ({"type": "integer"}, {"max_tokens": 1}, "cut off after 1 tokens"),
    ],
)
async def test_an_answer_has_to_be_of_its_schema(
    hives: HiveCatalog, field: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    """Else the row has an error that says where it is not, and the text as it came."""
    schema = {"type": "object", "properties": {"n": field}, "required": ["n"]}
    made, _ = await row(hives, "sim:words", json_schema=schema, **more)
    assert made.text
    if not said:
        assert (made.parsed, made.error) == ({"n": 0}, None)
        return
    assert made.parsed is None
    assert made.error is not None
    assert made.error.kind == "InvalidAnswer"
    assert re.search(said, made.error.what)


async def test_a_refusal_is_the_rows_and_no_slot_is_not(hives: HiveCatalog) -> None:
    """A prompt that does not fit is its own fault; a model that there is not is nobody's."""
    made, slots = await row(hives, "sim:echo", "long " * 9000)
    assert made.error is not None
    assert (made.error.kind, made.attempts, slots) == (PromptTooLong.__name__, 1, 1)
    with pytest.raises(UnknownModel):
        await row(hives, "sim:none")


async def test_a_worker_that_dies_is_tried_again(hives: HiveCatalog) -> None:
    """So often, and then the row says what it was; what had come of the answer is there."""
    made, slots = await row(hives, "sim:words?tokens=9&crash_at_token=4")
    assert made.error is not None
    assert (made.error.kind, made.attempts, slots) == ("WorkerDied", ATTEMPTS, ATTEMPTS)
    assert made.text


def test_any_error_makes_a_row() -> None:
    """With its four parts and its fields."""
    made = failed(3, PromptTooLong("w", why="y", state="s", next="n", prompt_tokens=5, max_tokens=6, context=7), attempts=0)
    assert made.error is not None
    assert (made.i, made.attempts, made.error.what, made.error.next) == (3, 0, "w", "n")
    assert made.error.fields["context"] == 7
