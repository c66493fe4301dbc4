"""A guard of the memory of an idle queen: held against a bare uvicorn application in the same run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.idle import queen
from benchmarks.log.figures import Figure
from benchmarks.readers.side import Side, process

MARGIN = 4
"""How many bare applications a queen may weigh: LiteLLM's proxy weighs some twenty."""


def test_an_idle_queen_is_small(tmp_path: Path) -> None:
    """The memory that she has for herself alone, against that of an application that does nothing but stream."""
    with process("bare", "httptools") as bare:
        theirs = Side(bare).uss()
    ours = queen.idle_bytes(tmp_path, settle_s=0.5)
    assert ours <= MARGIN * theirs, str(Figure("an idle queen", ours, "bytes", MARGIN, theirs, most=True))
