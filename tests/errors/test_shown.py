"""Errors as a notebook shows them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.errors import Conflict, QueenClosed
from queenlib.errors.shown import hide_our_frames, lines
from queenlib_widgets import JobTable
from tests.client.outliving import until
from tests.display.notebook import Notebook, notebook
from tests.flow.kernels import kernel

BEGIN = "from queenlib import Queen\nqueen = Queen()"
CELL = """def mine():
    return queen.hives.get("nowhere").wait()
mine()"""
LONG = "sim:words?tokens=3000&tokens_per_s=100"
ASK = f"""import asyncio, time
from queenlib import default_queen
queen = default_queen()
def ask():
    job = queen.infer("x", model="{LONG}", max_tokens=3000)
    print(job.id)
    return job
%load_ext queenlib"""
WAITS = {
    "await": "await ask()",
    "wait": "ask().wait()",
    "sync": "queen.sync.jobs.result(ask().id)",
    "for": "for event in ask(): pass",
    "text": "for piece in ask().text(): pass",
    "async for": "async for event in ask(): pass",
    "gather": "await asyncio.gather(ask(), ask())",
    "magic": "%%infer -n 3000 -m " + LONG + "\nx",
}


def test_a_cell_that_fails_shows_four_parts_and_its_own_lines(tmp_path: Path) -> None:
    """The lines of the cell, what happened, why, the state, what next; none of our own lines, and none of the shell's."""
    with kernel(tmp_path) as made:
        made.run(BEGIN)
        for code in (CELL, 'await queen.hives.get("nowhere")'):
            made.run(code)
            shown = "\n".join(made.error[1:])
            assert 'queen.hives.get("nowhere")' in shown
            assert "UnknownHive: There is no hive 'nowhere'." in shown
            for part in ("  why:", "  state:", "  next:"):
                assert part in shown
            assert "Cell In[" in shown
            assert "File" not in shown  # neither ours, nor the shell's, nor those of Python between them


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Notebook, Queen]]:
    """A notebook that somebody sits before, and another handle on its queen."""
    home = tmp_path_factory.mktemp("home")
    with notebook(home, "update") as made:
        made.run(ASK)
        with Queen.background(home) as queen:
            yield made, queen


def shown(made: Notebook, cell: str) -> str:
    """What a cell that failed showed of its error."""
    made.hear()
    ours = (each for each in made.messages if each["parent_header"].get("msg_id") == cell and each["msg_type"] == "error")
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(next(ours)["content"]["traceback"]))


@pytest.mark.parametrize("way", WAITS)
def test_an_interrupted_wait_shows_the_users_own_lines(book: tuple[Notebook, Queen], way: str) -> None:
    """However it waits: the line that waits, and what ended it; none of our frames, nor of those that we waited in."""
    made, queen = book
    before = {job.id for job in queen.sync.jobs.list().jobs}
    cell = made.begin(WAITS[way])
    until(lambda: any(job.tokens > 20 for job in queen.sync.jobs.list().jobs if job.id not in before))
    made.kernel.interrupt()
    made.finish(cell)
    first, *_, last = said = shown(made, cell).splitlines()
    assert first.startswith("  Cell In["), said
    assert ("run_cell_magic" if way == "magic" else WAITS[way]) in said[1]
    assert len(said) <= 4
    assert last == made.outcome
    assert last in ("KeyboardInterrupt", "CancelledError")
    if way != "sync":
        assert made.printed(cell).splitlines()[-1].startswith("Interrupted: ")


def test_what_the_user_does_is_shown_as_ever(book: tuple[Notebook, Queen]) -> None:
    """An interrupt of the user's own code, and an error of it, in a loop over our events too, have all their frames."""
    made, _ = book
    for code in ("time.sleep(60)", "for event in ask(): time.sleep(60)"):
        cell = made.begin("print('begun'); " + code if code.startswith("time") else code)
        until(lambda cell=cell: made.hear() and made.printed(cell))  # type: ignore[misc]
        time.sleep(0.5)
        made.kernel.interrupt()
        made.finish(cell)
        assert "Traceback (most recent call last)" in shown(made, cell)
        assert made.outcome == "KeyboardInterrupt"
    cell = made.begin("import json\nfor event in ask(): json.loads('{')")
    made.finish(cell)
    assert "Traceback (most recent call last)" in shown(made, cell)
    assert "decoder.py" in shown(made, cell)


def test_a_wait_that_was_too_short_is_shown_in_four_parts(book: tuple[Notebook, Queen]) -> None:
    """As any other error: the user's own line, and what, why, state and next."""
    made, _ = book
    for code in ("ask().wait(timeout=0.2)", "await ask().result(0.2)"):
        cell = made.begin(code)
        made.finish(cell)
        said = shown(made, cell).splitlines()
        assert made.outcome == "NotEnded"
        assert [line.split(":")[0] for line in said[-4:]] == ["NotEnded", "  why", "  state", "  next"]
        assert said[0].startswith("  Cell In[")
        assert len(said) <= 7


def test_only_what_interrupts_is_shown_without_us() -> None:
    """An error that is none of ours, such as a defect, keeps its frames."""
    error, interrupt = ValueError("a"), KeyboardInterrupt()
    for each in (error, interrupt):
        hide_our_frames(each)
    assert not hasattr(error, "_render_traceback_")
    assert hasattr(interrupt, "_render_traceback_")


def test_what_shows_ours_is_ours(tmp_path: Path) -> None:
    """The frames of our widgets are hidden as those of the library."""
    queen = Queen(tmp_path)
    queen.close()
    with pytest.raises(QueenClosed) as caught:
        JobTable(queen)
    assert "listing.py" in "".join(str(frame.path) for frame in caught.traceback)
    assert "queenlib_widgets" not in "\n".join(caught.value._render_traceback_())


def test_what_others_wrote_steers_no_terminal() -> None:
    """Escapes are shown as what they are; parts that are empty are left out."""
    assert lines("Kind", "a\x1b[31m\u202e", {"why": "", "next": "b"}, None) == ["Kind: a\\x1b[31m\\u202e", "  next:  b"]
    assert lines("Kind", "\ud800 5\u00a0s", {}, None) == ["Kind: \\ud800 5\u00a0s"]


def test_a_line_of_code_steers_no_terminal(tmp_path: Path) -> None:
    """Nor does what stands in a program that calls us; its own frame is shown, with its file."""
    program = tmp_path / "own.py"
    program.write_text("def fail(error):\n    raise error  # \u202e\n")
    spec = spec_from_file_location("own", program)
    assert spec is not None
    assert spec.loader is not None
    own = module_from_spec(spec)
    spec.loader.exec_module(own)
    error = Conflict("a", why="b")
    with pytest.raises(Conflict):
        own.fail(error)
    where, said, why = error._render_traceback_()[-3:]
    assert where.startswith(f'  File "{program}", line 2, in fail\n    raise error  # \\u202e')
    assert (said, why) == ("Conflict: a", "  why:   b")
