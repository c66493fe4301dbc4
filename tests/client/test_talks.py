"""Conversations that go on where the log says that they were, near and far."""

import re
from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest
from tests.client.test_chat import BOTH, ECHO, Opened, said

SLOW = "sim:words?tokens=2000&tokens_per_s=100"


@BOTH
async def test_it_is_found_again_after_a_restart(opened: Opened, tmp_path: Path) -> None:
    """By its name, where it was; a new name is a new conversation."""
    with opened(tmp_path) as queen:
        chat = queen.chat(name="bees", system="s", model=ECHO)
        await chat("one")
        await chat("two")
        before = said(chat)
    with opened(tmp_path) as queen:
        again = queen.chat(name="bees", model=ECHO)
        assert said(again) == before
        assert len(before) == 5
        await again("three")
        assert said(again) == [*before, ("user", "three"), ("assistant", "three")]
        assert queen.chat(name="wasps").messages == ()


@BOTH
async def test_a_turn_that_is_under_way_is_found_too(opened: Opened, tmp_path: Path) -> None:
    """Nothing can be said before it has ended; then its answer is part of the conversation, or it never was."""
    with opened(tmp_path) as queen:
        chat = queen.chat(name="bees", model=ECHO, max_tokens=2000)
        await chat("one")
        job = chat("two", model=SLOW)
        again = queen.chat(name="bees", model=ECHO)
        assert said(again) == [("user", "one"), ("assistant", "one")]
        with pytest.raises(Conflict, match=job.id):
            again("three")
        await job.cancel()
        later = chat("four", model="sim:echo?text=late&tokens_per_s=2")
        other = queen.chat(name="bees", model=ECHO)
        await later
        await other("five")
        assert [content for _, content in said(other)] == ["one", "one", "four", "late", "five", "five"]
        await again("six")
        assert [content for _, content in said(again)] == ["one", "one", "six", "six"]


async def test_what_did_not_succeed_is_not_found(tmp_path: Path) -> None:
    """A cancelled turn leaves no trace in what is found; nor do private ones, which are written down nowhere."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", model=ECHO)
        await chat("one")
        await chat("two", model=SLOW, max_tokens=2000).cancel()
        await chat("three", private=True)
        assert said(queen.chat(name="bees"))[-2:] == [("user", "one"), ("assistant", "one")]
        assert len(chat.messages) == 4


async def test_it_can_be_told_something_else_at_its_beginning(tmp_path: Path) -> None:
    """A new system's message takes the place of the old one."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", system="Be short.", model=ECHO)
        await chat("one")
        again = queen.chat(name="bees", system="Be long.", model=ECHO)
        assert said(again) == [("system", "Be long."), ("user", "one"), ("assistant", "one")]


@BOTH
async def test_it_is_asked_as_it_was_asked_last(opened: Opened, tmp_path: Path) -> None:
    """The model, where it is and the parameters are those of its newest turn, but for what is given; `None` is given too."""
    with opened(tmp_path) as queen:
        given: dict[str, Any] = {"max_tokens": 7, "stop": ["."], "engine_params": {"mirostat": 0}}
        await queen.chat(name="bees", model=ECHO, hive="local", **given)("one")
        again = queen.chat(name="bees")("two")
        await again
        asked = again.record.request
        names = ("model", "hive_id", "max_tokens", "stop", "system")
        assert [asked[name] for name in names] == [ECHO, "local", 7, ["."], None]
        assert asked["engine_params"]["mirostat"] == 0
        other = queen.chat(name="bees", model="sim:echo?text=hm", hive=None)("three").record.request
        assert (other["model"], other["hive_id"], other["max_tokens"]) == ("sim:echo?text=hm", None, 7)


async def test_a_turn_that_is_under_way_says_how_it_is_asked(tmp_path: Path) -> None:
    """It is the newest, whatever succeeded before it."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", model=ECHO, seed=3)
        await chat("one")
        job = chat("two", model=SLOW, max_tokens=2000)
        again = queen.chat(name="bees")
        await job.cancel()
        turn = again("three")
        assert [turn.record.request[name] for name in ("model", "max_tokens", "seed")] == [SLOW, 2000, 3]
        await turn.cancel()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"systm": "Be brief."}, "systm is unknown; did you mean 'system'"),
        ({"temperature": 99, "modle": "x"}, "temperature must be at most 5; got 99; modle is unknown; did you mean 'model'"),
        ({"system": 3}, "system must be text; got 3"),
        ({"hive": "No Hive"}, "hive_id must be"),
        ({"tags": 3}, "tags is not what it has to be"),
        ({"timeout": -1}, "timeout is not what it has to be"),
        ({"on_interrupt": "no"}, "on_interrupt is 'no'"),
    ],
)
async def test_what_does_not_fit_is_refused_when_it_begins(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    """On the line that has it, with all that is wrong and the nearest name; a chat that goes on as well."""
    async with Queen(tmp_path) as queen:
        for name in (None, "bees"):
            with pytest.raises((InvalidOperation, InvalidRequest), match=re.escape(told)):
                queen.chat(name=name, **given)


async def test_what_fits_is_taken_when_it_begins(tmp_path: Path) -> None:
    """All that `infer` takes."""
    async with Queen(tmp_path) as queen:
        terms: dict[str, Any] = {"retry": 1, "tags": "mine", "timeout": 60, "on_interrupt": "detach"}
        turn = queen.chat(system="s", model=ECHO, hive="local", temperature=0, **terms)("one")
        assert (await turn).text == "one"
        assert (turn.record.terms.retry, turn.record.terms.timeout) == (1, 60)


async def test_what_was_taken_back_is_gone_with_the_next_turn(tmp_path: Path) -> None:
    """Until then, it is found again by its name."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", model=ECHO)
        await chat("one")
        await chat("two")
        chat.undo()
        assert len(queen.chat(name="bees").messages) == 4
        await chat("three")
        assert [content for _, content in said(queen.chat(name="bees"))] == ["one", "one", "three", "three"]


@pytest.mark.parametrize("name", ["", " a", "a,b", "a\n", "x" * 60, 3, ["bees"]])
async def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: Any) -> None:
    """Before anything is said; to a fork as well."""
    async with Queen(tmp_path) as queen:
        with pytest.raises(InvalidRequest, match="cannot be called"):
            queen.chat(name=name)
        with pytest.raises(InvalidRequest, match="cannot be called"):
            queen.chat().fork(name)


async def test_a_conversation_begins_with_its_own_messages(tmp_path: Path) -> None:
    """Messages that are given as a parameter are refused on that line."""
    async with Queen(tmp_path) as queen:
        with pytest.raises(InvalidRequest, match="no messages of its own"):
            queen.chat(messages=[])
