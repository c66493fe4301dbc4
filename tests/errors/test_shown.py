"""Errors as a notebook shows them."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from queenlib.errors import Conflict
from queenlib.errors.shown import lines
from tests.flow.kernels import kernel

BEGIN = "from queenlib import Queen\nqueen = Queen()"
CELL = """def mine():
    return queen.hives.get("nowhere").wait()
mine()"""


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
