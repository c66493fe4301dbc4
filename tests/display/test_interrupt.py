"""The kernel's interrupt: what becomes of the jobs that a cell waits for, and what it says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queenlib import Queen
from queenlib.display.cells import KEPT
from queenlib.messages.state import State
from tests.client.outliving import until
from tests.display.notebook import Notebook, notebook

LONG = "sim:words?tokens=2000&tokens_per_s=100"
MAKE = f"""
from queenlib import Queen, default_queen, jobs
queen = default_queen()
def ask(**more): return queen.infer("x", model="{LONG}", max_tokens=2000, **more)
"""
WAYS = {
    "await": "job = ask(); print(job.id); await job",
    "wait": "job = ask(); print(job.id); job.wait()",
    "for": "job = ask(); print(job.id)\nfor event in job: pass",
    "a busy loop": "job = ask(); print(job.id)\nfor event in job: sum(range(200_000))",
    "async for": "job = ask(); print(job.id)\nasync for event in job: pass",
    "text": "job = ask(); print(job.id)\nasync for piece in job.text(): pass",
    "stream": "job = await jobs.create({'operation': 'infer', 'prompt': 'x', 'model': '" + LONG + "'}); print(job.id)\n"
    "async for event in jobs.stream(job.id): pass",
    "gather": "import asyncio; job = ask(); print(job.id); await asyncio.gather(job.result(), asyncio.sleep(60))",
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Notebook, Queen]]:
    """A notebook, and another handle on its queen."""
    home = tmp_path_factory.mktemp("home")
    with notebook(home, "update") as made:
        made.run(MAKE)
        with Queen.background(home) as queen:
            yield made, queen


def interrupted(made: Notebook, queen: Queen, code: str) -> tuple[str, str]:
    """Run a cell until its job speaks, and interrupt it: the job, and what the cell printed after its id."""
    cell = made.begin(code)
    until(lambda: made.hear() and made.printed(cell).count("\n") > 0)
    job = made.printed(cell).split()[0]
    until(lambda: queen.sync.jobs.get(job).tokens > 5)
    made.kernel.interrupt()
    made.finish(cell)
    return job, made.printed(cell).partition("\n")[2].strip()


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_the_cell_asked_for_is_cancelled(story: tuple[Notebook, Queen], way: str) -> None:
    """However it waits: the waiting ends, the job with it, and one line says so."""
    made, queen = story
    job, said = interrupted(made, queen, WAYS[way])
    assert made.outcome in ("KeyboardInterrupt", "CancelledError")
    assert said.startswith(f"Interrupted: {job} is ")
    assert len(said.splitlines()) == 1
    until(lambda: queen.sync.jobs.get(job).state is State.CANCELLED)
    assert made.run("1 + 1")[0]["text/plain"] == "2"


def test_what_the_cell_did_not_ask_for_goes_on(story: tuple[Notebook, Queen]) -> None:
    """A job of another cell, and one that is told to go on, are let go of."""
    made, queen = story
    made.run("other = ask()")
    job, said = interrupted(made, queen, "print(other.id); await other")
    assert said.startswith(f"Interrupted: {job} goes on; come back to it: jobs.attach('{job}')")
    mine, said = interrupted(made, queen, "job = ask(on_interrupt='detach'); print(job.id); await job")
    assert said.startswith(f"Interrupted: {mine} goes on")
    assert {queen.sync.jobs.get(each).state for each in (job, mine)} == {State.RUNNING}
    made.run("await other.cancel(), await job.cancel()")


def test_several_jobs_are_named(story: tuple[Notebook, Queen]) -> None:
    """Up to three by their ids, and how to go on with each; of more, how to find all."""
    made, _ = story
    for count in (2, 4):
        ask = f"asked = [ask(on_interrupt='detach') for _ in range({count})]; print(*(job.id for job in asked))\n"
        cell = made.begin(f"import asyncio; {ask}await asyncio.gather(*(job.result() for job in asked))")
        until(lambda cell=cell: made.hear() and made.printed(cell).count("\n") > 0)  # type: ignore[misc]
        made.kernel.interrupt()
        made.finish(cell)
        first, _, said = made.printed(cell).partition("\n")
        ids = first.split()
        assert said.startswith(f"Interrupted: {count} jobs go on: {', '.join(ids[:3])}")
        assert f"come back to each: jobs.attach('{ids[0]}'); end each: await jobs.cancel('{ids[0]}')" in said
        assert (" and 1 more;" in said) == (count == 4)
        if count == 4:
            found = made.run(f"found = {said.rpartition('find all: ')[2].strip()}; {{job.id for job in found.jobs}}")
            assert all(each in found[-1]["text/plain"] for each in ids)
        made.run("for job in asked: await job.cancel()")


def test_a_loop_that_was_left_long_ago_is_not_meant(story: tuple[Notebook, Queen]) -> None:
    """An answer that nobody waits for any more goes on when something else is interrupted."""
    made, queen = story
    cell = made.begin("import time; job = ask()\nfor event in job: break\ntime.sleep(1.5); print(job.id); time.sleep(60)")
    until(lambda: made.hear() and made.printed(cell).count("\n") > 0)
    made.kernel.interrupt()
    made.finish(cell)
    assert "Interrupted" not in made.printed(cell)
    assert queen.sync.jobs.get(made.printed(cell).split()[0]).state is State.RUNNING
    made.run("await job.cancel()")


def test_a_cell_that_is_run_again_replaces_its_own_answer(story: tuple[Notebook, Queen]) -> None:
    """The unfinished answer of the run before is cancelled; that of another cell, or with the same key, is not."""
    made, queen = story
    first, other, kept = (
        made.run(f"{name} = ask({key}); print({name}.id)", place)[0]["text/plain"].strip()
        for name, place, key in (("one", "a", ""), ("two", "b", ""), ("three", "c", "key='once'"))
    )
    made.run("one = ask()", "a")
    made.run("three = ask(key='once')", "c")
    until(lambda: queen.sync.jobs.get(first).state is State.CANCELLED)
    assert {queen.sync.jobs.get(each).state for each in (other, kept)} == {State.RUNNING}
    made.run("for job in (one, two, three): await job.cancel()")


def test_a_cell_replaces_its_answer_however_late(story: tuple[Notebook, Queen]) -> None:
    """Whatever ran in between; and of what has ended, or belonged to a queen that was closed, nothing is kept."""
    made, queen = story
    first = made.run("late = ask(); print(late.id)", "late")[0]["text/plain"].strip()
    made.run("short = queen.infer('x', model='sim:echo'); gone = ask(); gone_id = gone.id", "short")
    made.run("own = Queen.background(); lost = own.infer('x', model='sim:echo'); own.close()", "own")
    for _ in range(KEPT + 1):
        made.run("")
    assert not queen.sync.jobs.get(first).state.ended
    made.run("late = ask()", "late")
    until(lambda: queen.sync.jobs.get(first).state is State.CANCELLED)
    made.run("own = Queen.background(); lost = own.infer('x', model='sim:echo')", "own")
    assert made.outcome == "ok"
    queen.sync.jobs.cancel(made.run("print(gone_id)")[0]["text/plain"].strip())
    made.run("await late.cancel()")
    for _ in range(KEPT):
        made.run("")
    until(lambda: made.run("from queenlib.display import cells; len(cells._runs)")[0]["text/plain"] == str(KEPT))
