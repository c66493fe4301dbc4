"""One worker: its state, its process, its slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import psutil

from queenlib.engines.engine import Connection, Engine, LoadSpec
from queenlib.engines.faults import stalled
from queenlib.errors import IllegalTransition, WorkerDied, WorkerStalled
from queenlib.hives.exits import Exit
from queenlib.hives.processes import WorkerProcess
from queenlib.hives.speed import Speed
from queenlib.messages.worker import KeepAlive, WorkerInfo, WorkerSpawn, WorkerState
from queenlib.world import World

STEPS: Mapping[WorkerState, frozenset[WorkerState]] = {
    WorkerState.STARTING: frozenset({WorkerState.LOADING, WorkerState.READY, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.LOADING: frozenset({WorkerState.READY, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.READY: frozenset({WorkerState.DRAINING, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.DRAINING: frozenset({WorkerState.READY, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.STOPPED: frozenset(),
    WorkerState.FAILED: frozenset(),
}
"""From each state, the states that may follow. `busy` is not among them: it is `ready` with a slot in use. From `draining`
back to `ready` goes a worker whose stop was cancelled."""


class Worker:
    """A worker of ours. Its hive alone changes it."""

    def __init__(self, worker_id: str, wanted: WorkerSpawn, spec: LoadSpec, engine: Engine, world: World) -> None:
        self.id, self.wanted, self.spec, self.engine = worker_id, wanted, spec, engine
        self.model, self.device = spec.model, spec.device
        self.process: WorkerProcess | None = None
        self.connection: Connection | None = None
        self.free: list[int] = []
        self.left: set[int] = set()
        """Slots whose generation was left and that do not say that they are idle."""
        self.load_s: float | None = None
        self.keep_alive: KeepAlive | None = wanted.keep_alive
        """How long it is kept idle; `None` for as long as its hive says."""
        self.used = False
        """Whether somebody has had a slot of it."""
        self.rested = False
        """Whether it was stopped because nobody used it: whoever needs it has it loaded again as it was."""
        self.silent_s: float | None = None
        """How long it was silent, in seconds, when it was ended for that."""
        self.heard_at = 0.0
        """When it last gave a sign of work, on the world's monotonic clock, in seconds."""
        self.retired = False
        """Whether it is not trusted any more: it takes nothing new, and is taken down when its generations have ended."""
        self.fate: tuple[WorkerState, str] | None = None
        """What its end will be and why, once it has been told to end."""
        self.end: Exit | None = None
        """How its process ended."""
        self._world, self._speed = world, Speed()
        self._state, self._reason, self._since = WorkerState.STARTING, "", world.now()
        self._touch()
        self._started = self._used_at

    @property
    def state(self) -> WorkerState:
        """What it does."""
        busy = self._state is WorkerState.READY and self.busy
        return WorkerState.BUSY if busy else self._state

    @property
    def embeds(self) -> bool:
        """Whether it makes vectors of texts in place of answers."""
        return self.wanted.embeds

    @property
    def open(self) -> bool:
        """Whether it may take something new now."""
        return self._state is WorkerState.READY

    @property
    def ended(self) -> bool:
        """Whether its process has ended."""
        return not STEPS[self._state]

    @property
    def busy(self) -> frozenset[int]:
        """The slots that are in use; none before it is loaded."""
        return frozenset(range(self.spec.slots if self.connection else 0)) - frozenset(self.free)

    @property
    def idle_since(self) -> float | None:
        """When it was last used, or became ready, on the world's monotonic clock; `None` while it is not ready or in use."""
        return self._used_at if self.open and not self.busy else None

    @property
    def returns(self) -> bool:
        """Whether who needs it has it loaded again as it was: it was stopped as idle, or fell after it had been ready."""
        return self.ended and (self.rested or (self.connection is not None and self._state is WorkerState.FAILED))

    def heard(self, *, token: bool = False) -> None:
        """It gave a sign of work: a token, or progress with a prompt."""
        self.heard_at = self._world.monotonic()
        if token:
            self._speed.count(self.heard_at)

    def use(self) -> None:
        """Somebody uses it now, or has until now."""
        self.used = True
        self._touch()

    def _touch(self) -> None:
        self._used_at, self._idle_at = self._world.monotonic(), self._world.now()

    def become(self, state: WorkerState, reason: str = "") -> None:
        """Step into a state.

        Raises:
            IllegalTransition: If it may not follow; nothing was changed.
        """
        if state not in STEPS[self._state]:
            raise IllegalTransition(
                f"Worker {self.id} cannot go from {self._state} to {state}.",
                why=f"After {self._state} comes {', '.join(sorted(STEPS[self._state])) or 'nothing: it has ended'}.",
                state="Nothing was changed.",
                next="This is a defect of queenlib: please report it.",
            )
        self._state, self._reason, self._since = state, reason, self._world.now()

    def ready(self, connection: Connection) -> None:
        """It is loaded: all its slots are free."""
        self.connection, self.free = connection, list(range(self.spec.slots))
        self._touch()
        self.heard_at = self._used_at
        self.load_s = self._used_at - self._started
        self.become(WorkerState.READY)

    def doom(self, reason: str, state: WorkerState = WorkerState.FAILED) -> None:
        """Say what its end will be and why; the first word stays, and how it ended is not changed afterwards."""
        if not self.ended:
            self.fate = self.fate or (state, reason)

    def gone(self, end: Exit | None) -> None:
        """Its process has ended, or could never be started (`None`)."""
        if not self.ended:
            self.end = end
            died = (WorkerState.FAILED, end.describe() if end else "its process could not be started")
            self.become(*(self.fate or died))

    def died(self, end: Exit, doing: str) -> WorkerDied | WorkerStalled:
        """The error for whoever needed it: it died, or was ended because it gave nothing.

        Args:
            end: How its process ended.
            doing: When that was, such as `while it generated`.
        """
        if self.silent_s is not None:
            return stalled(self.id, self.silent_s, state="It was ended; what it had generated is kept.")
        if self.fate is None:
            return end.error(self.id, doing)
        error = replace(end, note=self.fate[1]).error(self.id, doing)
        error.why = "It was told to end."
        return error

    def info(self, waiting: int = 0) -> WorkerInfo:
        """What there is to say about it now."""
        pid = self.process.pid if self.process and not self.ended else None
        since: datetime = self._since
        return WorkerInfo(
            id=self.id,
            hive_id=self.wanted.hive_id,
            model=self.model,
            engine=self.engine.name,
            state=self.state,
            reason=self._reason,
            since=since,
            device=self.device,
            slots=self.spec.slots,
            slots_busy=len(self.busy),
            waiting=waiting,
            tokens_per_s=None if self.ended else self._speed.per_s(self._world.monotonic()),
            context=self.connection.context if self.connection else 0,
            threads=self.spec.threads,
            pid=pid,
            load_s=self.load_s,
            idle_since=None if self.idle_since is None else self._idle_at,
            memory=_memory(pid),
            last_lines=self.end.last_lines if self.end and self._state is WorkerState.FAILED else (),
        )


def _memory(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
