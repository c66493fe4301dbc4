"""What the views in a notebook show."""

from __future__ import annotations

from tests.browser.book import WAIT_MS, Book

BEGIN = """
from queenlib import default_queen, jobs
queen = default_queen()
queen.sync.jobs.result(queen.infer("x", model="sim:echo?text=hi").id).text
"""
ASK = "job = queen.infer('x', model='sim:words?tokens={tokens}&tokens_per_s=100', max_tokens={tokens}); {last}"


def answer(book: Book, at: int) -> str:
    """What a cell's view shows of the answer."""
    return book.cell(at).locator(".queen-answer pre").text_content() or ""


def wait_for_answer(book: Book, at: int, length: int) -> None:
    """Until so much of it is there."""
    book.page.wait_for_function(
        "([at, length]) => (document.querySelectorAll('.jp-Notebook .jp-Cell')[at]"
        "?.querySelector('.queen-answer pre')?.textContent.length ?? 0) >= length",
        arg=[at, length],
        timeout=WAIT_MS,
    )


def state(book: Book, at: int) -> str:
    """The state that a cell's view shows."""
    return (book.cell(at).locator(".queen-state").text_content() or "").strip()


def wait_for_text(book: Book, said: str) -> None:
    """Until the page shows a text."""
    book.page.wait_for_function("(said) => document.body.textContent.includes(said)", arg=said, timeout=WAIT_MS)
