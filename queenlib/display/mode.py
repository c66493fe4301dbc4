"""How things are shown here: live, by updates, as they are, or as text."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from importlib.util import find_spec

from queenlib.display.kernel import in_kernel, is_watched
from queenlib.errors import InvalidRequest


class Mode(StrEnum):
    """How things are shown."""

    LIVE = "live"
    """By a view that follows the job."""
    UPDATE = "update"
    """By an output that is replaced while the job goes on: where there are no views."""
    STATIC = "static"
    """Once, when the job has ended: where nobody sits before the notebook."""
    TEXT = "text"
    """As a line of text."""


def current_mode() -> Mode:
    """How things are shown here; `QUEENLIB_DISPLAY=live|update|static|text` says it for all, `auto` is the rule.

    Raises:
        InvalidRequest: It says something else.
    """
    said = os.environ.get("QUEENLIB_DISPLAY") or "auto"
    if said in list(map(str, Mode)):
        return Mode(said)
    if said != "auto":
        raise InvalidRequest(
            f"QUEENLIB_DISPLAY is {said[:80]!r}.",
            why=f"It is auto, {', '.join(Mode)}.",
            state="Nothing was shown.",
            next="unset QUEENLIB_DISPLAY",
        )
    if not in_kernel():
        return Mode.TEXT
    if not is_watched():
        return Mode.STATIC
    bare = sys.platform == "emscripten" or "google.colab" in sys.modules or find_spec("anywidget") is None
    return Mode.UPDATE if bare else Mode.LIVE


def is_stable() -> bool:
    """Whether what differs from run to run is left out, such as ids and times: `QUEENLIB_STABLE=1`."""
    return os.environ.get("QUEENLIB_STABLE", "") not in ("", "0")
