"""Conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.client.chat import Chat
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest, WorkerDied
from queenlib.messages.state import State
from tests.flow.conftest import near, served

ECHO = "sim:echo"
Opened = Callable[[Path], AbstractContextManager[Queen]]
BOTH = pytest.mark.parametrize("opened", [near, served])


def said(chat: Chat) -> list[tuple[str, str]]:
    """What was said, and by whom."""
    return [(each.role, each.content) for each in chat.messages]


@BOTH
async def test_a_turn_knows_what_was_said_before(opened: Opened, tmp_path: Path) -> None:
    """Each answer is added to the conversation; the job of a turn has all of it."""
    with opened(tmp_path) as queen:
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
        assert ">two</div></td>" in chat._repr_html_()


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


@BOTH
async def test_a_fork_takes_no_name_that_is_in_use(opened: Opened, tmp_path: Path) -> None:
    """Its own, that of one in the log or under way: refused, and neither is touched; one whose turns all failed is free."""
    with opened(tmp_path) as queen:
        chat, other = queen.chat(name="bees", model=ECHO), queen.chat(name="wasps", model=ECHO)
        with pytest.raises(Conflict, match="a chat 'bees' already"):
            chat.fork("bees")
        with pytest.raises(WorkerDied):
            await other("one", model="sim:words?crash_at_token=2")
        assert chat.fork("wasps").name == "wasps"
        job = other("one", model="sim:words?tokens=2000&tokens_per_s=100", max_tokens=2000)
        with pytest.raises(Conflict, match="a chat 'wasps' already"):
            chat.fork("wasps")
        await job.cancel()
        await other("two")
        with pytest.raises(Conflict, match="a chat 'wasps' already") as refused:
            chat.fork("wasps")
        assert "queen.chat(name='wasps')" in refused.value.next
        assert said(queen.chat(name="wasps")) == said(other) == [("user", "two"), ("assistant", "two")]


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


async def test_a_private_answer_is_heard_whole(tmp_path: Path) -> None:
    """Its log has no word of it: who followed that has not heard it yet, and is asked nothing twice."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model=ECHO, private=True)
        async for _ in chat("one"):
            pass
        assert said(chat) == []
        await chat("two")
        assert [content for _, content in said(chat)] == ["one", "one", "two", "two"]


async def test_a_turn_that_is_being_cancelled_holds_up_the_next_for_a_moment(tmp_path: Path) -> None:
    """As after an interrupt: what comes next is said once it has ended, and knows nothing of it."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model="sim:words?tokens=2000&tokens_per_s=100", max_tokens=2000)
        job = chat("one")
        cancel = asyncio.ensure_future(job.cancel())
        while (await job.refresh()).state in (State.QUEUED, State.RUNNING, State.WAITING):
            await asyncio.sleep(0)
        assert (await chat("two", model=ECHO)).text == "two"
        assert [each.content for each in chat.messages] == ["two", "two"]
        assert (await cancel).state is State.CANCELLED


async def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """A bad word, a bad parameter, messages besides its own: no job is made, and the conversation goes on."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(model=ECHO)
        for bad in (3, None, "\ud800"):
            with pytest.raises(InvalidOperation, match="No job was made"):
                chat(bad)  # type: ignore[arg-type]
        with pytest.raises(InvalidOperation, match="max_tokens"):
            chat("one", max_tokens=-1)
        with pytest.raises(InvalidRequest, match="tags is not"):
            chat("one", tags=3)
        for name in ("system", "messages", "prompt"):
            with pytest.raises(InvalidRequest, match=f"no {name} of its own"):
                chat("one", **{name: "x"})
        assert not (await queen.jobs.list()).jobs
        assert (await chat("one")).text == "one"


async def test_tags_come_together(tmp_path: Path) -> None:
    """Those of the conversation, those of the turn, and its name."""
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="bees", model=ECHO, tags="mine")
        assert chat("one", tags=["once"]).record.terms.tags == ("chat:bees", "mine", "once")
        await queen.jobs.cancel_all(everything=True)
        assert chat("two").record.terms.tags == ("chat:bees", "mine")


async def test_what_is_said_is_shown_as_text(tmp_path: Path) -> None:
    """Markup and escapes of a model, a person or a name are text in the table, and steer no terminal."""
    evil = "<img src=x onerror=alert(1)>\x1b[31m\u202e"
    async with Queen(tmp_path) as queen:
        chat = queen.chat(name="<b>", model=ECHO)
        await chat(evil)
        shown = chat._repr_html_()
        assert "<img" not in shown
        assert "<b>" not in shown
        assert "\x1b" not in shown + repr(chat)
        assert shown.count("&lt;img") == 2
