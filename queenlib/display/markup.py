"""HTML and Markdown that reads well without style, script or colour. What is put in is text, whatever it looks like."""

from __future__ import annotations

import re
from html import escape

from queenlib import tables

MOST_TICKS = 3
"""Backticks that begin a block, where the text has no more of them in a row."""


def text(said: str) -> str:
    """Text in HTML; control characters and those that turn the direction of writing are made visible."""
    return escape(tables.printable(said))


def block(said: str) -> str:
    """Text as it is written, its lines and blanks kept."""
    return f"<pre>{text(said)}</pre>"


def folded(summary: str, body: str, *, is_open: bool = False) -> str:
    """Something that can be opened; `body` is HTML."""
    return f"<details{' open' if is_open else ''}><summary>{text(summary)}</summary>{body}</details>"


def items(lines: list[str]) -> str:
    """A list of lines."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"


def fenced(said: str) -> str:
    """Text in Markdown as it is written: a block whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * max(MOST_TICKS, longest + 1)
    return f"{fence}text\n{tables.printable(said)}\n{fence}"


def inline(said: str) -> str:
    """A line in Markdown in which nothing means anything."""
    return re.sub(r"([\\`*_{}\[\]<>()#+.!|~:&$-])", r"\\\1", tables.plain(said))
