"""Time that is made up: an event loop whose clock jumps to whatever happens next, and a world that lives by it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVarTuple, Unpack

from queenlib.world import World

Ts = TypeVarTuple("Ts")

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When the world begins."""
OWNER: ContextVar[int] = ContextVar("owner", default=0)
"""The number of the process that a task or a timer belongs to; 0 is nobody's that can die."""


class NothingMoreHappens(Exception):
    """Everybody waits, and there is no timer left that could wake anyone."""


class _Waiting(selectors.SelectSelector):
    """Waits for nothing: the time passes instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass."""
        if timeout is None:
            raise NothingMoreHappens
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without real time, in which processes can die: their tasks and timers are known by their `OWNER`."""

    def __init__(self) -> None:
        self._clock = _Waiting()
        super().__init__(self._clock)
        self.dead: set[int] = set()
        """The processes that have died: no timer of theirs fires."""
        self.trouble: list[dict[str, Any]] = []
        """What nobody caught."""
        self._tasks: dict[int, dict[asyncio.Task[Any], None]] = {}  # in the order of their making: it decides what happens
        self.set_task_factory(self._task)
        self.set_exception_handler(lambda _, context: self.trouble.append(context))

    def time(self) -> float:
        """Seconds since the world began."""
        return self._clock.now

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call something later, if its process lives then."""
        owner = OWNER.get()

        def fire() -> None:
            if owner not in self.dead:
                callback(*args)

        return super().call_at(when, fire, context=context)

    def _task(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **more: Any,
    ) -> asyncio.Task[Any]:
        assert isinstance(coroutine, Coroutine)
        task = asyncio.Task(coroutine, loop=loop, **more)
        theirs = self._tasks.setdefault(OWNER.get(), {})
        theirs[task] = None
        task.add_done_callback(theirs.pop)
        return task

    async def kill(self, owner: int) -> None:
        """End all tasks of a process at once; whatever they do on their way out takes no time, and has no timers."""
        self.dead.add(owner)
        while alive := self.alive(owner):
            for task in alive:
                task.cancel()
            await asyncio.sleep(0)

    def alive(self, owner: int) -> list[asyncio.Task[Any]]:
        """The tasks of a process that have not ended."""
        return [task for task in self._tasks.get(owner, ()) if not task.done()]


@dataclass
class Date:
    """How far the date is from what it should be; somebody may set it."""

    skew_s: float = 0.0
    latest: datetime = START
    """The latest date that was ever told."""


@dataclass(frozen=True)
class VirtualWorld(World):
    """A world on a `VirtualLoop`; sleeping and limits follow the loop by themselves."""

    loop: VirtualLoop | None = None
    date: Date | None = None

    def now(self) -> datetime:
        """The date, which may jump."""
        assert self.loop is not None
        assert self.date is not None
        now = START + timedelta(seconds=self.loop.time() + self.date.skew_s)
        self.date.latest = max(self.date.latest, now)
        return now

    def monotonic(self) -> float:
        """Seconds on the loop's clock."""
        assert self.loop is not None
        return self.loop.time()
