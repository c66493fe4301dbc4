"""Tables: tidy, escaped, and harmless to a terminal."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from queenlib import tables


@given(st.text())
def test_what_stands_in_a_cell_is_text(text: str) -> None:
    """No cell opens a tag, and no cell steers a terminal or breaks a line."""
    made = tables.html("c", ("a",), [(text,)])
    assert made.count("<") == tables.html("c", ("a",), [("",)]).count("<")
    assert "\x1b" not in made
    assert "\n" not in tables.plain(text)
    assert "\x1b" not in tables.printable(text)


def test_a_table_has_caption_and_scopes() -> None:
    """The HTML reads without style: caption, column heads with scope, no script."""
    made = tables.html("2 jobs", ("job", "state"), [("job-a", "running"), ("<b>", None)])
    assert "<caption>2 jobs</caption>" in made
    assert '<th scope="col"><div align="left">job</div></th>' in made
    assert '<td><div align="left">&lt;b&gt;</div></td><td><div align="left"></div></td>' in made


def test_text_is_on_the_left_and_numbers_are_not() -> None:
    """Whatever a front end does with tables."""
    made = tables.html("c", ("a", "b"), [("x", 3)])
    assert '<td><div align="left">x</div></td><td>3</td>' in made


def test_text_is_aligned() -> None:
    """Columns begin under each other; no line ends with blanks."""
    assert tables.text(("a", "bcd"), [("xx", 1), ("y", None)]) == "a   bcd\nxx  1\ny"


def test_writing_is_not_mangled() -> None:
    """Emoji made of several, Persian joiners, wide blanks and line ends stay as they are."""
    for said in ("👩‍🚀", "می‌خواهم", "a\u3000b\u00a0c", "two\nlines\t."):
        assert tables.printable(said) == said
    assert tables.printable("\x1b[31m\u202eab\r") == "\\x1b[31m\\u202eab\\r"


def test_sizes_and_times_are_for_people() -> None:
    """Bytes in the fitting unit, times to the second in UTC, nothing for nothing."""
    assert [tables.size(n) for n in (None, 12, 98_362_432, 7_000_000_000)] == ["", "12 bytes", "98.4 MB", "7.0 GB"]
    assert tables.moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02 03:04:05 UTC"
    assert tables.moment(None) == ""
