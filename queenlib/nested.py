"""`asyncio.run` in a notebook's cell: `queenlib.allow_nested_run()`."""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from queenlib.errors import Conflict, MissingExtra

HANGS = 7
"""From this version of ipykernel on, `nest_asyncio` makes every later cell hang."""


def allow_nested_run() -> None:
    """Let `asyncio.run(…)` work in a cell, as in a script that was pasted into it.

    Nothing of queenlib needs it: `await` works in a cell, and `job.wait()` does without. It changes `asyncio` for this whole
    process, and it cannot be taken back. Calling it again does nothing more.

    Raises:
        MissingExtra: Neither `nest_asyncio2` nor `nest_asyncio` is installed.
        Conflict: Only `nest_asyncio` is there, and this kernel would hang with it.
    """
    for name in ("nest_asyncio2", "nest_asyncio"):
        try:
            nest = import_module(name)
        except ImportError:
            continue
        if name == "nest_asyncio" and _kernel() >= HANGS:
            raise Conflict(
                "nest_asyncio would make all later cells hang.",
                why=f"It does so from ipykernel {HANGS} on.",
                state="Nothing was changed.",
                next="pip install nest-asyncio2",
            )
        try:
            nest.apply(asyncio.get_running_loop())
        except RuntimeError:  # no loop runs: there is nothing to nest in yet
            nest.apply()
        return
    raise MissingExtra(
        "asyncio.run cannot be nested here.",
        why="Neither nest-asyncio2 nor nest-asyncio is installed.",
        state="Nothing was changed.",
        next="pip install 'queenlib[notebook]'",
    )


def _kernel() -> int:
    """The major version of ipykernel; 0 for none."""
    try:
        return int(version("ipykernel").split(".")[0])
    except PackageNotFoundError:
        return 0
