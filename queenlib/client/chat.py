"""Conversations: each turn is a job, so that a conversation is in the log, and is found again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from queenlib import tables
from queenlib.client.job import Job
from queenlib.client.jobs import Jobs
from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.infer import ChatMessage, InferResult
from queenlib.messages.state import State
from queenlib.world import World

LONGEST = 59
"""Characters of a name at most: it is part of a tag."""


class Speaker(Protocol):
    """Whom a conversation is held through: a `Queen`."""

    @property
    def jobs(self) -> Jobs:
        """Where its turns are found again."""
        ...

    def infer(self, prompt: Any, **given: Any) -> Job[InferResult]:
        """Ask a model."""
        ...


class Chat:
    """A conversation with a model: `await chat("…")` is the answer; `chat("…")` the job of this turn.

    Each turn is an `infer` whose job has the tag `chat:NAME`, and whose request has all that was said before. A turn that
    does not succeed leaves the conversation as it was. `undo` and `fork` are in the log with the next turn.

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
        self._asked = ""

    def __call__(self, said: str, **parameters: Any) -> Job[InferResult]:
        """Say something: the job of the turn, whose result is the answer.

        Args:
            said: What to say.
            parameters: What this turn alone is asked with.

        Raises:
            Conflict: The turn before has not ended.
            InvalidOperation: A parameter does not fit; no job was made.
        """
        self._settle()
        asked = [each.model_dump() for each in (*self._messages, ChatMessage(role="user", content=said))]
        tags = {"tags": [tag_of(self.name)]}
        self._turn = self._queen.infer(asked, **{**self._given, **parameters, **tags})
        self._asked = said
        return self._turn

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """What was said so far, as far as it was heard here."""
        self._take_in()
        return self._messages

    def undo(self) -> tuple[ChatMessage, ...]:
        """Take back the last question and its answer; what was taken back. Their job stays in the log.

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
            name: Its name; by default a new one.

        Raises:
            Conflict: The turn has not ended.
        """
        self._settle()
        return Chat(self._queen, self._world, checked(name or self._world.new_id("chat")), self._messages, self._given)

    def _settle(self) -> None:
        turn = self._turn
        if turn is None:
            return
        self._queen.jobs.portal.wait(turn.refresh())
        self._take_in()
        if self._turn is not None:
            raise Conflict(
                f"The turn before has not ended: {turn.id} is {turn.record.state}.",
                why="What comes next depends on its answer.",
                state="Nothing was said.",
                next=f"Wait for it: await jobs.result({turn.id!r}); or end it: await jobs.cancel({turn.id!r})",
            )

    def _take_in(self) -> None:
        if self._turn is None or not self._turn.record.state.ended:
            return
        record, self._turn = self._turn.record, None
        if record.state is State.SUCCEEDED:
            answer = str((record.result or {}).get("text", ""))
            said = (ChatMessage(role="user", content=self._asked), ChatMessage(role="assistant", content=answer))
            self._messages += said

    def __repr__(self) -> str:
        number = sum(each.role == "user" for each in self.messages)
        return f"<Chat {tables.plain(self.name)}: {number} {'turn' if number == 1 else 'turns'}>"

    def _repr_html_(self) -> str:
        rows = [(each.role, each.content) for each in self.messages]
        return tables.html(f"Chat {self.name}", ("who", "what"), rows)


def tag_of(name: str) -> str:
    """The tag of a conversation's jobs."""
    return f"chat:{name}"


def checked(name: str) -> str:
    """A name that can be a tag.

    Raises:
        InvalidRequest: It cannot.
    """
    if name and len(name) <= LONGEST and name.isprintable() and "," not in name and name == name.strip():
        return name
    raise InvalidRequest(
        f"A chat cannot be called {name[:80]!r}.",
        why=f"A name has 1 to {LONGEST} visible characters, no comma, and no blank first or last.",
        state="Nothing was said.",
        next='queen.chat(name="bees")',
    )


def begin(queen: Speaker, world: World, system: str | None, name: str | None, given: dict[str, Any]) -> Chat:
    """A conversation: that of a name, as far as it came; or a new one.

    Raises:
        InvalidRequest: The name cannot be one.
    """
    said = queen.jobs.portal.wait(_found(queen.jobs, checked(name))) if name is not None else ()
    if not said and system is not None:
        said = (ChatMessage(role="system", content=system),)
    return Chat(queen, world, name or world.new_id("chat"), said, given)


async def _found(jobs: Jobs, name: str) -> tuple[ChatMessage, ...]:
    """What was said in the newest turn of that name that succeeded; nothing where there is none."""
    page = await jobs.list(operation="infer", state=State.SUCCEEDED, tags=[tag_of(name)], limit=1)
    if not page.jobs:
        return ()
    record = await jobs.get(page.jobs[0].id)
    if record.request.get("private"):
        return ()
    said = tuple(ChatMessage.model_validate(each) for each in record.request.get("messages") or ())
    return (*said, ChatMessage(role="assistant", content=str((record.result or {}).get("text", ""))))
