"""A queen who holds her home: the only one on it, who listens on loopback so that whoever opens the home too joins her."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import os
import threading
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

from queenlib.client.idling import idle
from queenlib.client.sharing import shared
from queenlib.errors import InvalidRequest
from queenlib.home import Home
from queenlib.registry.limits import Limits
from queenlib.registry.retention import Retention
from queenlib.registry.sqlite.store import Durability
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.version import __version__
from queenlib.world import World

if TYPE_CHECKING:
    from queenlib.http.traffic import Traffic


@dataclass(frozen=True)
class Address:
    """Where the queen of a home listens; what is in the home's address file. Her token is in a file of its own."""

    url: str
    pid: int
    version: str
    serves: bool = False
    """Whether she is `queenlib serve`, and no part of somebody's program: then she may be told to end."""
    idle_exit_s: float | None = None
    """After so many quiet seconds she ends."""
    grace_s: float | None = None
    """So many seconds her jobs have to end when she is told to; `None` where that is not known."""

    @classmethod
    def read(cls, home: Home) -> Address | None:
        """What the file says; `None` if there is none, or it is none of ours."""
        try:
            said = json.loads(home.address_file.read_text())
            url, pid, version = str(said["url"]), int(said["pid"]), str(said["version"])
            seconds = (said.get("idle_exit_s"), said.get("grace_s"))  # a version before this one says less, a later one more
            idle_exit_s, grace_s = (None if each is None else float(each) for each in seconds)
            return cls(url, pid, version, serves=said.get("serves") is True, idle_exit_s=idle_exit_s, grace_s=grace_s)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, home: Home, world: World) -> None:
        """Say it, whole or not at all."""
        draft = home.path / f".{world.new_id('address')}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file)
        draft.replace(home.address_file)


@dataclass(frozen=True)
class Rule:
    """How a queen reigns."""

    limits: Limits | None = None
    retention: Retention | None = None
    durability: Durability = "full"

    def __post_init__(self) -> None:
        if self.durability not in get_args(Durability):
            raise InvalidRequest(
                f"durability is {self.durability!r}.",
                why="It is 'full', or 'fast': then a power failure may take back pieces of answers.",
                state="Nothing was started.",
                next="Leave it out, or mend it: Queen(durability='fast')",
            )


class Reign:
    """One queen's time on a home, from taking its lock to letting go of it."""

    def __init__(self, home: Home, world: World, router: Router) -> None:
        self.home, self.router = home, router
        self._world = world
        self._socket, self._interpreter = AsyncExitStack(), ExitStack()
        self._interpreter.enter_context(shared())
        self._listening: asyncio.Task[None] | None = None
        self._address: Address | None = None
        self._traffic: Traffic | None = None

    @classmethod
    async def begin(cls, home: Home, world: World, rule: Rule) -> Reign:
        """Take a home, and see to what the queen before left unfinished.

        Raises:
            HomeTaken: Another queen has it.
            StoreUnusable: Its store cannot be used, and was not touched.
        """
        state = QueenState.open(home, world=world, limits=rule.limits, retention=rule.retention, durability=rule.durability)
        try:
            home.address_file.unlink(missing_ok=True)  # of a queen who was killed: somebody else may listen there now
            return cls(home, world, await Router.begin(state))
        except BaseException:
            await state.close()
            raise

    async def listen(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allow_wide: bool = False,
        serves: bool = False,
        idle_exit_s: float | None = None,
        grace_s: float | None = None,
    ) -> str:
        """Listen, for as long as she reigns, and write down where; gives the address.

        Args:
            host: An address of this machine.
            port: 0 for any that is free.
            allow_wide: Let other machines reach the socket.
            serves: Whether she has this process for herself; written down for others.
            idle_exit_s: After how many quiet seconds she ends; written down for others.
            grace_s: How many seconds her jobs have to end when she is told to; written down for others.

        Raises:
            QueenError: The address is not free, not of this machine, or wide without leave.
        """
        serve = await _imported("queenlib.http.serve")
        token, world = self.home.token(self._world), self._world
        traffic: Traffic = (await _imported("queenlib.http.traffic")).Traffic(world)
        shown = serve.serving(self.router, token, host=host, port=port, allow_wide=allow_wide, world=world, traffic=traffic)
        url: str = await self._socket.enter_async_context(shown)
        self._traffic = traffic
        self._address = Address(
            _reached(url), os.getpid(), __version__, serves=serves, idle_exit_s=idle_exit_s, grace_s=grace_s
        )
        self._address.write(self.home, self._world)
        return url

    def listen_soon(self) -> None:
        """Listen as soon as it can be done, and do not wait for it; a queen who cannot is one without clients."""
        self._listening = asyncio.create_task(self._listen_quietly(), name="listen")

    async def _listen_quietly(self) -> None:
        with suppress(Exception):
            await self.listen()

    async def idle(self, after_s: float) -> None:
        """Return when she had no job and nobody who asks her anything for `after_s` seconds."""
        await idle(self._quiet_since, self._world, after_s)

    def _quiet_since(self) -> float | None:
        assert self._traffic is not None, "she listens"
        jobs, asked = self.router.door.quiet_since, self._traffic.quiet_since
        return None if jobs is None or asked is None else max(jobs, asked)

    async def drain(self, grace_s: float) -> None:
        """Take no further job, and let those at work end, for `grace_s` seconds at most; to be closed then."""
        await self.router.door.drain(grace_s)

    async def close(self) -> None:
        """End every job and every process of hers, and let go of the home."""
        try:
            if self._listening is not None:
                await asyncio.wait({self._listening})
        finally:
            if self._listening is not None and self._listening.cancel():  # the closing was given up: it goes on, in haste
                await asyncio.wait({self._listening})
            await self._end()

    async def _end(self) -> None:
        if self._address is not None and Address.read(self.home) == self._address:
            self.home.address_file.unlink(missing_ok=True)  # nobody new comes
        try:
            await self.router.close()  # before the socket, so that readers hear how their jobs ended
        finally:
            self._interpreter.close()
            await self._socket.aclose()


def _reached(url: str) -> str:
    """How whoever is on this machine reaches the one who listens there: on all its addresses, on loopback."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


async def _imported(name: str) -> Any:
    """A module, imported in a thread of its own: it takes a while, and the loop has other things to do."""
    found: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def bring() -> None:
        try:
            found.set_result(import_module(name))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
            found.set_exception(error)

    threading.Thread(target=bring, name="queenlib import", daemon=True).start()
    return await asyncio.wrap_future(found)
