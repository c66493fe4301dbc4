"""An answer that is written in Markdown, as HTML: headings, lists, tables, code and emphasis, and nothing else.

Raw HTML, images and links stay the text that they are written as, so that no page asks another for anything and nothing
that a model wrote can be clicked.
"""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt

from queenlib import tables
from queenlib.display.markup import block

_OFF = ["image", "link", "autolink", "html_inline", "html_block", "reference"]
NESTED = 100
"""Lists and quotations in each other at most; what goes deeper, which no person writes, is shown as it is written."""


def prose(said: str) -> str:
    """A text in Markdown as HTML."""
    parser = _parser()
    tokens = parser.parse(tables.printable(said))
    if max((token.level for token in tokens), default=0) >= NESTED - 2:  # the parser drops what is below
        return block(said)
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTED}).enable("table").disable(_OFF)
