"""One worker: its state, its process, its slots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import psutil

from queenlib.engines.engine import Connection, Engine, LoadSpec
from queenlib.errors import IllegalTransition
from queenlib.hives.exits import Exit
from queenlib.hives.processes import WorkerProcess
from queenlib.messages.worker import WorkerInfo, WorkerSpawn, WorkerState
from queenlib.world import World

STEPS: Mapping[WorkerState, frozenset[WorkerState]] = {
    WorkerState.STARTING: frozenset({WorkerState.LOADING, WorkerState.READY, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.LOADING: frozenset({WorkerState.READY, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.READY: frozenset({WorkerState.DRAINING, WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.DRAINING: frozenset({WorkerState.STOPPED, WorkerState.FAILED}),
    WorkerState.STOPPED: frozenset(),
    WorkerState.FAILED: frozenset(),
}
"""From each state, the states that may follow. `busy` is not among them: it is `ready` with a slot in use."""


class Worker:
    """A worker of ours. Its hive alone changes it."""

    def __init__(self, worker_id: str, wanted: WorkerSpawn, spec: LoadSpec, engine: Engine, world: World) -> None:
        self.id, self.wanted, self.spec, self.engine = worker_id, wanted, spec, engine
        self.model, self.device = spec.model, spec.device
        self.process: WorkerProcess | None = None
        self.connection: Connection | None = None
        self.free: list[int] = []
        self.last_lines: tuple[str, ...] = ()
        self.load_s: float | None = None
        self.told = False
        """Whether it was told to end."""
        self._world = world
        self._state, self._reason, self._since = WorkerState.STARTING, "", world.now()
        self._started = world.monotonic()

    @property
    def state(self) -> WorkerState:
        """What it does."""
        busy = self._state is WorkerState.READY and len(self.free) < self.spec.slots
        return WorkerState.BUSY if busy else self._state

    @property
    def open(self) -> bool:
        """Whether it may take something new now."""
        return self._state is WorkerState.READY

    @property
    def ended(self) -> bool:
        """Whether its process has ended."""
        return not STEPS[self._state]

    @property
    def idle(self) -> bool:
        """Whether none of its slots is in use."""
        return self.connection is None or len(self.free) == self.spec.slots

    def become(self, state: WorkerState, reason: str = "") -> None:
        """Step into a state.

        Raises:
            IllegalTransition: If it may not follow; nothing was changed.
        """
        if state not in STEPS[self._state]:
            raise IllegalTransition(
                f"Worker {self.id} cannot go from {self._state} to {state}.", state="Nothing was changed."
            )
        self._state, self._reason, self._since = state, reason, self._world.now()

    def ready(self, connection: Connection) -> None:
        """It is loaded: all its slots are free."""
        self.connection, self.free = connection, list(range(self.spec.slots))
        self.load_s = self._world.monotonic() - self._started
        self.become(WorkerState.READY)

    def gone(self, end: Exit) -> None:
        """Its process has ended."""
        self.last_lines = tuple(end.last_lines)
        if not self.ended:
            self.become(WorkerState.STOPPED if self.told else WorkerState.FAILED, "" if self.told else end.describe())

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
            slots_busy=self.spec.slots - len(self.free) if self.connection else 0,
            waiting=waiting,
            context=self.connection.context if self.connection else 0,
            threads=self.spec.threads,
            pid=pid,
            load_s=self.load_s,
            memory=_memory(pid),
            last_lines=self.last_lines if self._state is WorkerState.FAILED else (),
        )


def _memory(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
