"""Whether a client and a queen can speak with each other; found out before either misreads what the other says."""

from __future__ import annotations

import json
from typing import Any

from queenlib.errors import ProtocolMismatch
from queenlib.messages.job import QueenInfo
from queenlib.version import PROTOCOL

FIRST = 1
"""What a queen speaks who does not say it: there was nothing else then."""
HEADER = "queen-protocol"
"""In which header a client says what it speaks."""


def read_info(content: bytes) -> QueenInfo:
    """What a queen says about herself; what a later version says beside it is left out.

    Raises:
        ProtocolMismatch: She speaks something else than we do.
        ValueError: No queen said that.
    """
    said: Any = json.loads(content)
    if not isinstance(said, dict) or not {"version", "pid"} <= said.keys():
        raise ValueError("That is not what a queen says.")
    hers = said.get("protocol", FIRST)
    if hers != PROTOCOL:
        raise mismatch(PROTOCOL, int(hers), str(said["version"]), int(said["pid"]), _counted(said.get("unfinished")))
    known = {name: value for name, value in said.items() if name in QueenInfo.model_fields}
    return QueenInfo.model_validate_json(json.dumps(known))


def mismatch(ours: int, hers: int, version: str, pid: int, unfinished: int | None = None) -> ProtocolMismatch:
    """The error of a client of protocol `ours` and a queen of protocol `hers`, of that version and in that process.

    `unfinished` is how many of her jobs have not ended, where she says it in a way that we can read.
    """
    older = hers < ours
    return ProtocolMismatch(
        f"This program and the queen (queenlib {version}, process {pid}) are of versions that cannot speak with each other.",
        why=f"She is the {'older' if older else 'newer'} one: her protocol is {hers}, this program's is {ours}.",
        state="Nothing was done; her jobs go on.",
        next="queenlib restart --when-idle   # waits for her jobs; or take another home: QUEENLIB_HOME=/path"
        if older
        else "Restart this kernel or program: it still has the older queenlib.",
        ours=ours,
        hers=hers,
        version=version,
        pid=pid,
        unfinished=unfinished,
    )


def _counted(states: object) -> int | None:
    if not isinstance(states, dict) or not all(isinstance(count, int) for count in states.values()):
        return None
    return sum(states.values())
