"""Lists of jobs, in a real JupyterLab."""

from __future__ import annotations

from tests.browser.book import WAIT_MS
from tests.browser.conftest import Open
from tests.browser.views import BEGIN

SOME = """
from queenlib_widgets import JobTable
fine = queen.infer('fine', model='sim:echo', tags='narrow')
bad = queen.infer('bad', model='sim:echo?fail_load=1', tags='narrow')
runs = queen.infer('long', model='sim:words?tokens=4000&tokens_per_s=100', max_tokens=4000, tags='narrow')
JobTable(queen, tags='narrow')
"""
ROWS = "(count) => document.querySelectorAll('.queen-jobs tbody tr').length === count"


def test_a_table_of_jobs_is_narrowed_and_opens_one(open_book: Open) -> None:
    """By words and by state; *Show* puts the job's own view below; *Cancel* asks twice, and the row stays where it is."""
    book = open_book(BEGIN, SOME)
    book.run(0)
    book.run(1)
    table = book.cell(1).locator(".queen-jobs")
    book.page.wait_for_function(ROWS, arg=3, timeout=WAIT_MS)
    state = table.get_by_label("Filter the jobs by state")
    for said, count in (("failed", 1), ("unfinished", 1), ("succeeded", 1), ("every state", 3)):
        state.select_option(said)
        book.page.wait_for_function(ROWS, arg=count, timeout=WAIT_MS)
    table.get_by_label("Filter the jobs by words").fill("running infer")
    book.page.wait_for_function(ROWS, arg=1, timeout=WAIT_MS)
    assert table.locator("caption").text_content() == "1 of 3 jobs"
    table.locator("tbody button", has_text="Show").click()
    book.page.wait_for_selector(".queen-stream .queen-answer pre", timeout=WAIT_MS)
    cancel = table.locator("tbody button", has_text="Cancel")
    cancel.click()
    table.locator("tbody button", has_text="Sure?").click()
    book.page.wait_for_function(ROWS, arg=0, timeout=WAIT_MS)
    table.get_by_label("Filter the jobs by words").fill("cancelled infer")
    book.page.wait_for_function(ROWS, arg=1, timeout=WAIT_MS)
    book.picture("jobs-narrowed")
