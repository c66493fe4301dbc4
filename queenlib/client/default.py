"""The default queen: the one that `queenlib.jobs` speaks to."""

from __future__ import annotations

import threading

from queenlib.client.queen import Queen

_lock = threading.Lock()
_default: Queen | None = None


def default_queen() -> Queen:
    """The default queen, made when it is first asked for: `Queen()`; a new one if that was closed.

    Raises:
        QueenError: She cannot be made: her home cannot be written to, or her token file cannot be read.
    """
    global _default
    with _lock:
        if _default is None or _default.closed:
            _default = Queen()
        return _default
