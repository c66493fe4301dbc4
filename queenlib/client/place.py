"""Where a queen is: in this process, in a child of it, or in the background on her own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from queenlib.display.kernel import FRONT_ENDS, in_kernel
from queenlib.errors import InvalidRequest

NOTEBOOK_IDLE_S = 1800.0
"""A queen in the background that a notebook has started ends after so many quiet seconds."""


class Where(StrEnum):
    """Where she is."""

    EMBEDDED = "embedded"
    """In this process: she ends with it."""
    CHILD = "process"
    """In a child of this process: she ends with it, and does not mind who holds the interpreter's lock."""
    BACKGROUND = "background"
    """On her own: she outlives this process."""


@dataclass(frozen=True)
class Place:
    """Where she is, and when she ends by herself."""

    where: Where
    idle_exit_s: float | None = None

    @classmethod
    def usual(cls) -> Self:
        """Where a plain `Queen()` is: in the background of a notebook that somebody sits before, else in this process.

        `QUEENLIB_QUEEN=embedded|background` says it for all.

        Raises:
            InvalidRequest: It says something else.
        """
        return cls.by(os.environ, kernel=in_kernel())

    @classmethod
    def by(cls, environment: Mapping[str, str], *, kernel: bool) -> Self:
        """The same, by what is known: the environment, and whether this is a notebook's kernel."""
        said = environment.get("QUEENLIB_QUEEN", "")
        if said not in ("", Where.EMBEDDED, Where.BACKGROUND):
            raise InvalidRequest(
                f"QUEENLIB_QUEEN is {said[:80]!r}.",
                why="It is 'embedded' (the queen is part of each program) or 'background' (she outlives them).",
                state="Nothing was started.",
                next="unset QUEENLIB_QUEEN",
            )
        seen = kernel and any(environment.get(name) for name in FRONT_ENDS)
        if said == Where.BACKGROUND or (not said and seen):
            return cls(Where.BACKGROUND, NOTEBOOK_IDLE_S)
        return cls(Where.EMBEDDED)
