"""Models side by side in a cell, in a real JupyterLab."""

from __future__ import annotations

from tests.browser.book import WAIT_MS
from tests.browser.conftest import Open
from tests.browser.views import BEGIN, wait_for_text

ASK = """
from queenlib.frames import compare
quick, slow = "sim:words?tokens=60&tokens_per_s=60", "sim:words?tokens=40&tokens_per_s=20"
both = compare(quick, slow, prompts=["Why is honey sweet?", "Who was first?"], names=["quick", "slow"], max_tokens=60)
both
"""
BOTH = "() => [...document.querySelectorAll('.queen-answer pre')].filter((each) => each.textContent.length > 20).length > 1"


def test_answers_come_side_by_side(open_book: Open) -> None:
    """Each in its column while they come; in the end a table of them, and then a frame."""
    book = open_book(BEGIN, ASK, "(await both).loc[:, (slice(None), ['answer', 'tokens_per_s'])]")
    book.run(0)
    book.run(1)
    answers = book.cell(1).locator(".queen-answer pre")
    book.page.wait_for_function(BOTH, timeout=WAIT_MS)
    book.picture("compare-running")
    assert answers.count() == 4
    places = [answers.nth(at).bounding_box() for at in range(2)]
    assert all(places)
    left, right = (place["x"] for place in places if place)
    assert right > left + 100
    book.run(2)
    wait_for_text(book, "first token after")
    book.page.wait_for_function("() => document.querySelectorAll('.queen-answer').length === 0", timeout=WAIT_MS)
    book.picture("compare-done")
    assert "tokens_per_s" in str(book.outputs(2))
