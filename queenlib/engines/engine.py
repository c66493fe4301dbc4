"""What every engine is to a hive: a way to start its worker, and a connection to one that runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from queenlib.engines.embedding import Embedded
from queenlib.messages.events import Progress, Token
from queenlib.messages.infer import ChatMessage, FinishReason, Sampling, Usage
from queenlib.messages.worker import EngineArgs


@dataclass(frozen=True)
class LoadSpec:
    """All that defines a worker. Two workers of equal specs are interchangeable."""

    model: str
    """The name that the model was asked for by."""
    path: Path | None
    """Its file; `None` for a simulated one."""
    size: int
    """Its size in bytes; 0 for a simulated one."""
    device: str
    """The device to run on, such as `cpu` or `cuda:0`."""
    context: int
    """Tokens in one slot, prompt and answer together."""
    slots: int
    threads: int
    gpu_layers: int
    """Layers on the GPU; -1 for as many as fit."""
    args: EngineArgs = field(default_factory=EngineArgs)
    need: int = 0
    """Memory that it takes at least, in bytes; 0 if that is not known."""


@dataclass(frozen=True)
class Launch:
    """How a worker is started."""

    argv: tuple[str, ...]
    """The program and its arguments; nothing secret is among them."""
    config: Mapping[str, Any]
    """Written to its standard input as one line of JSON; what is secret travels here."""


@dataclass(frozen=True)
class Generation:
    """One answer to be made."""

    messages: tuple[ChatMessage, ...]
    sampling: Sampling
    spelled: str = ""
    """The text that the answer has to be by its schema: how likely each of its tokens was is told at the end."""


@dataclass(frozen=True)
class Weighed:
    """A token of a text that was to be spelled."""

    text: bytes
    log: float
    """The logarithm of its probability after those before it, by the model alone: no sampling, no grammar."""


@dataclass(frozen=True)
class Finished:
    """The last item of a generation: how it ended, and the engine's own account of it."""

    reason: FinishReason
    usage: Usage
    prefill_ms: float
    """Reading the prompt, by the engine's clock, in milliseconds."""
    decode_ms: float
    """Generating, by the engine's clock, in milliseconds."""
    weighed: tuple[Weighed, ...] = ()
    """Its tokens, where a text was to be spelled."""


class Connection(Protocol):
    """A line to one worker that is ready."""

    context: int
    """Tokens that fit in one slot; never more than the model was made for."""

    def generate(self, generation: Generation, slot: int) -> AsyncGenerator[Token | Progress | Finished]:
        """Generate in slot number `slot` (from 0): progress of the prompt, then tokens, then one `Finished`.

        Closing the generator, or cancelling the task that draws from it, ends the generation. Both return only when the
        engine itself says that the slot is idle.

        Raises:
            PromptTooLong: The prompt and `max_tokens` do not fit in a slot; nothing was generated.
            WorkerDied: The line broke.
            WorkerStalled: Nothing came for longer than the deadline; `stopped` tells whether the slot is idle since.
            WorkerProtocol: What came is not the protocol.
            EngineError: The engine refused, in its own words.
            NotStopped: The slot was not idle in time after the generation was closed.
        """
        ...

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """The vectors of `texts`, of length 1 where the engine makes it so. None of them is empty.

        An engine does not leave off in the middle of texts. Cancelling this returns only when it is through with them.

        Raises:
            NoEmbeddings: The worker or its model makes none.
            WorkerDied: The line broke.
            WorkerStalled: Nothing came for longer than the deadline; whether it goes on is not known.
            WorkerProtocol: What came is not the protocol.
            EngineError: The engine refused, in its own words.
            NotStopped: It was not through with them in time after this was cancelled.
        """
        ...

    async def check(self, text: str) -> None:
        """See to it that a text fits in a slot, as it has to where a vector is to be made of it.

        Raises:
            PromptTooLong: It does not.
            EngineError: The engine does not say how long it is; the classes are those of `embed`.
        """
        ...

    async def idle(self, slot: int) -> bool:
        """Whether the engine says that this slot does nothing."""
        ...

    async def settings(self, slot: int) -> Mapping[str, Any]:
        """The sampling settings of the slot's last generation, as the engine itself echoes them."""
        ...

    async def close(self) -> None:
        """Let go of the line; the worker is not touched."""
        ...


class Engine(Protocol):
    """A program that does inference."""

    name: str
    """`llama_cpp` or `simulated`."""

    @property
    def build(self) -> str:
        """Which build of it; empty where it is not installed. Another one may answer otherwise."""
        ...

    def available(self) -> str:
        """Empty if the engine can be used here, else why not and what to do."""
        ...

    def launch(self, spec: LoadSpec, key: str) -> Launch:
        """How to start a worker that loads `spec` and answers only who knows `key`."""
        ...

    def connect(self, url: str, key: str, context: int, name: str) -> Connection:
        """A line to the worker `name` that said it is ready at `url` (loopback) with `context` tokens a slot."""
        ...
