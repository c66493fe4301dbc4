"""`%%infer`, `%jobs` and `%hives`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.outliving import until
from tests.display.notebook import Notebook, notebook

BEGIN = "%load_ext queenlib\nfrom queenlib import default_queen\nqueen = default_queen()"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook that knows them."""
    with notebook(tmp_path_factory.mktemp("home"), "live") as made:
        made.run(BEGIN)
        yield made


def texts(outputs: list[dict[str, Any]]) -> str:
    """What is shown, as text."""
    return "\n".join(each.get("text/plain", "") for each in outputs)


def test_the_cell_is_the_prompt(book: Notebook) -> None:
    """The answer is shown once; a variable gets the job; parameters are those of `infer`."""
    cell = book.begin("%%infer -m sim:echo -s 'be brief' -n 20 -t 0 --seed 3 -o answer\nWhy {so}?\n\nTell me.\n")
    book.finish(cell)
    assert book.outcome == "ok"
    until(lambda: book.hear() and "succeeded" in texts(book.outputs(cell)))
    assert len(book.outputs(cell)) == 1
    assert "Why {so}?\n\nTell me." in texts(book.outputs(cell))
    asked = "[answer.record.request[name] for name in ('system', 'max_tokens', 'temperature', 'seed')]"
    assert texts(book.run(asked)) == "['be brief', 20, 0.0, 3]"


def test_variables_are_filled_in_when_asked_for(book: Notebook) -> None:
    """With `-f` names in braces are variables; one that is not there is an error, and no job is made."""
    book.run("bee = 'Maja'")
    cell = book.begin("%%infer -m sim:echo -f\nHello {bee}, {{really}}\n")
    book.finish(cell)
    until(lambda: book.hear() and "Hello Maja, {really}" in texts(book.outputs(cell)))
    before = texts(book.run("len((await queen.jobs.list()).jobs)"))
    book.run("%%infer -m sim:echo -f\nHello {wasp}\n")
    assert book.outcome == "UsageError"
    assert texts(book.run("len((await queen.jobs.list()).jobs)")) == before


@pytest.mark.parametrize(
    ("line", "prompt", "told"),
    [
        ('-s "be brief', "x", "No closing quotation"),
        ("-m 'sim echo", "x", "No closing quotation"),
        ('-s "be brief\\"', "x", "No closing quotation"),
        ("-o 1bad", "x", "A variable cannot be called '1bad'"),
        ("-o class", "x", "A variable cannot be called 'class'"),
        ("-f", "{few:d}", "unsupported format string"),
        ("-f", "{few[foo]}", "list indices must be integers"),
        ("-f", "{named[foo]}", "there is no 'foo'"),
        ("-f", "{few[9]}", "out of range"),
        ("-f", "{few.foo}", "no attribute 'foo'"),
        ("-f", "{", "The prompt cannot be filled in"),
        ("-f", "{foo}", "The notebook has no variable 'foo'"),
    ],
)
def test_what_cannot_be_read_is_a_line_about_it(book: Notebook, line: str, prompt: str, told: str) -> None:
    """No traceback, no job, and no variable that nobody can reach."""
    book.run("few, named = [1, 2], {}")
    before = texts(book.run("len((await queen.jobs.list()).jobs)"))
    cell = book.begin(f"%%infer {line}\n{prompt}\n")
    book.finish(cell)
    assert book.outcome == "UsageError"
    assert told in book.printed(cell)
    assert texts(book.run("len((await queen.jobs.list()).jobs)")) == before


def test_a_detached_one_is_not_waited_for(book: Notebook) -> None:
    """The cell ends at once with the job, which can be awaited."""
    cell = book.begin("%%infer -m sim:words?tokens=500&tokens_per_s=100 -n 500 --detach -o far\nx\n")
    book.finish(cell)
    assert texts(book.run("far.record.state.ended")) == "False"
    assert "infer" in texts(book.outputs(cell))
    book.run("await far.cancel()")


def test_an_interrupt_ends_the_answer(book: Notebook) -> None:
    """The prompt is back, the job is cancelled, and one line says so."""
    cell = book.begin("%%infer -m sim:words?tokens=2000&tokens_per_s=100 -n 2000 -o long\nx\n")
    until(lambda: book.hear() and book.outputs(cell))
    book.kernel.interrupt()
    book.finish(cell)
    assert "Interrupted: " in book.printed(cell)
    until(lambda: texts(book.run("str((await long.refresh()).state)")) == "'cancelled'")


def test_jobs_and_hives(book: Notebook) -> None:
    """Lists show their views; one job is found by how its id begins, awaited, or ended."""
    for line in ("%jobs", "%hives"):
        assert "application/vnd.jupyter.widget-view+json" in book.run(line)[0]
    book.run("job = queen.infer('x', model='sim:words?tokens=2000&tokens_per_s=100', max_tokens=2000)")
    assert texts(book.run("(get_ipython().run_line_magic('jobs', job.id[:12])).id == job.id")) == "True"
    book.run("%jobs $job.id --cancel")
    assert texts(book.run("str((await job.refresh()).state)")) == "'cancelled'"
    for line in ("%jobs --cancel", '%jobs "job', "%hives nonsense"):
        book.run(line)
        assert book.outcome == "UsageError"
