"""From what is wanted to a worker that is ready: the hive started, the model fetched, the process loaded, each once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from queenlib.engines.engine import Engine, LoadSpec
from queenlib.errors import EngineError, MissingExtra, NameTaken, UnknownDevice
from queenlib.flights import Flights
from queenlib.hives.hive import Hive
from queenlib.hives.idle import keep
from queenlib.hives.room import Room
from queenlib.hives.scheduler import Wish
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body
from queenlib.messages.hive import Device, HiveKind
from queenlib.messages.worker import EngineArgs, WorkerSpawn
from queenlib.models.catalog import ModelFile
from queenlib.models.files import off_loop
from queenlib.models.gguf import read_gguf

EMBED_CONTEXT = 512
"""Tokens of a text that a vector is made of, where nothing else is said: what most models for it were made for."""


@dataclass
class Coming:
    """A worker that is being brought: its name is taken, though there may be nothing of it yet."""

    wanted: WorkerSpawn
    since: float
    """When it was first asked for, on the world's monotonic clock, in seconds."""
    waiters: int = 0


class Loader:
    """Brings workers into being on one hive. Used on one event loop."""

    def __init__(self, hive: Hive) -> None:
        self._hive = hive
        self._flights: Flights[Body | Worker] = Flights()
        self._coming: dict[str, Coming] = {}
        self._room = Room(hive)
        hive.workers.keeper = partial(keep, hive.workers)

    def coming(self, wish: Wish) -> Coming | None:
        """One that is being brought and will be able to take `wish`."""
        for each in self._coming.values():
            wanted = each.wanted
            right = wish.worker_id in (None, wanted.name) and wish.device in (None, wanted.device)
            if right and (wanted.model, wanted.embeds) == (wish.model, wish.embeds):
                return each
        return None

    def users(self, model: str) -> tuple[str, ...]:
        """The workers that use a model or will, by name."""
        there = (worker.id for worker in self._hive.workers.all() if worker.model == model and not worker.ended)
        coming = (name for name, each in self._coming.items() if each.wanted.model == model)
        return tuple(dict.fromkeys((*there, *coming)))

    def before(self, wish: Wish) -> WorkerSpawn | None:
        """What the last worker that fits had been asked for as, if it was only stopped as idle, or fell."""
        for worker in reversed(self._hive.workers.all()):
            right = wish.worker_id in (None, worker.id) and wish.device in (None, worker.device)
            right = right and (worker.model, worker.embeds) == (wish.model, wish.embeds)
            if worker.returns and right and worker.id not in self._coming:
                return worker.wanted
        return None

    def usual(self, wish: Wish) -> WorkerSpawn:
        """What is started for somebody who needs a model: what served it `before`, or a worker of the usual kind."""
        if before := self.before(wish):
            return before
        name = self._hive.world.new_id("worker")
        usual = WorkerSpawn(model=wish.model, device=wish.device, hive_id=self._hive.id, name=name)
        if wish.embeds:
            usual = usual.model_copy(update={"context": EMBED_CONTEXT, "engine_args": EngineArgs(embeddings="model")})
        return usual if wish.slots is None else usual.model_copy(update={"slots": wish.slots})

    async def spawn(self, wanted: WorkerSpawn) -> AsyncGenerator[Body | Worker]:
        """Yields what happens and, last, a worker as `wanted`, which has a name; one that is there is taken.

        Those that want the same at the same time share the work; whoever leaves takes it from nobody.

        Raises:
            NameTaken: A worker of that name serves something else.
            HiveStopped: The hive is stopped, or was meanwhile.
            EngineError: It cannot be run there, or could not be started or loaded.
            NoRoom: It does not fit in the memory that is free.
            UnknownDevice: The hive has no such device.
        """
        name = wanted.name
        assert name is not None
        there = self._hive.workers.find(name)
        with self._named(name, wanted):
            if there is not None and there.open:
                if wanted.keep_alive is not None:
                    there.keep_alive = wanted.keep_alive
                    self._hive.workers.changed()
                yield there
                return
            async with aclosing(self._flights.join(name, lambda: self._bring(name, wanted))) as steps:
                async for step in steps:
                    yield step

    @contextmanager
    def _named(self, name: str, wanted: WorkerSpawn) -> Iterator[None]:
        there, coming = self._hive.workers.find(name), self._coming.get(name)
        has = coming.wanted if coming else there.wanted if there and not there.ended else wanted
        if not has.same(wanted):
            raise NameTaken(
                f"Hive {self._hive.id} has a worker {name} already.",
                why=f"It serves {has.model} with other options." if has.model == wanted.model else f"It serves {has.model}.",
                state="It was not touched.",
                next=f"Take another name, or remove it: await queen.workers.stop({name!r}, hive={self._hive.id!r})",
            )
        coming = self._coming.setdefault(name, Coming(wanted, self._hive.world.monotonic()))
        coming.waiters += 1
        try:
            yield
        finally:
            coming.waiters -= 1
            if not coming.waiters:
                del self._coming[name]

    async def _bring(self, name: str, wanted: WorkerSpawn) -> AsyncGenerator[Body | Worker]:
        async with aclosing(self._hive.start()) as steps:
            async for step in steps:
                yield step
        async with self._hive.loading():
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
            spec = self._spec(wanted, device, file)
            if file and spec.args.embeddings == "model" and not (await off_loop(read_gguf, file.path)).pools:
                spec = replace(spec, args=spec.args.model_copy(update={"embeddings": "mean"}))
            async with aclosing(self._start(name, wanted, spec, engine)) as starting:
                async for made in starting:
                    yield made

    async def _start(self, name: str, wanted: WorkerSpawn, spec: LoadSpec, engine: Engine) -> AsyncGenerator[Body | Worker]:
        """When the last one has not crashed just now, make room for it, and start it there."""
        workers = self._hive.workers
        try:
            async with aclosing(workers.backoff.wait(spec.model)) as waits:
                async for wait in waits:
                    yield wait
            async with aclosing(self._room.make(name, spec)) as making:
                async for step in making:
                    if isinstance(step, LoadSpec):
                        spec = step
                    else:
                        yield step
            async with aclosing(workers.start(name, wanted, spec, engine)) as starting:
                async for made in starting:
                    yield made
        finally:
            self._room.release(name)

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
            raise MissingExtra(
                f"Hive {self._hive.id} cannot run {model}.",
                why=why,
                state="Nothing was started.",
                next="pip install 'queenlib[local]', or try a simulated model, such as sim:words",
                extra="local",
            )
        return self._hive.engines[name]

    def _spec(self, wanted: WorkerSpawn, device: Device, file: ModelFile | None) -> LoadSpec:
        cores = self._hive.machine.cores
        free = max(1, cores - 1 - self._hive.workers.threads_in_use()) if file else 1  # one core is left to the queen
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
        devices = {device.id: device for device in await self._hive.machine.devices()}
        well = [device for device in devices.values() if not device.problem]
        if asked is None:
            best = max(
                (device for device in well if device.id != "cpu"), key=lambda each: each.memory_free or 0, default=None
            )
            return best or devices["cpu"]
        if asked in {device.id for device in well}:
            return devices[asked]
        raise UnknownDevice(
            f"Hive {self._hive.id} has no device {asked!r}.",
            why=devices[asked].problem if asked in devices else f"Its devices are {', '.join(devices)}.",
            state="Nothing was started.",
            next=f"Leave out device=, or look: await queen.hives.status({self._hive.id!r})",
            known=[device.id for device in well],
        )
