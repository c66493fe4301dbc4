"""A batch in a cell, in a real JupyterLab."""

from __future__ import annotations

from tests.browser.book import WAIT_MS
from tests.browser.conftest import Open
from tests.browser.views import BEGIN, state, wait_for_text

ASK = """
import pandas as pd
import queenlib.frames
df = pd.DataFrame({"review": [f"It was number {n}." for n in range(60)]}, index=list("ab") * 30)
asked = df.queen.infer("Good or bad? {review}", model="sim:words?tokens=12&tokens_per_s=60", max_tokens=12)
asked
"""
FAIL = """
cells = [None if n % 4 == 3 else f"<b>It</b> was number {n}." for n in range(400)]
rows = queen.infer_batch({"review": cells}, "{review}", model="sim:echo?tokens_per_s=20")
rows
"""
LOOK = "made = await asked\nmade.head(3)"


def test_a_batch_shows_how_far_it_is(open_book: Open) -> None:
    """While it runs, a bar and what it waits for; when it has ended, what became of the rows, and they are a frame."""
    book = open_book(BEGIN, ASK, LOOK)
    book.run(0)
    book.run(1)
    wait_for_text(book, "s left")
    wait_for_text(book, "latest rows")
    book.picture("batch-running")
    assert state(book, 1).endswith("running")
    book.run(2)
    book.page.wait_for_function("() => document.body.textContent.includes('succeeded')", timeout=WAIT_MS)
    book.picture("batch-done")
    assert "answer" in str(book.outputs(2))


def test_a_batch_is_cancelled_and_keeps_what_is_done(open_book: Open) -> None:
    """Its failures are counted by kind, what a model says is text, and the button that ends it says what it keeps."""
    book = open_book(BEGIN, FAIL)
    book.run(0)
    book.run(1)
    view = book.cell(1).locator(".queen-batch")
    view.get_by_text("<b>It</b> was number").first.wait_for(timeout=WAIT_MS)
    view.get_by_text("MissingCell").first.wait_for(timeout=WAIT_MS)
    view.get_by_text("s left").first.wait_for(timeout=WAIT_MS)
    book.picture("batch-failures")
    view.get_by_role("button", name="Cancel this batch, and keep the rows that are done").click()
    book.page.wait_for_function("() => document.body.textContent.includes('infer_batch, cancelled')", timeout=WAIT_MS)
    book.run_code("print(len((await rows.frame(of='rows')).dropna(subset='text')) > 2)")
