"""How likely each of some texts is."""

from __future__ import annotations

from contextlib import aclosing
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.engine import Generation, Weighed
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.hives.slots import Urgency
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.operations.choosing import probabilities, shares, weigh

CHOICES = ("good", "very bad", "très 🐝", 'a "b" \\ {c}\n')


async def asked(hives: HiveCatalog, wish: Wish, prompt: str, choices: tuple[str, ...] = CHOICES) -> Any:
    """What comes of it in a slot."""
    generation = Generation((ChatMessage(role="user", content=prompt),), Sampling())
    async with aclosing(hives.hold(LOCAL, wish, Urgency.BATCH)) as steps:
        async for step in steps:
            if isinstance(step, Held):
                return await probabilities(step, generation, choices)
    raise AssertionError("no slot was held")


async def test_each_choice_has_its_part(hives: HiveCatalog) -> None:
    """They add up to 1, the same for the same question, whatever is in the texts."""
    wish = Wish("sim:words?tokens_per_s=100000")
    made = await asked(hives, wish, "one")
    assert tuple(made) == CHOICES
    assert sum(made.values()) == pytest.approx(1)
    assert min(made.values()) > 0
    assert await asked(hives, wish, "one") == made
    assert await asked(hives, wish, "two") != made
    assert await asked(hives, wish, "one", ("good",)) == {"good": 1.0}


async def test_what_cannot_be_spelled_has_none(hives: HiveCatalog) -> None:
    """An engine that thinks first says nothing in time, and a text may be too long for a slot."""
    wish = Wish("sim:words?tokens_per_s=100000")
    assert await asked(hives, wish, "one", ("good", "x" * 9000)) is None
    assert await asked(hives, Wish("sim:words?tokens_per_s=100000&reasoning=40"), "one") is None


def test_a_weight_ends_where_the_text_does() -> None:
    """What comes before it counts, what comes after does not; a text that never comes has none."""
    tokens = [Weighed(b" ", -1.0), Weighed(b'"\xc3', -2.0), Weighed(b'\xa9"\n', -4.0), Weighed(b"", -8.0)]
    assert weigh(tokens, '"é"') == -7.0
    assert weigh(tokens[:2], '"é"') is None


@given(st.lists(st.floats(-3.4e38, 0), min_size=1, max_size=6))
def test_parts_add_up(logs: list[float]) -> None:
    """However small they are, in the order of their weights."""
    made = shares(logs)
    assert sum(made) == pytest.approx(1)
    assert [each for _, each in sorted(zip(logs, made, strict=True))] == sorted(made)
    assert shares([log(3), log(1)]) == pytest.approx([0.75, 0.25])
