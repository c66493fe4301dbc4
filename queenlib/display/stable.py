"""What differs from run to run, and is left out where outputs are to be compared: see `queenlib.display.mode.is_stable`."""

from __future__ import annotations

import re

LEFT_OUT = frozenset({"created", "memory", "reason", "tokens/s"})
"""Columns of tables."""
_MADE_UP = re.compile(r"\b(chat|job|worker)-[0-9a-hjkmnp-tv-z]{12}\b")


def nameless(said: str) -> str:
    """Text in which `job-…` stands for any job's id; a worker or a chat that somebody gave a name keeps it."""
    return _MADE_UP.sub(r"\1-…", said)
