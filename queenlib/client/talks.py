"""Conversations that begin, or go on where the log says that they were."""

from __future__ import annotations

from typing import Any

from queenlib.client.chat import Chat, Speaker, answer_of, check_own, checked, tag_of
from queenlib.client.jobs import Jobs
from queenlib.messages.infer import ChatMessage
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.world import World

ALIVE = tuple(state for state in State if not state.ended)


def begin(queen: Speaker, world: World, system: str | None, name: str | None, given: dict[str, Any]) -> Chat:
    """A conversation: that of a name, as far as it came; or a new one.

    Args:
        queen: Whose jobs its turns are.
        world: Makes up its name.
        system: What the model is told before all else; also in place of what it was told before.
        name: That of one to go on with.
        given: What every turn is asked with.

    Raises:
        InvalidRequest: The name cannot be one.
    """
    check_own(given)
    turns = queen.jobs.portal.wait(_turns(queen.jobs, checked(name))) if name is not None else []
    said = next((_with_answer(turn) for turn in turns if turn.state.ended), ())
    if system is not None:
        said = (ChatMessage(role="system", content=system), *(each for each in said if each.role != "system"))
    chat = Chat(queen, world, world.new_id("chat") if name is None else name, said, given)
    if turns and not turns[0].state.ended:
        chat.go_on(queen.jobs.attach(turns[0].id), _asked(turns[0]))
    return chat


async def _turns(jobs: Jobs, name: str) -> list[JobRecord]:
    """The newest turn of that name which has not ended, where that is the newest; and then the newest which succeeded."""
    found = list[JobRecord]()
    for states in ((State.SUCCEEDED,), ALIVE):
        page = await jobs.list(operation="infer", state=states, tags=tag_of(name), limit=1)
        newest = [await jobs.get(each.id) for each in page.jobs]  # with their results
        found = [each for each in newest if not found or each.created_at > found[0].created_at] + found
    return found


def _asked(turn: JobRecord) -> tuple[ChatMessage, ...]:
    return tuple(ChatMessage.model_validate(each) for each in turn.request.get("messages") or ())


def _with_answer(turn: JobRecord) -> tuple[ChatMessage, ...]:
    answer = answer_of(turn)
    return _asked(turn) if answer is None else (*_asked(turn), answer)
