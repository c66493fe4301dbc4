"""Conversations."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.errors import Conflict, InvalidRequest, WorkerDied
from queenlib.messages.state import State

ECHO = "sim:echo"


def said(chat: object) -> list[tuple[str, str]]:
    """What was said, and by whom."""
    return [(each.role, each.content) for each in chat.messages]  # type: ignore[attr-defined]


async def test_a_turn_knows_what_was_said_before(tmp_path: Path) -> None:
    """Each answer is added to the conversation; the job of a turn has all of it."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(system="Be short.", model=ECHO)
        assert (await chat("one")).text == "one"
        job = chat("two", max_tokens=5)
        await job
        assert said(chat) == [
            ("system", "Be short."),
            *(("user", "one"), ("assistant", "one"), ("user", "two"), ("assistant", "two")),
        ]
        assert [each["content"] for each in job.record.request["messages"]] == ["Be short.", "one", "one", "two"]
        assert job.record.request["max_tokens"] == 5
        assert "2 turns" in repr(chat)
        assert "<td>two</td>" in chat._repr_html_()


async def test_it_is_found_again_after_a_restart(tmp_path: Path) -> None:
    """By its name, where it was; a new name is a new conversation."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", system="s", model=ECHO)
        await chat("one")
        await chat("two")
        before = said(chat)
    async with Queen(tmp_path) as queen:
        again = queen.chat(name="bees", model=ECHO)
        assert said(again) == before
        await again("three")
        assert len(again.messages) == len(before) + 2
        assert queen.chat(name="wasps").messages == ()


async def test_a_turn_can_be_taken_back(tmp_path: Path) -> None:
    """Question and answer go; without one, nothing does; what comes next knows nothing of it."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model=ECHO)
        await chat("one")
        await chat("two")
        assert [each.content for each in chat.undo()] == ["two", "two"]
        await chat("three")
        assert [each.content for each in chat.messages] == ["one", "one", "three", "three"]
        chat.undo()
        chat.undo()
        assert chat.undo() == ()
        assert chat.messages == ()


async def test_a_fork_goes_its_own_way(tmp_path: Path) -> None:
    """Both begin alike, and neither touches the other."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model=ECHO)
        await chat("one")
        other = chat.fork("other")
        await other("two")
        await chat("three")
        assert [each.content for each in other.messages] == ["one", "one", "two", "two"]
        assert [each.content for each in chat.messages] == ["one", "one", "three", "three"]
        assert said(queen.chat(name="other")) == said(other)


async def test_a_turn_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The conversation is as it was, and goes on."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model=ECHO)
        await chat("one")
        with pytest.raises(WorkerDied):
            await chat("two", model="sim:words?crash_at_token=2")
        assert [each.content for each in chat.messages] == ["one", "one"]
        assert (await chat("three")).text == "three"


async def test_one_turn_at_a_time(tmp_path: Path) -> None:
    """While the model speaks, the next question, a fork and an undo are refused; a turn that nobody awaited counts."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model="sim:words?tokens=2000&tokens_per_s=100", max_tokens=2000)
        job = chat("one")
        for attempt in (lambda: chat("two"), chat.undo, chat.fork):
            with pytest.raises(Conflict, match="has not ended"):
                attempt()
        await job.cancel()
        quick = queen.chat(model=ECHO)
        first = quick("one")
        async for _ in queen.jobs.stream(first.id):
            pass
        await quick("two")
        assert [each.content for each in quick.messages] == ["one", "one", "two", "two"]
        assert queen.sync.jobs.get(job.id).state is State.CANCELLED


async def test_a_private_one_lives_as_long_as_its_handle(tmp_path: Path) -> None:
    """Nothing of it is written down: it goes on here, and is not found again."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="secret", model=ECHO, private=True)
        await chat("one")
        await chat("two")
        assert [each.content for each in chat.messages] == ["one", "one", "two", "two"]
        assert queen.chat(name="secret").messages == ()


@pytest.mark.parametrize("name", ["", " a", "a,b", "a\n", "x" * 60])
async def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is said."""
    async with Queen(tmp_path) as queen:
        with pytest.raises(InvalidRequest, match="cannot be called"):
            queen.chat(name=name)
