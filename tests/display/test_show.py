"""Showing jobs in the cells of a real kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib import read_notebook
from queenlib.display.card import JOB_TYPE
from tests.client.outliving import until
from tests.display.notebook import Notebook, notebook
from tests.test_saved import written

VIEW = "application/vnd.jupyter.widget-view+json"
MAKE = """
from queenlib import Queen, default_queen, jobs
queen = default_queen()
def ask(tokens=30, **more):
    model = f"sim:words?tokens={tokens}&tokens_per_s=100"
    return queen.infer("x", model=model, max_tokens=tokens, **more)
await ask(1)
None
"""


@pytest.fixture(scope="module", params=["live", "update"])
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook in which things move."""
    with notebook(tmp_path_factory.mktemp("home"), request.param) as made:
        made.run(MAKE)
        yield made


def kinds(made: Notebook, code: str) -> tuple[str, list[set[str]]]:
    """Run a cell; its id, and the MIME types of each thing that it shows."""
    cell = made.begin(code)
    made.finish(cell)
    return cell, [set(each) for each in made.outputs(cell)]


def test_a_job_shows_itself_and_is_frozen_when_it_ends(book: Notebook) -> None:
    """One output: at first one that moves, in the end a picture with the data, and no view."""
    cell, shown = kinds(book, "job = ask(60); job")
    assert len(shown) == 1
    assert "text/html" in shown[0]
    until(lambda: book.hear() and JOB_TYPE in book.outputs(cell)[0] and "succeeded" in book.outputs(cell)[0]["text/plain"])
    assert set(book.outputs(cell)[0]) == {"text/plain", "text/markdown", "text/html", JOB_TYPE}


def test_an_awaited_answer_appears_once(book: Notebook) -> None:
    """The view shows it, and the value does not print it again; a value that no view shows is printed."""
    cell, _ = kinds(book, "job = ask(30)\nawait job")
    until(lambda: book.hear() and "succeeded" in book.outputs(cell)[0]["text/plain"])
    assert len(book.outputs(cell)) == 1
    _, shown = kinds(book, "result")
    assert shown == []
    again = book.run("result = await job; result.text[:4]")
    assert [each["text/plain"] for each in again] == ["'wing'"]
    assert book.run("result")[0]["text/plain"].startswith("<InferResult")


def test_a_job_shown_twice_is_frozen_twice(book: Notebook) -> None:
    """Each place has its own view of the one job, and in the end its picture."""
    book.run("job = ask(60)")
    first, _ = kinds(book, "job")
    second, _ = kinds(book, "job")
    for cell in (first, second):
        until(lambda cell=cell: book.hear() and "succeeded" in book.outputs(cell)[0]["text/plain"])  # type: ignore[misc]


def test_many_answers_fold_into_a_line(book: Notebook, tmp_path: Path) -> None:
    """Three are shown; all others of the cell share one line, which counts them to their end. All are in the file."""
    cell, _ = kinds(book, "import asyncio\n_ = await asyncio.gather(*(ask(20).result() for _ in range(9)))")
    until(lambda: book.hear() and any(each["text/plain"] == "6 more: 6 done" for each in book.outputs(cell)))
    assert len(book.outputs(cell)) == 4
    until(lambda: book.hear() and all(JOB_TYPE in each for each in book.outputs(cell)))
    saved = read_notebook(written(tmp_path / "a.ipynb", book.outputs(cell)))
    assert [each.result.usage.completion_tokens for each in saved] == [20] * 9


def test_what_is_soon_done_is_not_shown(book: Notebook) -> None:
    """Awaiting something else than an answer shows it only when it takes its time."""
    _, quick = kinds(book, "_ = await queen.hives.get()")
    assert quick == []
    cell, _ = kinds(book, "_ = await queen.workers.spawn('sim:words?load_s=1')")
    until(lambda: book.hear() and any("worker_spawn, succeeded" in each["text/plain"] for each in book.outputs(cell)))


@pytest.mark.parametrize("mode", ["live", "update"])
def test_a_job_that_ends_with_its_queen_is_not_left_running(tmp_path: Path, mode: str) -> None:
    """What is saved says that she was closed, and has the answer so far."""
    with notebook(tmp_path, mode, QUEENLIB_QUEEN="embedded") as made:
        made.run(MAKE)
        cell, _ = kinds(made, "job = ask(500); job")
        made.run("async for event in job:\n    if event.seq > 20: break")
        made.run("queen.close()")
        until(lambda: made.hear() and "failed (queen_closed)" in made.outputs(cell)[0]["text/plain"])
        assert "wing" in made.outputs(cell)[0]["text/plain"]
        assert made.outputs(cell)[0][JOB_TYPE]["job"]["state"] == "failed"


def test_loops_show_nothing_by_themselves(book: Notebook) -> None:
    """Who prints the pieces sees them once."""
    out = book.run("async for piece in ask(3).text(): print(piece, end='')")
    assert [set(each) for each in out] == [{"text/plain"}] * len(out)


def test_static_outputs_are_final(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where nobody sits, showing a job waits for its end, and shows it once; stable ones are the same each time."""
    with notebook(tmp_path_factory.mktemp("home"), "static", QUEENLIB_STABLE="1") as made:
        made.run(MAKE)
        first, second = made.run("ask(20)"), made.run("ask(20)")
        assert first == second
        assert first[0]["text/plain"].startswith("<Job: infer, succeeded, 20 tokens, ended by stop")
        assert set(first[0]) == {"text/plain", "text/markdown", "text/html"}
        assert made.run("await ask(20)") == first


def test_text_is_text(tmp_path: Path) -> None:
    """Where that is asked for, a notebook has a line for a job, and its lists and answers without HTML and data."""
    with notebook(tmp_path, "text") as made:
        made.run(MAKE)
        (shown,) = made.run("job = ask(3); job")
        assert set(shown) == {"text/plain"}
        assert re.fullmatch(r"<Job job-\w+: infer, .*>", shown["text/plain"])
        assert made.run("job")[0]["text/plain"].startswith("<Job job-")
        assert made.run("job.wait(); job.show()")[-1]["text/plain"].endswith("· succeeded\n")
        assert [set(each) for each in made.run("queen.watch()")] == [{"text/plain"}]


def test_an_awaited_answer_is_in_the_file_where_nobody_sits(tmp_path: Path) -> None:
    """However it is waited for: once, with the data of its job, so that `read_notebook` finds it."""
    with notebook(tmp_path, "static") as made:
        made.run(MAKE)
        ways = ("await ask(20)", "job = ask(20); job.wait()", "await job", "job.show(); await job")
        cells = [made.run(code) for code in ways]
        assert [len(each) for each in cells] == [1] * len(cells)
        saved = read_notebook(written(tmp_path / "a.ipynb", *cells))
        assert [each.cell for each in saved] == [0, 3]
        assert [each.result.usage.completion_tokens for each in saved] == [20, 20]
        assert made.run("result = await job; result.text[:4]") == [{"text/plain": "'wing'"}]
