"""Room for a worker: what it needs, what is measured to be free, and which idle workers give way to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from queenlib.engines.engine import LoadSpec
from queenlib.engines.simulated import parse_sim
from queenlib.errors import NoRoom
from queenlib.hives.hive import Hive
from queenlib.hives.idle import FIRST_USE_S, idle, rest
from queenlib.hives.worker import Worker
from queenlib.messages.events import Log
from queenlib.messages.hive import Device, HiveKind
from queenlib.models.files import off_loop
from queenlib.models.gguf import read_gguf
from queenlib.tables import size

ENGINE_BYTES = 64_000_000
"""What the engine takes beside a small model and its cache: measured; with a large model it is more."""
STEP_BYTES = 400_000
"""What it takes beside for each token that is read in one step, where vectors are made: measured with 49,152 words."""
LEAST_CONTEXT = 512
"""No shorter context is advised."""


@dataclass(frozen=True)
class Need:
    """What a worker takes at least, in bytes."""

    weights: int
    a_token: float
    """For each token of context."""
    tokens: int
    """In all slots together."""
    engine: int

    @property
    def total(self) -> int:
        """All of it."""
        return int(self.weights + self.a_token * self.tokens + self.engine)


async def need(spec: LoadSpec) -> Need:
    """What a worker of `spec` takes at least.

    Raises:
        ModelFileError: Its file cannot be read.
        UnknownModel: It is no simulated model.
    """
    if spec.path is None:
        return Need(int(parse_sim(spec.model).memory_gb * 1e9), 0, 0, 0)
    header = await off_loop(read_gguf, spec.path)
    context = min(spec.context, header.context_length or spec.context)
    kept = header.cache.size(1000, spec.args.cache_type_k or "f16", spec.args.cache_type_v or "f16") if header.cache else 0
    step = STEP_BYTES * context if spec.args.embeddings else 0
    return Need(spec.size, kept / 1000, context * spec.slots, ENGINE_BYTES + step)


class Room:
    """The memory of one hive. Used on one event loop."""

    def __init__(self, hive: Hive) -> None:
        self._hive = hive
        self._promised: dict[str, tuple[str, int]] = {}  # to workers that load, by name: the device and how much
        self._turn = asyncio.Lock()

    async def make(self, name: str, spec: LoadSpec) -> AsyncGenerator[Log | LoadSpec]:
        """Make room for worker `name`: says which idle workers were stopped for it and, last, its spec with what it needs.

        The room is its own until `release`. Workers in use, and those that are to be kept always, are left alone.

        Raises:
            NoRoom: It does not fit, even if they all were stopped.
            NotStopped: An idle worker was killed and is still there.
        """
        needed = await need(spec)
        if self._shares(spec):
            needed = replace(needed, weights=0)
        async with self._turn:  # what is freed for one must not be taken by another
            free = await self._free(spec.device)
            if free is not None and needed.total > free:
                yielding = self._yielding(spec.device)
                if free + sum(worker.spec.need for worker in yielding) < needed.total:
                    raise self._no_room(spec, needed, free)
                for worker in yielding:
                    if worker.idle_since is not None and free is not None and needed.total > free:
                        yield Log(text=f"worker {worker.id}: idle, stopped to make room ({size(needed.total)} needed)")
                        await rest(self._hive.workers, worker, f"it made room for {spec.model}")
                        free = await self._free(spec.device)
                if free is not None and needed.total > free:
                    raise self._no_room(spec, needed, free)
            self._promised[name] = (spec.device, needed.total)
        yield replace(spec, need=needed.total)

    def release(self, name: str) -> None:
        """The worker is loaded, and what it took is measured; or it never came."""
        self._promised.pop(name, None)

    async def _free(self, device_id: str) -> int | None:
        """Bytes that can be had there now and are promised to nobody; `None` if that cannot be measured."""
        devices = {device.id: device for device in await self._hive.machine.devices()}
        free = _measured(devices, device_id)
        if free is None:
            return None
        workers = [worker for worker in self._hive.workers.all() if not worker.ended and worker.device == device_id]
        if self._hive.kind is HiveKind.SIMULATED:
            free -= sum(worker.spec.need for worker in workers)
        for name, (device, promised) in self._promised.items():
            loading = self._hive.workers.find(name)
            taken = 0 if loading is None or loading.ended else self._taken(loading)
            free -= max(0, promised - taken) if device == device_id else 0
        return max(0, free)

    def _taken(self, worker: Worker) -> int:
        return worker.spec.need if self._hive.kind is HiveKind.SIMULATED else worker.info().memory or 0

    def _yielding(self, device_id: str) -> list[Worker]:
        """The idle workers that give way; not one that was only just loaded for somebody."""
        now = self._hive.world.monotonic()
        usual = self._hive.workers.keep_alive
        return [
            worker
            for worker in idle(self._hive.workers)
            if worker.device == device_id
            and (usual if worker.keep_alive is None else worker.keep_alive) != "never"
            and (worker.used or now - (worker.idle_since or now) > FIRST_USE_S)
        ]

    def _shares(self, spec: LoadSpec) -> bool:
        """Whether its weights are in the main memory already: workers of one file share them."""
        return spec.device == "cpu" and any(
            each.spec.path == spec.path and each.device == "cpu" and each.connection and not each.ended
            for each in self._hive.workers.all()
            if each.spec.path
        )

    def _no_room(self, spec: LoadSpec, needed: Need, free: int) -> NoRoom:
        there = [f"{each.id} ({each.state})" for each in self._hive.workers.all() if not each.ended]
        shorter = _context_that_fits(spec, needed, free)
        advice = f"Spawn it with context={shorter}" if shorter else "Take a smaller model"
        return NoRoom(
            f"{spec.model} needs {size(needed.total)}, and {spec.device} of hive {self._hive.id} has {size(free)} free.",
            why=f"Weights {size(needed.weights)}, {needed.tokens:,} tokens of context in {spec.slots} slots "
            f"{size(int(needed.a_token * needed.tokens))}, the engine {size(needed.engine)}; what is free was measured now.",
            state=f"It was not started. Workers there: {', '.join(there) or 'none'}.",
            next=f"{advice}, or stop what you do not need: await queen.workers.stop(idle=True)",
            needed=needed.total,
            free=free,
        )


def _measured(devices: dict[str, Device], device_id: str) -> int | None:
    device = devices.get(device_id)
    if device is None or device.memory_free is None:
        return None
    beside = devices.get("cpu") if device.kind == "cuda" else None  # layers that do not fit stay in the main memory
    return device.memory_free + ((beside.memory_free or 0) if beside else 0)


def _context_that_fits(spec: LoadSpec, needed: Need, free: int) -> int | None:
    """The longest context a slot, of a power of two, with which it would fit; `None` if none does."""
    left = free - needed.weights - needed.engine
    if needed.a_token <= 0 or left < needed.a_token * spec.slots * LEAST_CONTEXT:
        return None
    return 1 << (int(left / (needed.a_token * spec.slots)).bit_length() - 1)
