"""One hive: a machine that can run workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

from queenlib.engines.engine import Engine
from queenlib.errors import EngineError, HiveStopped
from queenlib.flights import Flights
from queenlib.hives.machine import Machine
from queenlib.hives.processes import Processes
from queenlib.hives.workers import Workers
from queenlib.home import Home
from queenlib.messages.events import Body, Log
from queenlib.messages.hive import HiveInfo, HiveKind, HiveState, HiveStatusReport
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World

BY_HAND = "It was stopped by hand and starts only when it is told to."
CLOSED = "Its queen was closed."


class Hive:
    """A machine with a guardian and workers. A `simulated` one has made-up devices and runs `sim:` models only.

    Its procedures are async generators that yield what happens and, last, what came of it.
    """

    def __init__(
        self, hive_id: str, kind: HiveKind, home: Home, models: ModelCatalog, engines: Mapping[str, Engine], world: World
    ) -> None:
        self.id, self.kind, self.address = hive_id, kind, ""
        self.models, self.engines, self.world = models, engines, world
        self.machine = Machine(world, made_up=kind is HiveKind.SIMULATED)
        logs = home.logs / hive_id  # two hives may each have a worker of the same name
        logs.mkdir(mode=0o700, exist_ok=True)
        self._processes = Processes(world, logs)
        self.workers = Workers(hive_id, self._processes, logs, world)
        self._starts: Flights[Body] = Flights()
        self._state, self._reason, self._since = HiveState.STOPPED, "", world.now()
        self._shut = ""  # why it takes nothing; empty if it does
        self._closed = False
        self._stops = 0  # those who stop it now
        self._turning = asyncio.Lock()  # held by whoever starts or stops it
        self._loads: dict[asyncio.Task[object], asyncio.Timeout] = {}

    def info(self) -> HiveInfo:
        """What there is to say about it now."""
        return HiveInfo(
            id=self.id,
            kind=self.kind,
            address=self.address,
            state=self._look(),
            reason=self._reason,
            since=self._since,
            keep_alive=self.workers.keep_alive,
            devices=self.machine.device_ids,
            workers=self.workers.infos(),
        )

    async def status(self) -> HiveStatusReport:
        """Look at its devices and its load."""
        before = self.world.monotonic()
        devices, load = await self.machine.devices(), await self.machine.load()
        return HiveStatusReport(hive=self.info(), devices=devices, load=load, probe_s=self.world.monotonic() - before)

    @property
    def open(self) -> bool:
        """Whether it takes something new: it starts by itself when it is needed."""
        return not self._shut

    def check(self) -> None:
        """Raise if it takes nothing new.

        Raises:
            HiveStopped: It was stopped by hand, or removed.
        """
        if self._shut:
            raise self._refusal()

    async def start(self, *, by_hand: bool = False) -> AsyncGenerator[Body]:
        """Start it; does nothing to one that is ready. Many may ask at once: it is started once.

        Raises:
            HiveStopped: It was stopped by hand, and this is not by hand; or it was removed.
            EngineError: Its guardian could not be started.
        """
        if not by_hand:
            self.check()
        if self._shut or self._look() is not HiveState.READY:
            async with aclosing(self._starts.join(by_hand, lambda: self._start(by_hand=by_hand))) as steps:
                async for step in steps:
                    yield step

    async def _start(self, *, by_hand: bool) -> AsyncGenerator[Body]:
        async with self._turning:
            if by_hand and not self._closed:
                self._shut = ""
            self.check()
            if self._look() is HiveState.READY:
                return
            self._become(HiveState.STARTING)
            try:
                await self._processes.start()
            except asyncio.CancelledError:
                self._become(HiveState.STOPPED)
                raise
            except OSError as error:
                self._become(HiveState.FAILED, f"its guardian could not be started: {error}")
                raise self._failed(error) from error
            self._become(HiveState.READY)
        yield Log(text=f"hive {self.id}: started")

    async def stop(self, *, force: bool) -> AsyncGenerator[Body]:
        """Stop it and its workers; it stays stopped until it is started by hand.

        Loads are broken off, generations finish first unless it is forced. Leaving before they have calls the stop off.

        Raises:
            NotStopped: A process was killed and is still there.
        """
        self._stops += 1
        try:
            async with aclosing(self._stop(force=force)) as steps:
                async for step in steps:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            if self._stops == 1 and not self._closed and self._state in (HiveState.STARTING, HiveState.READY):
                self._shut = ""
            raise
        finally:
            self._stops -= 1

    async def _stop(self, *, force: bool) -> AsyncGenerator[Body]:
        await self._shut_down(BY_HAND, at_once=force)  # another's stop, which waits for generations, ends with them
        async with self._turning:
            if self._look() is HiveState.STOPPED:
                return
            await self._shut_down(BY_HAND, at_once=force)  # it may have been started meanwhile
            self._become(HiveState.STOPPING)
            try:
                for worker in self.workers.all():
                    async with aclosing(self.workers.stop(worker, force=force)) as steps:
                        async for step in steps:
                            yield step
            except (asyncio.CancelledError, GeneratorExit):
                self._become(HiveState.READY)
                raise
            await self._down()
        yield Log(text=f"hive {self.id}: stopped")

    async def close(self, why: str = CLOSED) -> None:
        """Stop it at once, with all that it runs, for good.

        Raises:
            NotStopped: A process was killed and is still there.
        """
        self._shut, self._closed = why, True
        await self._shut_down(why, at_once=True)
        async with self._turning:
            await self._down()

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """Bring a worker into being inside: it is broken off when the hive is stopped, and the stop waits until it is.

        Raises:
            HiveStopped: It is stopped, or was meanwhile.
        """
        self.check()
        task = asyncio.current_task()
        assert task is not None
        scope = asyncio.timeout(None)  # no time is measured: it is what can be broken off from outside
        try:
            async with scope:
                self._loads[task] = scope
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise self._refusal() from None
        finally:
            self._loads.pop(task, None)

    async def _shut_down(self, why: str, *, at_once: bool) -> None:
        """Take nothing from now on; what loads has ended when this returns, and `at_once` what generates as well."""
        self._shut = self._shut if self._closed else why
        self.workers.changed()  # those who wait for a slot are told
        for scope in self._loads.values():
            if scope.when() is None:
                scope.reschedule(0)
        if self._loads:
            await asyncio.wait(set(self._loads))
        if at_once:
            await self.workers.close()

    async def _down(self) -> None:
        self._become(HiveState.STOPPING)
        try:
            await self.workers.close()
        except BaseException as error:
            self._become(HiveState.FAILED, f"its stop was broken off: {error}" if str(error) else "its stop was broken off")
            raise
        self._become(HiveState.STOPPED)

    def _look(self) -> HiveState:
        """Its state, after a look whether its guardian is there."""
        if self._state is HiveState.READY and self._processes.guardian_pid is None:
            self._become(HiveState.FAILED, "its guardian ended, and its workers with it; the next use starts it anew")
        return self._state

    def _become(self, state: HiveState, reason: str = "") -> None:
        self._state, self._reason, self._since = state, reason, self.world.now()

    def _refusal(self) -> HiveStopped:
        start = f"Start it: await queen.hives.start({self.id!r})"
        return HiveStopped(
            f"Hive {self.id} is stopped.",
            why=self._shut or BY_HAND,
            state="Nothing runs there.",
            next="Look which there are: await queen.hives.list()" if self._closed else start,
        )

    def _failed(self, error: OSError) -> EngineError:
        return EngineError(
            f"Hive {self.id} could not be started: {error}.",
            why="Its guardian is a process of its own, and the system refused it.",
            state="Nothing of it runs.",
            next=f"Make room for another process, then: await queen.hives.start({self.id!r})",
        )
