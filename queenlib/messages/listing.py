"""What a list results in: it reads as a table, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from queenlib import tables
from queenlib.messages.base import Result


class Listing(Result):
    """A list of things."""

    _noun: ClassVar[str]
    """What one of them is called."""
    _columns: ClassVar[tuple[str, ...]]
    _order: ClassVar[str] = ""
    """What there is to say of their order."""

    def _count(self) -> int:
        raise NotImplementedError

    def _rows(self) -> Iterator[tables.Row]:
        raise NotImplementedError

    def __str__(self) -> str:
        return tables.text(self._columns, self._rows()) if self._count() else f"no {self._noun}s"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return tables.html(tables.counted(self._count(), self._noun) + self._order, self._columns, self._rows())
