"""Showing lists that change."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib import Queen
from tests.client.outliving import until
from tests.display.notebook import notebook

VIEW = "application/vnd.jupyter.widget-view+json"
MAKE = "from queenlib import default_queen, jobs; queen = default_queen()"


def test_a_terminal_shows_them_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hives and jobs as text, once."""
    with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:echo?text=hi")
        job.wait()
        queen.watch()
    said = capsys.readouterr().out
    assert "1 hive" in said
    assert job.id in said


def test_lists_and_queens_show_a_view_that_becomes_a_picture(tmp_path: Path) -> None:
    """At the end of a cell each has its view; when the kernel is shut down, a table stands in its place."""
    with notebook(tmp_path, "live") as made:
        made.run(MAKE)
        cells = [made.begin(code) for code in ("await queen.hives.list()", "await jobs.list()", "queen", "queen.watch()")]
        for cell in cells:
            made.finish(cell)
            assert [VIEW in each for each in made.outputs(cell)] == [True]
        assert made.run("found = await jobs.list(); len(found.jobs) >= 0")[0]["text/plain"] == "True"
        made.kernel.client.shutdown()
        until(lambda: made.hear() and not any(VIEW in made.outputs(cell)[0] for cell in cells))
        for cell in cells:
            assert "run the cell again to go on" in made.outputs(cell)[0]["text/plain"]


def test_a_view_has_its_picture_beside_it(tmp_path: Path) -> None:
    """A notebook that is saved while its kernel is there says to one without a kernel what the view showed first."""
    with notebook(tmp_path, "live") as made:
        made.run(f"{MAKE}\nqueen.infer('x', model='sim:echo').wait(); made = queen.infer('y', model='sim:echo', tags='b')")
        job = made.run("made.wait(); print(made.id)")[-1]["text/plain"].strip()
        for code, words in {
            "await queen.hives.list()": ("1 hive",),
            "await jobs.list(tags='b')": ("1 job", job),
            "%load_ext queenlib\n%jobs": ("2 jobs", job),
            "queen": ("1 hive", "2 jobs", job),
        }.items():
            (shown,) = made.run(code)
            assert VIEW in shown
            for word in (*words, "run the cell again to go on"):
                assert word in shown["text/plain"]
                assert word in shown["text/html"]


def test_where_nobody_sits_lists_are_plain(tmp_path: Path) -> None:
    """The list itself, and the queen by her name."""
    with notebook(tmp_path, "static") as made:
        made.run(MAKE)
        assert "local" in made.run("await queen.hives.list()")[0]["text/plain"]
        assert made.run("queen")[0]["text/plain"].startswith("<Queen ")
        assert "1 hive" in made.run("queen.watch()")[0]["text/html"]
