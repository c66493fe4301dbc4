"""Conversations that begin, or go on where the log says that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queenlib.client.asking import check_interrupt, infer_operation
from queenlib.client.chat import ALIVE, Chat, Speaker, answer_of, check_own, checked, tag_of
from queenlib.client.jobs import Jobs
from queenlib.messages.infer import ChatMessage
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import parse_operation, parse_terms
from queenlib.messages.state import State
from queenlib.world import World

TERMS = ("key", "retry", "tags", "timeout")
"""What `infer` takes that is agreed about the job, and is no part of what is asked."""
WHERE = {"model": "model", "hive": "hive_id", "worker": "worker_id"}
"""What `infer` and its operation call whom they ask."""


def begin(queen: Speaker, world: World, system: str | None, name: str | None, given: dict[str, Any]) -> Chat:
    """A conversation: that of a name, as far as it came; or a new one.

    Args:
        queen: Whose jobs its turns are.
        world: Makes up its name.
        system: What the model is told before all else; also in place of what it was told before.
        name: That of one to go on with.
        given: What every turn is asked with; in one that goes on, what is not given is as in its newest turn.

    Raises:
        InvalidOperation: A parameter does not fit; every one is named.
        InvalidRequest: The name cannot be one, or what is agreed about its jobs does not fit.
    """
    check_own(given)
    _check(system, given)
    turns = queen.jobs.portal.wait(_turns(queen.jobs, checked(name))) if name is not None else []
    said = next((_with_answer(turn) for turn in turns if turn.state.ended), ())
    if system is not None:
        said = (ChatMessage(role="system", content=system), *(each for each in said if each.role != "system"))
    asked = {**_parameters(turns[0]), **given} if turns else given
    chat = Chat(queen, world, world.new_id("chat") if name is None else name, said, asked)
    if turns and not turns[0].state.ended:
        chat.go_on(queen.jobs.attach(turns[0].id), _asked(turns[0]))
    return chat


def _check(system: str | None, given: Mapping[str, Any]) -> None:
    """See to it, before anything is said, that a turn can be asked with this."""
    rest = dict(given)
    parse_terms(**{name: rest.pop(name) for name in TERMS if name in rest})
    check_interrupt(rest.pop("on_interrupt", "cancel"))
    where = {field: rest.pop(name, None) for name, field in WHERE.items()}
    infer_operation("…", {}, where, {**rest, "system": system})


def _parameters(turn: JobRecord) -> dict[str, Any]:
    """What a turn was asked with that is not as usual, as `infer` takes it."""
    names = {field: name for name, field in WHERE.items()}
    own = {"prompt", "messages", "system"}
    said = parse_operation(turn.request).model_dump(mode="json", exclude_defaults=True, exclude=own)
    return {names.get(field, field): value for field, value in said.items()}


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
