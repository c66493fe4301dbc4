"""Loose parameters, spelled out: a notebook shows and completes them like all others."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from queenlib.messages.base import Message

F = TypeVar("F", bound=Callable[..., Any])
RAISES = "\n\n        Raises:"
"""Before that, the last argument's description ends."""


def spelled(message: type[Message], names: Collection[str]) -> Callable[[F], F]:
    """In place of a function's `**parameters`, what it takes: in its signature and in its docstring.

    Args:
        message: Whose fields they are.
        names: Which of them.
    """
    fields = {name: message.model_fields[name] for name in names}

    def spell(function: F) -> F:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.annotation)
            for name, field in fields.items()
        ]
        said = "".join(f"\n            {name}: {_line(field.description)}" for name, field in fields.items())
        function.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        function.__doc__ = (function.__doc__ or "").replace(RAISES, said + RAISES, 1)
        return function

    return spell


def _line(said: str | None) -> str:
    return " ".join((said or "").split())
