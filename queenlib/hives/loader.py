"""From what is wanted to a worker that is ready: the hive started, the model fetched, the process loaded, each once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.engines.engine import Engine, LoadSpec
from queenlib.errors import EngineError, NameTaken, UnknownDevice
from queenlib.flights import Flights
from queenlib.hives.hive import Hive
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body
from queenlib.messages.hive import Device, HiveKind
from queenlib.messages.worker import WorkerSpawn
from queenlib.models.catalog import ModelFile
from queenlib.world import World


class Loader:
    """Brings workers into being on one hive."""

    def __init__(self, hive: Hive, world: World) -> None:
        self._hive, self._world = hive, world
        self._flights: Flights[Body | Worker] = Flights()
        self._usual: dict[tuple[str, str | None], WorkerSpawn] = {}

    def usual(self, model: str, device: str | None) -> WorkerSpawn:
        """What is started for somebody who only names a model: the same for each who does."""
        if (model, device) not in self._usual:
            name = self._world.new_id("worker")
            self._usual[model, device] = WorkerSpawn(model=model, device=device, hive_id=self._hive.id, name=name)
        return self._usual[model, device]

    async def spawn(self, wanted: WorkerSpawn) -> AsyncGenerator[Body | Worker]:
        """Yields what happens and, last, a worker as `wanted`; one that is there is taken, one that loads is joined.

        Raises:
            NameTaken: A worker of that name serves something else.
        """
        there = self._hive.workers.find(wanted.name) if wanted.name else None
        if there is not None and not there.ended and there.wanted != wanted:
            raise NameTaken(
                f"Hive {self._hive.id} has a worker {wanted.name} already.",
                why=f"It serves {there.model} with other options.",
                state="It was not touched.",
                next=f"Take another name, or remove it: await queen.workers.stop({wanted.name!r})",
            )
        if there is not None and there.open:
            yield there
            return
        async with aclosing(self._flights.join(wanted, lambda: self._bring(wanted))) as steps:
            async for step in steps:
                yield step

    async def _bring(self, wanted: WorkerSpawn) -> AsyncGenerator[Body | Worker]:
        async with aclosing(self._hive.start()) as steps:
            async for step in steps:
                yield step
        engine = self._engine(wanted.model)
        device = await self._device(wanted.device)
        file: ModelFile | None = None
        if engine.name != "simulated":
            async with aclosing(self._hive.models.ensure(wanted.model)) as fetching:
                async for item in fetching:
                    if isinstance(item, ModelFile):
                        file = item
                    else:
                        yield item
        name = wanted.name or self._world.new_id("worker")
        async with aclosing(self._hive.workers.start(name, wanted, self._spec(wanted, device, file), engine)) as starting:
            async for made in starting:
                yield made

    def _engine(self, model: str) -> Engine:
        name = "simulated" if model.startswith("sim:") else "llama_cpp"
        if self._hive.kind is HiveKind.SIMULATED and name != "simulated":
            raise EngineError(
                f"Hive {self._hive.id} cannot run {model}.",
                why="It is a simulated hive, which has no real engine.",
                state="Nothing was started.",
                next="Use a simulated model there, such as sim:words, or the hive local.",
            )
        if why := self._hive.engines[name].available():
            raise EngineError(f"Hive {self._hive.id} cannot run {model}.", why=why, state="Nothing was started.")
        return self._hive.engines[name]

    def _spec(self, wanted: WorkerSpawn, device: Device, file: ModelFile | None) -> LoadSpec:
        cores = self._hive.cores
        free = max(1, cores - 1 - self._hive.workers.threads_in_use())  # one is left to the queen
        return LoadSpec(
            model=wanted.model,
            path=file.path if file else None,
            size=file.size if file else 0,
            device=device.id,
            context=wanted.context,
            slots=wanted.slots,
            threads=min(wanted.threads, cores) if wanted.threads else free,
            gpu_layers=0 if device.id == "cpu" else -1 if wanted.gpu_layers is None else wanted.gpu_layers,
            args=wanted.engine_args,
        )

    async def _device(self, asked: str | None) -> Device:
        devices = {device.id: device for device in await self._hive.devices() if not device.problem}
        if asked is None:
            others = [device for device in devices.values() if device.id != "cpu"]
            return max(others, key=lambda device: device.memory_free or 0, default=devices["cpu"])
        if asked in devices:
            return devices[asked]
        raise UnknownDevice(
            f"Hive {self._hive.id} has no device {asked!r}.",
            why=f"Its devices are {', '.join(devices)}.",
            state="Nothing was started.",
            next="Leave out device=, or look: await queen.hives.status()",
            known=list(devices),
        )
