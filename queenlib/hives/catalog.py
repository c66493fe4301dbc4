"""The hives that there are, by id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from queenlib.engines.engine import Engine
from queenlib.engines.llama_cpp import LlamaCpp
from queenlib.engines.simulated import Simulated
from queenlib.errors import Conflict, NameTaken, UnknownHive
from queenlib.hives.hive import Hive
from queenlib.hives.holding import Held, hold, slots
from queenlib.hives.loader import Loader
from queenlib.hives.scheduler import Wish
from queenlib.hives.slots import Urgency
from queenlib.hives.worker import Worker
from queenlib.home import Home
from queenlib.messages.events import Body
from queenlib.messages.hive import HiveInfo, HiveKind
from queenlib.messages.model import ModelUsed
from queenlib.messages.parse import nearest
from queenlib.messages.worker import KeepAlive, WorkerSpawn
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World

LOCAL = "local"
"""The id of the hive that is always there: the machine that the queen runs on."""


class HiveCatalog:
    """Adds, finds and removes hives. Used on one event loop."""

    def __init__(self, home: Home, models: ModelCatalog, world: World, engines: Mapping[str, Engine] | None = None) -> None:
        self._home, self._models, self._world = home, models, world
        self._engines = engines or {"llama_cpp": LlamaCpp(world), "simulated": Simulated(world, journal=home.journal)}
        self._hives: dict[str, Hive] = {}
        self._loaders: dict[str, Loader] = {}
        self.create(LOCAL, HiveKind.LOCAL, "")

    def infos(self) -> tuple[HiveInfo, ...]:
        """All hives, in the order in which they were added."""
        return tuple(hive.info() for hive in self._hives.values())

    def get(self, hive_id: str) -> Hive:
        """The hive of that id.

        Raises:
            UnknownHive: There is none.
        """
        if found := self._hives.get(hive_id):
            return found
        raise UnknownHive(
            f"There is no hive {hive_id!r}{nearest(hive_id, self._hives) or '.'}",
            why=f"The hives are {', '.join(self._hives)}.",
            state="Nothing was done.",
            next=f"Add it: await queen.hives.add({hive_id!r}, kind=…), or list them: await queen.hives.list()",
            known=list(self._hives),
        )

    def create(self, hive_id: str, kind: HiveKind, address: str) -> Hive:
        """Add a hive; one that is there with the same kind and address is the result.

        Raises:
            NameTaken: A hive of that id has another kind or address.
            Conflict: This machine is a hive already.
        """
        there = self._hives.get(hive_id)
        if there is not None and (there.kind, there.address) != (kind, address):
            raise NameTaken(
                f"There is a hive {hive_id} already.",
                why=f"It is of kind {there.kind}" + (f", at {there.address}." if there.address else "."),
                state="It was not touched.",
                next=f"Take another id, or remove it: await queen.hives.remove({hive_id!r})",
            )
        if there is None:
            if kind is HiveKind.LOCAL and self._hives:
                raise Conflict(
                    f"Hive {hive_id} cannot be of kind local.",
                    why=f"This machine is the hive {LOCAL} already.",
                    state="Nothing was added.",
                    next=f"Use hive={LOCAL!r}, or add one of kind simulated.",
                )
            there = Hive(hive_id, kind, self._home, self._models, self._engines, self._world)
            self._hives[hive_id], self._loaders[hive_id] = there, Loader(there)
            self.update(hive_id, address)
        return there

    def update(self, hive_id: str, address: str | None = None, keep_alive: KeepAlive | None = None) -> Hive:
        """Change where a hive is, and how long it keeps idle workers that do not say otherwise; `None` changes nothing.

        Raises:
            UnknownHive: There is none of that id.
            Conflict: It is this machine, which has no address.
        """
        hive = self.get(hive_id)
        if hive.kind is HiveKind.LOCAL and address:
            raise Conflict(
                f"Hive {hive_id} cannot have the address {address!r}.",
                why="It is the machine that the queen runs on.",
                state="Nothing was changed.",
                next="Leave the address empty.",
            )
        hive.address = hive.address if address is None else address
        if keep_alive is not None:
            hive.workers.keep_alive = keep_alive
            hive.workers.changed()  # those that are kept too long by it now are stopped
        return hive

    async def delete(self, hive_id: str, *, force: bool) -> AsyncGenerator[Body]:
        """Stop a hive and remove it.

        Raises:
            UnknownHive: There is none of that id.
            Conflict: It is the hive `local`.
        """
        hive = self.get(hive_id)
        if hive.kind is HiveKind.LOCAL:
            raise Conflict(
                f"Hive {hive_id} cannot be removed.",
                why="It is the machine that the queen runs on.",
                state="Nothing was changed.",
                next=f"Stop it: await queen.hives.stop({hive_id!r})",
            )
        async with aclosing(hive.stop(force=force)) as steps:
            async for step in steps:
                yield step
        await hive.close("It was removed.")  # whoever still has it in hand cannot start it again
        if self._hives.get(hive_id) is hive:
            del self._hives[hive_id], self._loaders[hive_id]

    def spawn(self, wanted: WorkerSpawn) -> AsyncGenerator[Body | Worker]:
        """Put a model on a hive: see `queenlib.hives.loader.Loader.spawn`.

        Raises:
            UnknownHive: There is none of that id.
            UnknownModel: The name is no alias that is known and no source.
        """
        hive = self.get(wanted.hive_id)
        named = {"name": wanted.name or self._world.new_id("worker"), "model": self._canonical(wanted.model)}
        return self._loaders[hive.id].spawn(wanted.model_copy(update=named))

    def hold(self, hive_id: str, wish: Wish, urgency: Urgency = Urgency.INTERACTIVE) -> AsyncGenerator[Body | Held]:
        """A slot on a hive: see `queenlib.hives.holding.hold`.

        Raises:
            UnknownHive: There is none of that id.
            UnknownModel: The name is no alias that is known and no source.
        """
        hive = self.get(hive_id)
        return hold(hive, self._loaders[hive_id], replace(wish, model=self._canonical(wish.model)), urgency)

    def slots(self, hive_id: str, wish: Wish) -> tuple[int, ...]:
        """How many slots each worker of a hive has that can take this and is loaded.

        Raises:
            UnknownHive: There is none of that id.
            UnknownModel: The name is no alias that is known and no source.
        """
        return slots(self.get(hive_id), replace(wish, model=self._canonical(wish.model)))

    def known(self, model: str) -> ModelUsed | None:
        """The model of a name with its SHA-256; `None` where that is not known before it is brought here.

        Raises:
            UnknownModel: The name is no alias that is known and no source.
        """
        name = self._canonical(model)
        if name.startswith("sim:"):
            return ModelUsed(name=name)
        found = next((each for each in self._models.list() if each.name == name), None)
        return None if found is None or found.sha256 is None else ModelUsed(name=name, sha256=found.sha256)

    def build(self, model: str) -> str:
        """Which build of which engine runs a model."""
        engine = self._engines["simulated" if model.startswith("sim:") else "llama_cpp"]
        return f"{engine.name} {engine.build}"

    def users(self, model: str) -> tuple[str, ...]:
        """The workers that use a model, or will when they are loaded, by name; on whichever hive."""
        name = self._canonical(model)
        return tuple(user for loader in self._loaders.values() for user in loader.users(name))

    def _canonical(self, model: str) -> str:
        return model if model.startswith("sim:") else self._models.canonical(model)

    async def close(self) -> None:
        """Stop every hive at once.

        Raises:
            NotStopped: A process was killed and is still there; the other hives are stopped.
        """
        ends = await asyncio.gather(*(hive.close() for hive in self._hives.values()), return_exceptions=True)
        for failed in filter(None, ends):
            raise failed
