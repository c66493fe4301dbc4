"""Conversations that go on where the log says that they were, near and far."""

from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.errors import Conflict, InvalidRequest
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


@pytest.mark.parametrize("name", ["", " a", "a,b", "a\n", "x" * 60])
async def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
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
