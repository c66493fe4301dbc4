"""Watching: the whole list first, then what differs from it, for as long as somebody wants to know."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, TypeVar

from queenlib.boards.board import Board
from queenlib.messages.change import Change

T = TypeVar("T")

Sieve = Callable[[T], bool | None]
"""Whether something is wanted: yes, no more (`False`: who had it is told that it is gone), or never (`None`)."""


class Watchable(Protocol[T]):
    """What can be watched."""

    @property
    def board(self) -> Board[T]:
        """Where its changes are noted."""
        ...

    async def whole(self) -> tuple[int, Sequence[T]]:
        """All of it, and the number of a change that it has, like all before."""
        ...

    async def news(self, number: int) -> None:
        """Wait until something changed after that number, and then a little: what comes at once is told together."""
        ...


async def watching(
    watched: Watchable[T], form: type[Change[T]], sieve: Sieve[T], after: str = ""
) -> AsyncGenerator[Change[T]]:
    """The changes, without end. Who takes them slowly gets fewer, and each time the newest.

    Args:
        watched: What is watched.
        form: What a change is made of.
        sieve: What of it is wanted.
        after: The revision that the reader has; what this board did not give, or has forgotten, means the whole list.
    """
    board = watched.board
    seen = board.number_of(after)
    while True:
        changed = None if seen is None else board.since(seen)
        number = board.number
        if changed is None:
            number, whole = await watched.whole()
            yield form(revision=board.revision(number), reset=True, items=tuple(item for item in whole if sieve(item)))
        elif change := _sifted(changed, form, sieve, board.revision(number)):
            yield change
        seen = number
        await watched.news(seen)


def _sifted(
    changed: Sequence[tuple[str, T | None]], form: type[Change[T]], sieve: Sieve[T], revision: str
) -> Change[T] | None:
    said = [(name, item, None if item is None else sieve(item)) for name, item in changed]
    items = tuple(item for _, item, wanted in said if item is not None and wanted)
    gone = tuple(name for name, item, wanted in said if item is None or wanted is False)
    return form(revision=revision, items=items, gone=gone) if items or gone else None
