"""A comparison in the cells of a real kernel."""

from __future__ import annotations

import re
from pathlib import Path

from tests.client.outliving import until
from tests.display.notebook import notebook

VIEW = "application/vnd.jupyter.widget-view+json"
MAKE = """
from queenlib.frames import compare
def ask(**more):
    return compare("sim:echo?text=<b>one</b>", "sim:words?tokens=20&tokens_per_s=50", prompts=["<i>x</i>"], names=["a", "b"])
"""


def test_it_shows_itself_and_stays_as_a_picture(tmp_path: Path) -> None:
    """At first a view; in the end a table on whose left all stands, and in which all that others wrote is text."""
    with notebook(tmp_path, "live") as book:
        book.run(MAKE)
        cell = book.begin("made = ask(); made")
        book.finish(cell)
        (shown,) = book.outputs(cell)
        assert VIEW in shown
        until(lambda: book.hear() and VIEW not in book.outputs(cell)[0])
        (shown,) = book.outputs(cell)
        assert "&lt;b&gt;one&lt;/b&gt;" in shown["text/html"]
        assert "&lt;i&gt;x&lt;/i&gt;" in shown["text/html"]
        assert len(re.findall('<t[hd][^>]*><div align="left">', shown["text/html"])) == 6
        assert shown["text/plain"].startswith("> <i>x</i>\na: <b>one</b> (succeeded")


def test_awaited_it_is_shown_once(tmp_path: Path) -> None:
    """The view, and the frame that the cell ends with; the answers do not show themselves beside it."""
    with notebook(tmp_path, "live") as book:
        book.run(MAKE)
        cell = book.begin("frame = await ask(); frame.shape")
        book.finish(cell)
        until(lambda: book.hear() and len(book.outputs(cell)) == 2)
        assert {"text/plain": "(1, 22)"} in book.outputs(cell)


def test_where_nobody_watches_it_is_a_picture(tmp_path: Path) -> None:
    """Once all has ended; with what differs from run to run left out, it can be compared."""
    with notebook(tmp_path, "static", QUEENLIB_STABLE="1") as book:
        book.run(MAKE)
        (shown,) = book.run("ask()")
        asked, answer, _ = shown["text/plain"].splitlines()
        assert asked == "> <i>x</i>"
        assert answer == "a: <b>one</b> (succeeded, 1 token, ended by stop, sim:echo?text=<b>one</b>)"


def test_an_interrupt_ends_all_that_it_asked_for(tmp_path: Path) -> None:
    """As it does with one answer; a line says how many."""
    with notebook(tmp_path, "live") as book:
        book.run(MAKE)
        models = [f"sim:words?tokens={count}&tokens_per_s=100" for count in (2000, 2001)]
        cell = book.begin(f"made = compare(*{models}, prompts='x', max_tokens=2000); await made")
        until(lambda: book.hear() and len(book.outputs(cell)) == 1)
        book.kernel.interrupt()
        book.finish(cell)
        assert "Interrupted: 2 jobs are" in book.printed(cell)
        (ended,) = book.run("[str((await job.refresh()).state) for jobs in made.jobs for job in jobs]")
        assert ended["text/plain"] == "['cancelled', 'cancelled']"
