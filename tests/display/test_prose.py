"""Answers in Markdown, as HTML."""

from hypothesis import given
from hypothesis import strategies as st

from queenlib.display.prose import prose

TAG = ["<a", "<img", "<script", "<iframe", "href=", "src=", "<svg", "<input"]


@given(
    st.lists(
        st.sampled_from(["[a](b)", "![a](b)", "<a href=x>", "<img src=x>", "[a]: b", "<http://x>", "\n", "> ", "* ", "`"])
    )
)
def test_nothing_can_be_clicked_or_fetched(parts: list[str]) -> None:
    """However links, images and raw HTML are written, they stay text."""
    page = prose("".join(parts)).replace("&lt;", "").replace("&quot;", "")
    assert not [each for each in TAG if each.startswith("<") and each in page]


def test_what_markdown_is_good_for_is_there() -> None:
    """Headings, lists, tables, code, emphasis, and lines that end where they were ended."""
    page = prose("# h\n\n* a\n* **b**\n\n| c | d |\n|---|---|\n| 1 | 2 |\n\n```python\n<e>\n```\n\none\ntwo")
    for each in ("<h1>h</h1>", "<li>a</li>", "<strong>b</strong>", "<td>1</td>", "&lt;e&gt;", "one<br"):
        assert each in page


def test_depth_loses_nothing() -> None:
    """Text in a hundred quotations is still there, in time."""
    assert "deep" in prose("> " * 90 + "deep")
    assert "deep" in prose("* " * 90 + "deep")
