"""Tables, as tidy HTML and as text. What stands in a cell is text: it is escaped, and control characters are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from numbers import Number
from unicodedata import category

Row = Sequence[object]

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of Unicode that steer a terminal or a line, or that nobody can see."""
_UNUSUAL = re.compile(r"[^ -~]")
"""What has to be looked at: the rest of ASCII is as it is."""
_JOINERS = "\u200c\u200d\u00ad"
"""Invisible characters that writing needs: emoji are made with them, and Persian."""


def html(caption: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A table with a caption; without style, script or colour, so that it reads the same wherever it is saved."""
    head = "".join(f'<th scope="col">{_left(column)}</th>' for column in columns) if any(columns) else ""
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<table><caption>{escape(plain(caption))}</caption>{top}<tbody>{body}</tbody></table>"


def left(html: str) -> str:
    """Text of a cell on the left, given as HTML: front ends put all that is in a table on the right, like numbers."""
    return f'<div align="left">{html}</div>'


def text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """The same as lines of text, its columns aligned."""
    lines = [list(columns) if any(columns) else [], *([plain(cell) for cell in row] for row in rows)]
    filled = [line for line in lines if line]
    widths = [max(len(line[at]) for line in filled) for at in range(len(filled[0]))] if filled else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in filled
    )


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(cell: object) -> str:
    """What stands in a cell, on one line: control characters, which could move a terminal's cursor, are made visible."""
    if cell is None:
        return ""
    said = f"{cell:,.1f}" if isinstance(cell, float) else str(cell)
    return _UNUSUAL.sub(lambda char: _shown(char[0]), said)


def printable(said: str) -> str:
    """Text for a terminal: its lines stay, its escapes and other control characters are made visible."""
    return _UNUSUAL.sub(lambda char: char[0] if char[0] in "\n\t" else _shown(char[0]), said)


def moment(at: datetime | None) -> str:
    """A time, to the second, in UTC; empty for none."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def size(count: int | None) -> str:
    """A number of bytes for people, such as `98.4 MB`; empty for none."""
    if count is None:
        return ""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"


def _shown(char: str) -> str:
    hidden = category(char) in _HIDDEN and char not in _JOINERS
    return char.encode("unicode_escape", "surrogatepass").decode() if hidden else char


def _cell(cell: object) -> str:
    is_number = isinstance(cell, Number) and not isinstance(cell, bool)
    return f"<td>{escape(plain(cell)) if is_number else _left(cell)}</td>"


def _left(cell: object) -> str:
    return left(escape(plain(cell)))
