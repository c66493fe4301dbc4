"""One hive: a machine that can run workers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from queenlib.engines.engine import Engine
from queenlib.errors import HiveStopped
from queenlib.flights import Flights
from queenlib.hives.devices import SIMULATED_CORES, local_devices, local_load, simulated_devices, usable_cores
from queenlib.hives.processes import Processes
from queenlib.hives.workers import Workers
from queenlib.home import Home
from queenlib.messages.events import Body, Log
from queenlib.messages.hive import Device, HiveInfo, HiveKind, HiveState, HiveStatusReport, Load
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World


class Hive:
    """A machine with a guardian and workers. A `simulated` one has made-up devices and runs `sim:` models only.

    Its procedures are async generators that yield what happens and, last, what came of it.
    """

    def __init__(
        self, hive_id: str, kind: HiveKind, home: Home, models: ModelCatalog, engines: Mapping[str, Engine], world: World
    ) -> None:
        self.id, self.kind, self.address = hive_id, kind, ""
        self.models, self.engines = models, engines
        self._world = world
        self._processes = Processes(world, home.logs)
        self.workers = Workers(hive_id, self._processes, home.logs, world)
        self._starts: Flights[Body] = Flights()
        self._state, self._reason, self._since = HiveState.STOPPED, "", world.now()
        self._by_hand = False

    def info(self) -> HiveInfo:
        """What there is to say about it now."""
        return HiveInfo(
            id=self.id,
            kind=self.kind,
            address=self.address,
            state=self._state,
            reason=self._reason,
            since=self._since,
            workers=self.workers.infos(),
        )

    async def status(self) -> HiveStatusReport:
        """Look at its devices and its load."""
        before = self._world.monotonic()
        devices, load = await self.devices(), await self._load()
        return HiveStatusReport(hive=self.info(), devices=devices, load=load, probe_s=self._world.monotonic() - before)

    async def devices(self) -> tuple[Device, ...]:
        """What it computes with."""
        return simulated_devices() if self.kind is HiveKind.SIMULATED else await local_devices(self._world)

    @property
    def cores(self) -> int:
        """Cores that its workers may use."""
        return SIMULATED_CORES if self.kind is HiveKind.SIMULATED else usable_cores()

    async def _load(self) -> Load | None:
        return None if self.kind is HiveKind.SIMULATED else await local_load(self._world)

    async def start(self, *, by_hand: bool = False) -> AsyncGenerator[Body]:
        """Start it; does nothing to one that is ready. Many may ask at once: it is started once.

        Raises:
            HiveStopped: It was stopped by hand, and this is not by hand.
        """
        if self._by_hand and not by_hand:
            raise HiveStopped(
                f"Hive {self.id} is stopped.",
                why="It was stopped by hand and starts only when it is told to.",
                state="Nothing was started.",
                next=f"await queen.hives.start({self.id!r})",
            )
        self._by_hand = False
        if self._state is not HiveState.READY:
            async with aclosing(self._starts.join("start", self._start)) as steps:
                async for step in steps:
                    yield step

    async def _start(self) -> AsyncGenerator[Body]:
        self._become(HiveState.STARTING)
        try:
            await self._processes.start()
        except BaseException as error:
            self._become(HiveState.FAILED, f"its guardian could not be started: {error}")
            raise
        self._become(HiveState.READY)
        yield Log(text=f"hive {self.id}: started")

    async def stop(self, *, force: bool) -> AsyncGenerator[Body]:
        """Stop it and its workers; it stays stopped until it is started by hand."""
        self._by_hand = True
        if self._state is HiveState.STOPPED:
            return
        self._become(HiveState.STOPPING)
        for worker in self.workers.all():
            async with aclosing(self.workers.stop(worker, force=force)) as steps:
                async for step in steps:
                    yield step
        await self.close()
        yield Log(text=f"hive {self.id}: stopped")

    async def close(self) -> None:
        """Stop it at once, with all that it runs."""
        await self.workers.close()
        await self._processes.close()
        self._become(HiveState.STOPPED)

    def _become(self, state: HiveState, reason: str = "") -> None:
        self._state, self._reason, self._since = state, reason, self._world.now()
