"""Opens the queen behind a handle, wherever she is, and says in words where that is."""

from __future__ import annotations

import os
import shlex

from queenlib.client.backend import Backend
from queenlib.client.background import Background
from queenlib.client.launch import Launch
from queenlib.client.place import Place, Where
from queenlib.client.reign import Rule
from queenlib.client.seat import Seat
from queenlib.home import Home, read_token
from queenlib.world import World

Path = str | os.PathLike[str] | None


async def connect(url: str, token_file: Path, home: Path, world: World) -> Backend:
    """The queen at an address, who is not asked anything yet.

    Raises:
        QueenError: The token file cannot be read.
    """
    from queenlib.client.remote import RemoteQueen  # here: who is near needs no HTTP client

    file = token_file or os.environ.get("QUEENLIB_TOKEN_FILE") or Home.open(home).token_file
    return RemoteQueen(url, read_token(file), world)


async def take(home: Path, place: Place, world: World, rule: Rule) -> Seat:
    """The queen of a home: she who has it, else one at that place.

    Raises:
        HomeTaken, ProtocolMismatch, StoreUnusable, QueenError: See `Queen`.
    """
    if place.where is Where.EMBEDDED:
        return await Seat.take(Home.open(home), world, rule)
    how = Launch(lifeline=place.where is Where.CHILD, idle_exit_s=place.idle_exit_s)
    return await Seat.of(Background(Home.open(home), world, how), world)


def where(backend: Backend, url: str | None) -> str:
    """Where a queen is, in words; and how to stop one who outlives us. It looks at nothing but what is known here.

    Args:
        backend: She.
        url: Her address, where it was given.
    """
    address = backend.joined if isinstance(backend, Seat) else None
    if url or address is None or not isinstance(backend, Seat):
        return f"at {url}" if url else "in this process"
    if address.pid == os.getpid():  # another handle here has the home, and she ends with it
        return f"of this process, at {address.url}"
    if not backend.outlives_us:
        return f"in process {address.pid}, which ends with this one"
    if not address.serves:
        return f"of another process, at {address.url}"
    idle = "" if address.idle_exit_s is None else f"; ends after {address.idle_exit_s / 60:g} quiet minutes"
    return f"in the background, at {address.url}{idle}; to stop her: {how_to('down', backend.home)}"


def how_to(command: str, home: Home) -> str:
    """A command about the queen of a home, as a line for a shell."""
    return f"queenlib {command}" if home.is_usual else f"queenlib {command} --home {shlex.quote(str(home.path))}"
