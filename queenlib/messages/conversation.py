"""A conversation in a cell: the messages of one row, as JSON. They are taken as they are, braces included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from queenlib.messages.base import plain
from queenlib.messages.infer import ChatMessage

Conversation = Annotated[tuple[ChatMessage, ...], Field(min_length=1, max_length=10_000)]

_CONVERSATION: TypeAdapter[tuple[ChatMessage, ...]] = TypeAdapter(Conversation)


def read(cell: str) -> tuple[ChatMessage, ...]:
    """The messages of a cell.

    Raises:
        ValueError: It is not the JSON of at least one message.
    """
    try:
        return _CONVERSATION.validate_json(cell)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from None


def write(messages: Iterable[Any]) -> str:
    """The cell of some messages; what is none among them, whoever reads the cell says so."""
    return to_json([plain(each.wire() if isinstance(each, ChatMessage) else each) for each in messages]).decode()
