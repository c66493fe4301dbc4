"""Errors as a notebook shows them."""

from __future__ import annotations

from pathlib import Path

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
            assert "queenlib/client" not in shown
            assert "IPython" not in shown


def test_what_others_wrote_steers_no_terminal() -> None:
    """Escapes are shown as what they are; parts that are empty are left out."""
    assert lines("Kind", "a\x1b[31m\u202e", {"why": "", "next": "b"}, None) == ["Kind: a\\x1b[31m\\u202e", "  next:  b"]
