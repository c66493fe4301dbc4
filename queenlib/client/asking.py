"""What `queen.infer` asks for, from loose arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from queenlib.errors import InvalidRequest
from queenlib.messages.base import Operation
from queenlib.messages.infer import ChatMessage
from queenlib.messages.parse import parse_operation


def infer_operation(
    prompt: str | Iterable[ChatMessage | Mapping[str, str]],
    defaults: Mapping[str, Any],
    where: Mapping[str, str | None],
    parameters: Mapping[str, Any],
) -> Operation:
    """The operation.

    Args:
        prompt: What to ask, or the messages of a conversation.
        defaults: What is used where nothing is said.
        where: Which model, hive and worker; `None` for what was not said.
        parameters: The further fields of `Infer`.

    Raises:
        InvalidOperation: A parameter does not fit; every one is named.
    """
    several = isinstance(prompt, Iterable) and not isinstance(prompt, str)
    asked = {"messages": list(prompt)} if several else {"prompt": prompt}
    given = {name: value for name, value in where.items() if value is not None}
    return parse_operation({**defaults, **given, **asked, **parameters, "operation": "infer"})


def check_interrupt(said: str) -> None:
    """See to it that what is said of an interrupt means something.

    Raises:
        InvalidRequest: It is neither `cancel` nor `detach`.
    """
    if said not in ("cancel", "detach"):
        raise InvalidRequest(
            f"on_interrupt is {said!r}.",
            why="It is 'cancel' (an interrupted answer ends) or 'detach' (it goes on).",
            state="No job was made.",
            next="Leave it out, or mend it.",
        )
