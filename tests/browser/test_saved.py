"""The saved notebook, read by somebody who has no kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.browser.book import WAIT_MS, Book
from tests.browser.conftest import Open
from tests.browser.views import ASK, BEGIN, wait_for_text

OVERHEAD = 4096
TIMES = 3.5
VIEW = "application/vnd.jupyter.widget-view+json"


def exported(book: Book, form: str) -> str:
    """The file in another form, by nbconvert."""
    command = [sys.executable, "-m", "nbconvert", "--to", form, "--stdout", str(book.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    return done.stdout


def finished(book: Book) -> None:
    """Run its cells, and save it when the answer is there."""
    book.run(0)
    book.run(1)
    wait_for_text(book, "infer, succeeded")
    book.save()


def test_the_final_state_is_in_the_file(open_book: Open) -> None:
    """Opened again without a kernel, as HTML and as Markdown: the answer is there, and nothing failed to load."""
    book = open_book(BEGIN, ASK.format(tokens=50, last="job"))
    finished(book)
    data = book.outputs(1)[0]["data"]
    assert VIEW not in data
    said = "".join(data["text/markdown"]).split("```")[1].removeprefix("text\n").strip()
    book.shut_down()
    book.page.goto("about:blank")
    book.page.goto(f"{book.url}?reset")
    book.page.wait_for_selector(".jp-OutputArea-output details", timeout=WAIT_MS)
    assert said in " ".join((book.cell(1).text_content() or "").split())
    assert "Error displaying widget" not in (book.page.text_content("body") or "")
    book.picture("saved-reopened")
    for form in ("html", "markdown"):
        page = exported(book, form)
        assert said in page
        assert "succeeded" in page


@pytest.mark.full
def test_a_long_answer_costs_little(open_book: Open, figures: list[str]) -> None:
    """2,000 tokens add at most 3.5 times their text and 4 KB to the file."""
    ask = "job = queen.infer('x', model='sim:words?tokens=2000&tokens_per_s=2000', max_tokens=2000); job"
    book = open_book(BEGIN, ask, "print(len((await job).text))")
    book.run(0)
    before = len(json.dumps(book.save()))
    book.run(1)
    wait_for_text(book, "2,000 tokens")
    after = len(json.dumps(book.save()))
    book.run(2)
    length = int(book.outputs(2)[0]["text"])
    figures.append(f"2,000 tokens, {length} characters, add {(after - before - OVERHEAD) / length:.2f} x the text + 4 KB")
    assert after - before <= TIMES * length + OVERHEAD


@pytest.mark.full
def test_a_list_is_a_table_once_the_kernel_is_gone(open_book: Open) -> None:
    """Its view becomes a plain table when the kernel is shut down."""
    book = open_book(BEGIN, "queen.watch()")
    book.run(0)
    book.run(1)
    book.page.wait_for_selector(".queen-queen .queen-table tbody tr", timeout=WAIT_MS)
    book.picture("queen-watch")
    book.shut_down()
    wait_for_text(book, "run the cell again to go on")
    assert VIEW not in book.outputs(1)[0]["data"]
    assert "1 hive" in exported_after_save(book)


def exported_after_save(book: Book) -> str:
    """The file as HTML."""
    book.save()
    return exported(book, "html")
