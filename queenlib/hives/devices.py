"""What this machine computes with, looked at for real; each look has a time limit."""

from __future__ import annotations

import asyncio
import platform
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from queenlib.messages.hive import Device, Load
from queenlib.world import World

PROBE_LIMIT_S = 5.0
"""Seconds that one look may take; a driver that hangs is reported, not waited for."""

SIMULATED_CORES = 8
"""Cores of a made-up machine."""

T = TypeVar("T")
Probe = Callable[[], Iterable[Device]]


async def local_devices(world: World, limit_s: float = PROBE_LIMIT_S) -> tuple[Device, ...]:
    """The processor, and what NVIDIA and Apple devices there are. One that cannot be looked at says so in its `problem`."""
    found = await asyncio.gather(*(_look(probe, world, limit_s) for probe in (cpu, cuda, metal)))
    return tuple(device for devices in found for device in devices)


async def local_load(world: World, limit_s: float = PROBE_LIMIT_S) -> Load | None:
    """How busy this machine is over a tenth of a second; `None` if that could not be measured in time."""
    try:
        return await _in_thread(_load, world, limit_s)
    except TimeoutError:
        return None


def plain_devices() -> tuple[Device, ...]:
    """What can be told at once, without asking a driver: the processor, and what Apple devices there are."""
    return (*cpu(), *metal())


def usable_cores() -> int:
    """Cores that this process may use: hyper-threads counted once where that can be told, and within its group's quota."""
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else psutil.cpu_count() or 1
    try:
        granted = quota(Path("/sys/fs/cgroup/cpu.max").read_text())  # in a container, its own
    except OSError:
        granted = None
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed, granted or allowed))


def quota(limit: str) -> int | None:
    """Whole cores, at least one, that a Linux control group may use, from its `cpu.max`; `None` if there is no limit.

    Source: the kernel's "Control Group v2": `QUOTA PERIOD`, in microseconds; `max` is no limit.
    """
    match limit.split():
        case [most, period] if most.isdigit() and period.isdigit() and int(period):
            return max(1, int(most) // int(period))
    return None


def cpu() -> Iterable[Device]:
    """The processor and the main memory."""
    memory = psutil.virtual_memory()
    name = platform.processor() or platform.machine()
    yield Device(id="cpu", kind="cpu", name=name, cores=usable_cores(), memory=memory.total, memory_free=memory.available)


def cuda() -> Iterable[Device]:
    """NVIDIA's devices, asked of its management library; none where that is not installed or finds no driver."""
    try:
        import pynvml  # of an extra
    except ImportError:
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            name = str(pynvml.nvmlDeviceGetName(handle))
            yield Device(id=f"cuda:{index}", kind="cuda", name=name, memory=int(memory.total), memory_free=int(memory.free))
    finally:
        pynvml.nvmlShutdown()


def metal() -> Iterable[Device]:
    """Apple silicon's graphics part, which shares the main memory."""
    if (platform.system(), platform.machine()) == ("Darwin", "arm64"):
        memory = psutil.virtual_memory()
        yield Device(id="metal", kind="metal", name="Apple silicon", memory=memory.total, memory_free=memory.available)


def simulated_devices() -> tuple[Device, ...]:
    """The devices of a made-up machine: a processor with 32 GiB of memory, and a graphics card with 24 GiB."""
    gib = 1024**3
    return (
        Device(
            id="cpu",
            kind="simulated",
            name="simulated processor",
            cores=SIMULATED_CORES,
            memory=32 * gib,
            memory_free=28 * gib,
        ),
        Device(id="gpu:0", kind="simulated", name="simulated graphics card", memory=24 * gib, memory_free=23 * gib),
    )


async def _look(probe: Probe, world: World, limit_s: float) -> tuple[Device, ...]:
    try:
        return await _in_thread(lambda: tuple(probe()), world, limit_s)
    except Exception as error:  # noqa: BLE001 - a driver may fail in any way; the other devices are still there
        kind = probe.__name__
        said = f"did not answer within {limit_s:g} s" if isinstance(error, TimeoutError) else f"failed: {error}"
        return (Device(id=kind, kind=kind, name=kind, problem=f"looking at it {said}"),)  # type: ignore[arg-type]


async def _in_thread(look: Callable[[], T], world: World, limit_s: float) -> T:
    """Run `look` in a thread that is given up after `limit_s`; a daemon, so that a hanging driver cannot hold our exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[..., None], value: object) -> None:
        if not answer.done():
            set_it(value)

    def run() -> None:
        try:
            found = look()
        except Exception as error:  # noqa: BLE001 - carried to the one who asked
            outcome: tuple[Callable[..., None], object] = (answer.set_exception, error)
        else:
            outcome = (answer.set_result, found)
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(tell, *outcome)

    threading.Thread(target=run, name="queenlib probe", daemon=True).start()
    async with world.limit(limit_s):
        return await answer


def _load() -> Load:
    memory = psutil.virtual_memory()
    return Load(cpu_percent=psutil.cpu_percent(interval=0.1), memory=memory.total, memory_free=memory.available)
