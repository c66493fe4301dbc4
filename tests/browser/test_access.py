"""The views for those who cannot see well, or have no mouse: axe, contrast, keyboard, narrow cells, still pages."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.book import WAIT_MS, Book
from tests.browser.conftest import Open
from tests.browser.views import BEGIN, wait_for_answer

SERIOUS = ("serious", "critical")
WIDGETS = "from queenlib_widgets import BatchView, InferStream, JobView, HiveTable, JobTable, QueenView"
MODEL = "sim:words?tokens={tokens}&reasoning=8&tokens_per_s=100"
RUNNING = f"""{WIDGETS}
from IPython.display import display
long = queen.infer("x", model="{MODEL.format(tokens=4000)}", max_tokens=4000)
load = queen.workers.spawn("sim:words?load_s=20")
rows = queen.infer_batch({{"x": ["a", None, "b"]}}, "{{x}}", model="sim:words?tokens=9&tokens_per_s=5", concurrency=1)
views = InferStream(long), JobView(load), BatchView(rows), HiveTable(queen), JobTable(queen), QueenView(queen)
for each in views: display(each)
"""
DONE = f"""{WIDGETS}
from IPython.display import display
done = queen.infer("# Bees\\n\\n* make `honey`\\n* **fly**", model="sim:echo"); done.wait()
failed = queen.infer("x", model="sim:words?crash_at_token=5")
other = queen.hives.get("nowhere")
rows = queen.infer_batch({{"x": ["a", None]}}, "{{x}}", model="sim:words?tokens=9")
views = InferStream(done), InferStream(failed), JobView(queen.hives.get()), JobView(other), BatchView(rows)
for each in (*views, done, failed, rows): display(each)
"""


def violations(book: Book) -> list[str]:
    """What axe finds serious in our views and pictures."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    found = (
        Axe().run(book.page, context=".queen-view, .jp-OutputArea-output details", options=options).response["violations"]
    )
    return [
        f"{each['id']}: {node['html'][:200]} {node['any'][0]['message'] if node['any'] else ''}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["JupyterLab Light", pytest.param("JupyterLab Dark", marks=pytest.mark.full)])
def test_axe_finds_nothing_serious(open_book: Open, theme: str) -> None:
    """Each view while it runs, done and failed, with content; contrast included, in light and in dark."""
    book = open_book(BEGIN, RUNNING, DONE)
    book.theme(theme)
    book.run(0)
    book.run(1)
    wait_for_answer(book, 1, 60)
    book.page.wait_for_selector(".queen-jobs tbody tr", timeout=WAIT_MS)
    book.picture(f"views-running-{theme.split()[1].lower()}")
    assert violations(book) == []
    book.run_code("await long.cancel(); await load.cancel()")
    book.run(2)
    book.page.wait_for_function("() => document.querySelectorAll('.queen-error dt').length >= 8", timeout=WAIT_MS)
    book.page.wait_for_selector(".queen-prose h1", timeout=WAIT_MS)
    book.page.locator(".queen-prose h1").first.scroll_into_view_if_needed()
    book.picture(f"views-done-{theme.split()[1].lower()}")
    assert violations(book) == []
    book.theme("JupyterLab Light")


def test_the_keyboard_reaches_everything(open_book: Open) -> None:
    """Tab goes to the buttons, letters do not reach the notebook, Enter cancels; milestones are spoken, tokens are not."""
    book = open_book(
        BEGIN, f"{WIDGETS}\nlong = queen.infer('x', model='{MODEL.format(tokens=4000)}', max_tokens=4000); long"
    )
    book.run(0)
    book.run(1)
    wait_for_answer(book, 1, 60)
    cells = book.page.locator(".jp-Notebook .jp-Cell").count()
    view = book.cell(1).locator(".queen-view")
    status, log = view.locator("[role=status]"), view.locator("[role=log]")
    assert status.text_content() == "infer running"
    assert log.get_attribute("aria-live") == "off"
    cancel = view.get_by_role("button", name="Cancel this job")
    cancel.focus()
    for letter in "abxdd":
        book.page.keyboard.press(letter)
    assert book.page.locator(".jp-Notebook .jp-Cell").count() == cells
    book.page.keyboard.press("Tab")
    assert book.page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Copy the answer"
    cancel.focus()
    book.page.keyboard.press("Enter")
    book.page.wait_for_function("() => document.body.textContent.includes('infer, cancelled')", timeout=WAIT_MS)


@pytest.mark.full
def test_a_narrow_page_still_reads(open_book: Open) -> None:
    """In a cell of 300 pixels nothing sticks out, and with reduced motion nothing moves."""
    book = open_book(
        BEGIN, f"{WIDGETS}\nQueenView(queen)", f"InferStream(queen.infer('x', model='{MODEL.format(tokens=30)}'))"
    )
    book.page.emulate_media(reduced_motion="reduce")
    book.run(0)
    book.run(1)
    book.run(2)
    book.page.wait_for_selector(".queen-queen tbody tr", timeout=WAIT_MS)
    wait_for_answer(book, 2, 60)
    book.page.add_style_tag(content=".jp-OutputArea-output { max-width: 300px !important; }")
    wide = "(views) => views.filter((view) => view.scrollWidth > view.clientWidth + 1).length"
    assert book.page.eval_on_selector_all(".queen-view", wide) == 0
    assert book.page.evaluate("() => document.querySelector('.queen-view').getAnimations({subtree: true}).length") == 0
    book.picture("views-narrow")
