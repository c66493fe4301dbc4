"""Where a generation goes: a pure function from what there is and what is asked to a choice and its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from queenlib.messages.worker import KeepAlive, WorkerState


class Candidate(Protocol):
    """What is looked at of a worker."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def model(self) -> str:
        """The model that it serves."""
        ...

    @property
    def device(self) -> str:
        """The device that it runs on."""
        ...

    @property
    def state(self) -> WorkerState:
        """What it does."""
        ...

    @property
    def embeds(self) -> bool:
        """Whether it makes vectors of texts in place of answers."""
        ...


@dataclass(frozen=True)
class Wish:
    """What a generation needs."""

    model: str
    worker_id: str | None = None
    device: str | None = None
    keep_alive: KeepAlive | None = None
    """How long the worker that takes it is kept idle from then on."""
    slots: int | None = None
    """Generations at once of a worker that is started for it; unsaid, as many as are usual."""
    embeds: bool = False
    """Whether vectors of texts are wanted in place of an answer."""


@dataclass(frozen=True)
class Choice:
    """What to do, and why."""

    action: Literal["use", "spawn", "refuse"]
    """Wait for a slot of one of `worker_ids`, start a worker, or refuse."""
    worker_ids: tuple[str, ...]
    reasons: tuple[str, ...]
    """A sentence for each worker that was looked at."""


_OPEN = (WorkerState.STARTING, WorkerState.LOADING, WorkerState.READY, WorkerState.BUSY)


def choose(workers: Sequence[Candidate], wish: Wish) -> Choice:
    """The workers that can take `wish`; a new one if there is none; a refusal if one was named and cannot."""
    refusals = {worker.id: refusal(worker, wish) for worker in workers}
    fitting = tuple(worker.id for worker in workers if not refusals[worker.id])
    reasons = tuple(f"{name}: {why or 'can take it'}" for name, why in refusals.items())
    if fitting:
        return Choice("use", fitting, reasons)
    if wish.worker_id is not None:
        return Choice("refuse", (), reasons or (f"{wish.worker_id}: there is no such worker",))
    return Choice("spawn", (), reasons or ("there is no worker yet",))


def refusal(worker: Candidate, wish: Wish) -> str:
    """Why `worker` cannot take `wish`; empty if it can."""
    if wish.worker_id is not None and worker.id != wish.worker_id:
        return "another worker was asked for"
    if worker.model != wish.model:
        return f"it serves {worker.model}"
    if worker.embeds != wish.embeds:
        return "it makes vectors of texts, and no answers" if worker.embeds else "it makes answers, and no vectors of texts"
    if wish.device is not None and worker.device != wish.device:
        return f"it runs on {worker.device}"
    if worker.state not in _OPEN:
        return f"it is {worker.state}"
    return ""
