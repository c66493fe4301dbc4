"""A text that grows, and what the page is told of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queenlib_widgets.spoken import Spoken

PIECES = st.lists(st.text(max_size=5), max_size=60)


class Page:
    """What a page makes of the messages that reach it; as the module in the browser does."""

    def __init__(self, said: str = "") -> None:
        self.said = said
        self.misses = False

    def take(self, message: list[int | str]) -> None:
        """One message."""
        at, piece = int(message[0]), str(message[1])
        if at > len(self.said):
            self.misses = True
        else:
            self.said += piece[len(self.said) - at :]


@given(PIECES, st.data())
def test_whatever_is_missed_the_page_has_all_in_the_end(pieces: list[str], data: st.DataObject) -> None:
    """Messages get lost, the page asks for what it misses; then it has the text, once."""
    spoken, page = Spoken(0), Page()
    for piece in pieces:
        spoken.add(piece)
        message = spoken.next(0)
        if message is not None and data.draw(st.booleans()):
            page.take(message)
        if page.misses and data.draw(st.booleans()):
            spoken.heard_up_to(len(page.said))
            page.misses = False
    spoken.heard_up_to(len(page.said))
    if (last := spoken.next(0)) is not None:
        page.take(last)
    assert page.said == "".join(pieces) == spoken.said


@given(st.lists(st.text(min_size=1, max_size=5), max_size=200))
def test_to_a_page_that_says_nothing_twice_the_text_is_sent(pieces: list[str]) -> None:
    """While nobody knows whether the page listens, all messages together are at most three times the text."""
    spoken = Spoken(0)
    sent = 0
    for piece in pieces:
        spoken.add(piece)
        sent += len(str((spoken.next(0) or [0, ""])[1]))
    assert sent <= 3 * len("".join(pieces))


def test_a_page_that_listens_is_sent_what_is_new() -> None:
    """Once the page has said where it is, each character is sent once, with its place in code points."""
    spoken = Spoken(1)
    spoken.start("é")
    spoken.heard_up_to(1)
    spoken.add("🐝o")
    assert spoken.next(7) == [1, "🐝o", 7, 1]
    assert spoken.next(7) is None
    spoken.add("!")
    assert spoken.next(8) == [3, "!", 8, 1]


def test_it_can_begin_anew() -> None:
    """What came of an attempt that was cut off is gone."""
    spoken = Spoken(0)
    spoken.start("old")
    spoken.clear()
    spoken.add("new")
    assert spoken.next(1) == [0, "new", 1]
