"""An error as data."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from queenlib.messages.base import Message, Said


class Problem(Message):
    """An error as data: its class and its four parts. `queenlib.errors.revive` makes it the error again."""

    kind: str
    what: Said
    why: Said = ""
    state: Said = ""
    next: Said = ""
    fields: dict[str, Any] = Field(default_factory=dict)
