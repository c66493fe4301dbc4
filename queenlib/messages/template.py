"""Templates: texts with the names of columns in braces, such as `Classify: {review}`.

`{{` and `}}` are a brace each. Between braces stands the name of a column, whatever it is called, and nothing else: what is
put in is the cell's text as it is, braces included, so that no cell can ask for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from queenlib.messages.explain import nearest

NEAR = 10
"""Characters about a fault that are shown."""
_MARK = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template:
    """A text with places for the cells of a row.

    Raises:
        ValueError: It cannot be read.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_parse(text))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, each once, in their order."""
        return tuple(dict.fromkeys(name for _, name in self._parts if name is not None))

    def check(self, columns: Iterable[str]) -> None:
        """See to it that each column that it names is there.

        Raises:
            ValueError: One is not; the nearest name is said.
        """
        there = list(columns)
        for name in self.columns:
            if name not in there:
                known = ", ".join(map(repr, there[:20])) or "none"
                raise ValueError(f"there is no column {name!r}{nearest(name, there) or '.'} The columns are {known}")

    def render(self, row: Mapping[str, str]) -> str:
        """The text of a row.

        Args:
            row: The texts of its cells, by column.
        """
        return "".join(said if name is None else said + row[name] for said, name in self._parts)


def _parse(text: str) -> Iterator[tuple[str, str | None]]:
    """Each text with the name that comes after it; after the last comes none."""
    said, place = "", 0
    for mark in _MARK.finditer(text):
        said, place = said + text[place : mark.start()], mark.end()
        if mark[0] in ("{{", "}}"):
            said += mark[0][0]
        elif mark[1]:
            yield said, mark[1]
            said = ""
        else:
            near = text[max(0, mark.start() - NEAR) : mark.end() + NEAR]
            raise ValueError(
                f"near {near!r} is a brace without the name of a column; one that is meant as a brace is written twice:"
                " {{ or }}"
            )
    yield said + text[place:], None
