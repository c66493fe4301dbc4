"""Conversations: each turn is a job, so that a conversation is in the log, and is found again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from queenlib import tables
from queenlib.client.job import Job
from queenlib.client.jobs import Jobs
from queenlib.display.mode import is_stable
from queenlib.display.stable import nameless
from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.infer import ChatMessage, InferResult
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import parse_terms
from queenlib.messages.state import State
from queenlib.world import World

LONGEST = 59
"""Characters of a name at most: it is part of a tag."""
MOMENT_S = 5.0
"""Seconds that a question waits for a turn that is being cancelled."""
ALIVE = tuple(state for state in State if not state.ended)
"""The states of a turn whose answer may still come."""


class Speaker(Protocol):
    """Whom a conversation is held through: a `Queen`."""

    @property
    def jobs(self) -> Jobs:
        """Where its turns are found again."""
        ...

    @property
    def infer(self) -> Callable[..., Job[InferResult]]:
        """Asks a model."""
        ...


class Chat:
    """A conversation with a model: `await chat("…")` is the answer; `chat("…")` the job of this turn.

    Each turn is an `infer` whose job has the tag `chat:NAME`, and whose request has all that was said before. A turn that
    does not succeed leaves the conversation as it was. `undo` and `fork` are in the log with the next turn, and until then
    known here alone. So is a private turn for ever: nothing of it is written down, and nobody finds it again.

    Args:
        queen: Whose jobs the turns are.
        world: Makes up names.
        name: What it is found again by.
        messages: What was said before.
        given: What every turn is asked with; see `Queen.infer`.
    """

    def __init__(
        self, queen: Speaker, world: World, name: str, messages: Sequence[ChatMessage], given: dict[str, Any]
    ) -> None:
        self._queen, self._world, self.name, self._given = queen, world, name, given
        self._messages = tuple(messages)
        self._turn: Job[InferResult] | None = None
        self._asked = self._messages

    def __call__(self, said: str, **parameters: Any) -> Job[InferResult]:
        """Say something: the job of the turn, whose result is the answer.

        Args:
            said: What to say.
            parameters: What this turn alone is asked with; its tags come on top of those of the conversation.

        Raises:
            Conflict: The turn before has not ended.
            InvalidOperation: A parameter does not fit; no job was made.
            InvalidRequest: It has messages of its own, or tags that are none.
        """
        check_own(parameters)
        self._settle()
        given = {**self._given, **parameters}
        own = () if given.get("private") else (tag_of(self.name),)  # of what is written down nowhere nothing is found again
        given["tags"] = {*own, *_tags(self._given), *_tags(parameters)}
        turn = self._queen.infer([*self._messages, {"role": "user", "content": said}], **given)
        self.go_on(turn, (*self._messages, ChatMessage(role="user", content=said)))
        return turn

    def go_on(self, turn: Job[InferResult], asked: Sequence[ChatMessage]) -> None:
        """Wait for the answer of a turn, which was asked with these messages."""
        self._turn, self._asked = turn, tuple(asked)

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """What was said so far, as far as it was heard here."""
        self._take_in()
        return self._messages

    def undo(self) -> tuple[ChatMessage, ...]:
        """Take back the last question and its answer; what was taken back. Their job stays in the log.

        It is kept with the next turn, and not before: whoever finds this conversation by its name until then, as after a
        restart, finds what was taken back.

        Raises:
            Conflict: The turn has not ended.
        """
        self._settle()
        asked = [at for at, each in enumerate(self._messages) if each.role == "user"]
        cut = asked[-1] if asked else len(self._messages)
        self._messages, gone = self._messages[:cut], self._messages[cut:]
        return gone

    def fork(self, name: str | None = None) -> Chat:
        """Another conversation that begins with what was said in this one; neither touches the other.

        Args:
            name: Its name, which no other has; by default a new one.

        Raises:
            Conflict: The turn has not ended, or a conversation has that name: this one, or one in the log.
            InvalidRequest: It cannot be called so.
        """
        name = self._world.new_id("chat") if name is None else self._free(checked(name))
        self._settle()
        return Chat(self._queen, self._world, name, self._messages, self._given)

    def _free(self, name: str) -> str:
        jobs, counting = self._queen.jobs, (State.SUCCEEDED, *ALIVE)
        if name != self.name:
            found = jobs.list(operation="infer", state=counting, tags=tag_of(name), limit=1)
            if not jobs.portal.wait(found).jobs:
                return name
        raise Conflict(
            f"There is a chat {name!r} already.",
            why="Two of one name would be found again as one.",
            state="No chat was begun, and that one was not touched.",
            next=f"Go on with it: queen.chat(name={name!r}); or fork without a name: chat.fork()",
        )

    def _settle(self) -> None:
        turn = self._turn
        if turn is None:
            return
        self._queen.jobs.portal.wait(_ended(turn))
        self._take_in(final=True)
        if self._turn is not None:
            raise Conflict(
                f"The turn before has not ended: {turn.id} is {turn.record.state}.",
                why="What comes next depends on its answer.",
                state="Nothing was said.",
                next=f"Wait for it: await jobs.result({turn.id!r}); or end it: await jobs.cancel({turn.id!r})",
            )

    def _take_in(self, *, final: bool = False) -> None:
        if self._turn is None or not self._turn.record.state.ended:
            return
        answer = answer_of(self._turn.record)
        if answer is not None:
            self._messages = (*self._asked, answer)
        if answer is not None or final or self._turn.record.state is not State.SUCCEEDED:
            self._turn = None

    def __repr__(self) -> str:
        number = sum(each.role == "user" for each in self.messages)
        return f"<Chat {tables.plain(self._called())}: {tables.counted(number, 'turn')}>"

    def _repr_html_(self) -> str:
        rows = [(each.role, each.content) for each in self.messages]
        return tables.html(f"Chat {self._called()}", ("who", "what"), rows)

    def _called(self) -> str:
        return nameless(self.name) if is_stable() else self.name


def tag_of(name: str) -> str:
    """The tag of a conversation's jobs."""
    return f"chat:{name}"


def checked(name: str) -> str:
    """A name that can be a tag.

    Raises:
        InvalidRequest: It cannot.
    """
    text = isinstance(name, str)  # whoever calls from a notebook may say anything
    if text and 0 < len(name) <= LONGEST and name.isprintable() and "," not in name and name == name.strip():
        return name
    raise InvalidRequest(
        f"A chat cannot be called {name!r:.80}.",
        why=f"A name is text: it has 1 to {LONGEST} visible characters, no comma, and no blank first or last.",
        state="Nothing was said.",
        next='queen.chat(name="bees")',
    )


def check_own(given: Mapping[str, Any]) -> None:
    """See to it that a turn is not told what the conversation has.

    Raises:
        InvalidRequest: It is.
    """
    if clash := sorted(given.keys() & {"system", "messages", "prompt"}):
        raise InvalidRequest(
            f"A turn has no {clash[0]} of its own.",
            why="Its messages are those of the conversation, and what is said now.",
            state="Nothing was said.",
            next='Another conversation has others: queen.chat(system="…")',
        )


def answer_of(record: JobRecord) -> ChatMessage | None:
    """What the model said in a turn; `None` where it said nothing, or where it is not known (yet): that of a private one."""
    if record.state is not State.SUCCEEDED or record.result is None:
        return None
    text = str(record.result.get("text", ""))
    return None if record.request.get("private") and not text else ChatMessage(role="assistant", content=text)


def _tags(given: Mapping[str, Any]) -> tuple[str, ...]:
    return parse_terms(tags=given.get("tags", ())).tags


async def _ended(turn: Job[InferResult]) -> None:
    """Ask how a turn is now; one that is being cancelled, as by an interrupt just now, has a moment to end."""
    if (await turn.refresh()).state is State.CANCELLING:
        with suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_S):
                await turn.cancel()
