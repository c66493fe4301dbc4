"""An error as a notebook shows it: the user's own lines, what happened, why, in what state things are, and what to do.

An interrupt that comes while we wait is no error of ours, and is shown like one: what we waited in mends nobody.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from unicodedata import category

LIBRARY = str(Path(traceback.__file__).parent) + os.sep
"""The folder of Python's own library."""
PACKAGES = ("site-packages", "dist-packages")
"""Folders in there that hold what others wrote."""
OTHERS = ("IPython", "ipykernel", "queenlib_widgets")
"""What runs a notebook's cells, and what shows ours."""
KEPT = "\n\t\u200c\u200d\u00ad"
"""Characters that do not print, and that writing needs."""


def lines(kind: str, what: str, parts: dict[str, str], trace: TracebackType | None) -> list[str]:
    """The error, line by line.

    Args:
        kind: Its class.
        what: What happened.
        parts: Its further parts by name; empty ones are left out.
        trace: Where it came through.
    """
    return [*(_printable(line) for line in _own(trace)), *_said(kind, what, parts)]


def hide_our_frames(error: BaseException) -> None:
    """What interrupted a wait of ours is shown without it; any other error stays as it is.

    Args:
        error: What the wait was left by.
    """
    if not isinstance(error, Exception):
        error.__dict__["_render_traceback_"] = _last_shown


def _last_shown() -> list[str]:
    """IPython asks for it, and has just noted which error it shows."""
    error = sys.last_value  # one that knew itself would keep alive all that its frames hold
    assert error is not None
    return lines(type(error).__name__, str(error), {}, error.__traceback__)


def _own(trace: TracebackType | None) -> Iterator[str]:
    """The frames that a user can mend: not ours, nor what lies between them and ours."""
    hidden = [str(Path(__file__).parents[1]) + os.sep]
    hidden += [str(Path(at).parent) + os.sep for name in OTHERS if (at := getattr(sys.modules.get(name), "__file__", None))]
    for frame in traceback.extract_tb(trace):
        file = frame.filename
        python = file.startswith("<frozen") or (file.startswith(LIBRARY) and not any(part in file for part in PACKAGES))
        if not python and not file.startswith(tuple(hidden)):
            (said,) = traceback.format_list([frame])
            yield said.rstrip("\n").replace(f'File "{file}"', _place(file), 1)


def _place(file: str) -> str:
    """A file, or which cell it is: the name of a cell's file says nothing, and is another one each time."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    name = getattr(getattr(shell, "compile", None), "format_code_name", lambda _: None)(file)
    return " ".join(name) if name else f'File "{file}"'


def _said(kind: str, what: str, parts: dict[str, str]) -> Iterator[str]:
    yield f"{kind}: {_printable(what)}" if what else kind
    for name, said in parts.items():
        if said:
            yield f"  {name + ':':<7}{_printable(said)}"


def _printable(said: str) -> str:
    """Without what would steer a terminal; `tables.printable` is above us."""
    return "".join(char if _is_harmless(char) else char.encode("unicode_escape").decode() for char in said)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or category(char) == "Zs" or char in KEPT
