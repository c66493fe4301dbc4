"""An error as a notebook shows it: the user's own lines, what happened, why, in what state things are, and what to do."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

OURS = str(Path(__file__).parents[1])
"""The folder of queenlib: what happened in there is no line that a user can mend."""
SHELL = ("/IPython/", "/ipykernel/", "\\IPython\\", "\\ipykernel\\")


def lines(kind: str, what: str, parts: dict[str, str], trace: TracebackType | None) -> list[str]:
    """The error, line by line.

    Args:
        kind: Its class.
        what: What happened.
        parts: Its further parts by name; empty ones are left out.
        trace: Where it came through.
    """
    own = [frame for frame in traceback.extract_tb(trace) if not _is_foreign(frame.filename)]
    return [*(line.rstrip("\n") for line in traceback.format_list(own)), *_said(kind, what, parts)]


def _said(kind: str, what: str, parts: dict[str, str]) -> Iterator[str]:
    yield f"{kind}: {_printable(what)}"
    for name, said in parts.items():
        if said:
            yield f"  {name + ':':<7}{_printable(said)}"


def _is_foreign(file: str) -> bool:
    return file.startswith((OURS, "<frozen")) or any(part in file for part in SHELL)


def _printable(said: str) -> str:
    """Without what would steer a terminal; it stands alone here, below all else."""
    return "".join(char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode() for char in said)
