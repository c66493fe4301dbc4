"""The simulated engine: `sim:` models, which need no weights and can be told to go wrong. The queen's half.

    sim:words?tokens=200&tokens_per_s=100&load_s=0.5&seed=1     words, the same for the same seed
    sim:echo?text=Hello%20there                                 that text; without it, what was asked

Each part is optional. It runs in a worker's process like the real one (`host/simulated.py`) and speaks the same protocol.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from queenlib.engines.connection import EngineConnection, Patience
from queenlib.engines.engine import Connection, Launch, LoadSpec
from queenlib.errors import UnknownModel
from queenlib.messages.parse import nearest
from queenlib.world import World

KINDS = ("words", "echo")


@dataclass(frozen=True)
class SimSpec:
    """What a simulated model does. Tokens count from 1: `crash_at_token=5` lets four come."""

    kind: Literal["words", "echo"]
    tokens: int = 32
    """How many it has to say; `echo` says its text."""
    tokens_per_s: float = 200.0
    load_s: float = 0.0
    """How long it loads, in seconds."""
    prefill_ms: float = 0.0
    """How long it reads a prompt, in milliseconds."""
    seed: int = 1
    """For requests that have none."""
    reasoning: int = 0
    """Tokens that it thinks before it answers."""
    dimensions: int = 384
    """Numbers in the vector that it makes of a text; 0 makes none."""
    text: str | None = None
    """What `echo` says."""
    memory_gb: float = 0.0
    """Memory that it says it needs, in GB; it takes none of it."""
    crash_at_token: int = 0
    """Dies of a segmentation fault instead of sending it; 0 is never, here and below."""
    stall_at_token: int = 0
    """Sends nothing from it on, and stays alive."""
    drip_at_token: int = 0
    """Sends from it on a byte now and then, and never a whole event."""
    blank_at_token: int = 0
    """Sends from it on only events that say nothing."""
    bad_utf8_at_token: int = 0
    """Sends bytes that are no UTF-8 in it."""
    mute_from: int = 0
    """Takes that request and all after it, and never answers them, though it says that it is well; counts from 1."""
    wedge: bool = False
    """Takes connections, and never answers."""
    oom: bool = False
    """Runs out of memory while it loads, and is killed."""
    stall_load: bool = False
    """Stands still while it loads."""
    fail_load: bool = False
    """Says that it cannot load."""
    crash_load: bool = False
    """Ends while it loads, without a word."""


def parse_sim(model: str) -> SimSpec:
    """What a `sim:` name asks for.

    Raises:
        UnknownModel: It has a kind, a part or a value that there is not.
    """
    name, _, query = model.partition("?")
    kind = name.removeprefix("sim:")
    if not name.startswith("sim:") or kind not in KINDS:
        raise _unknown(model, f"there is no kind {kind!r}{nearest(kind, KINDS)}", KINDS)
    given: dict[str, Any] = {}
    for part in query.split("&") if query else ():
        label, _, value = part.partition("=")
        if label not in _READ:
            raise _unknown(model, f"there is no part {label!r}{nearest(label, _READ)}", _READ)
        if label in given:
            raise _unknown(model, f"it has {label} twice", _READ)
        try:
            given[label] = _READ[label](unquote(value, errors="strict"))
        except ValueError as error:
            raise _unknown(model, f"{label} is {value!r}: {error}", _READ) from None
    return SimSpec("echo" if kind == "echo" else "words", **given)


class Simulated:
    """The simulated engine, one process for each worker.

    Args:
        world: Clock and randomness.
        patience: How long its workers may be silent.
        journal: The file in which its workers write down what they were asked.
    """

    name = "simulated"
    build = "1"
    """Raised when its answers change."""

    def __init__(self, world: World, patience: Patience | None = None, journal: Path | None = None) -> None:
        self._world, self._patience, self._journal = world, patience, journal

    def available(self) -> str:
        """Empty: it is there wherever Python is."""
        return ""

    def launch(self, spec: LoadSpec, key: str) -> Launch:
        """How to start a worker that simulates `spec` and answers only who knows `key`.

        Raises:
            UnknownModel: It is no simulated model.
        """
        chunk = spec.args.prompt_chunk or 64
        sim = asdict(parse_sim(spec.model))
        config = {"sim": sim, "key": key, "context": spec.context, "slots": spec.slots, "prompt_chunk": chunk}
        config["embeddings"] = spec.args.embeddings is not None
        config["journal"] = None if self._journal is None else str(self._journal)
        return Launch((sys.executable, "-P", "-m", "queenlib.engines.host.simulated"), config)

    def connect(self, url: str, key: str, context: int, name: str) -> Connection:
        """A line to worker `name`, ready at `url` with `context` tokens a slot."""
        return EngineConnection(url, key, context, name, self._world, self._patience)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError("it is a whole number from 0 to 999999999")
    return int(text)


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1e9:
        raise ValueError("it is a number from 0 to 1000000000")
    return value


def _rate(text: str) -> float:
    if _amount(text) == 0:
        raise ValueError("it is more than 0")
    return float(text)


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("it is 0 or 1")
    return text == "1"


_BY_TYPE: dict[str, Callable[[str], Any]] = {"int": _count, "float": _amount, "bool": _switch, "str | None": str}
_READ: dict[str, Callable[[str], Any]] = {
    **{field.name: _BY_TYPE[str(field.type)] for field in fields(SimSpec) if field.name != "kind"},
    "tokens_per_s": _rate,
}


def _unknown(model: str, why: str, known: Any) -> UnknownModel:
    return UnknownModel(
        f"There is no simulated model {model!r}.",
        why=f"{why[:1].upper()}{why[1:]}.",
        state="Nothing was started.",
        next="For example: sim:words?tokens=20&tokens_per_s=50 or sim:echo?text=Hello",
        known=list(known),
    )
