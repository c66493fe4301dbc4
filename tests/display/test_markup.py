"""HTML and Markdown that holds text."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from queenlib import tables
from queenlib.display import markup

MARKDOWN = MarkdownIt("commonmark")


@given(st.text(alphabet="`~ab\n<*"))
def test_a_block_ends_where_the_text_ends(said: str) -> None:
    """Whatever fences a text has, all of it is in the one block."""
    blocks = MARKDOWN.parse(markup.fenced(said))
    assert [each.type for each in blocks] == ["fence"]
    assert blocks[0].content.rstrip("\n") == tables.printable(said).rstrip("\n")


@given(st.text(alphabet="`~ab<*_[]()!#>-+. &|1", min_size=1))
def test_a_line_means_nothing(said: str) -> None:
    """No character of a line makes it anything but text."""
    kinds = {each.type for each in MARKDOWN.parseInline(markup.inline(said))[0].children or []}
    assert kinds <= {"text", "text_special"}


def test_html_is_plain() -> None:
    """Folded parts and lists hold escaped text."""
    assert markup.folded("<b>", markup.items(["<i>"]), is_open=True) == (
        "<details open><summary>&lt;b&gt;</summary><ul><li>&lt;i&gt;</li></ul></details>"
    )
    assert markup.block("a\n  b\x1b") == "<pre>a\n  b\\x1b</pre>"
