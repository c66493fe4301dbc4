"""The queen of a home, looked at from outside: nobody is started, joined or taken over by asking who is there.

She may be told to end where she has her process for herself, and only when it is proven that it is hers.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from queenlib.client.reign import Address
from queenlib.errors import HomeTaken, InUse, InvalidRequest, ProtocolMismatch, QueenError
from queenlib.file_lock import FileLock
from queenlib.hives.pids import Pid
from queenlib.home import Home, read_token
from queenlib.messages.job import QueenInfo
from queenlib.world import World

ANSWER_S = 5.0
"""Seconds in which she has to say who she is."""
LOOK_S = 0.1
"""Seconds between two looks whether she is still there."""
LET_GO_S = 1.0
"""Seconds in which one who was killed lets go of the home."""
COMMAND_CHARS = 120


@dataclass(frozen=True)
class Incumbent:
    """Who has a home, as she was when she was asked."""

    home: Home
    address: Address
    pid: Pid
    info: QueenInfo | None
    """What she says of herself; `None` for one of a version that cannot speak with this one."""
    mismatch: ProtocolMismatch | None = None
    """Why she cannot be spoken with."""

    @classmethod
    async def look(cls, home: Home, world: World) -> Incumbent | None:
        """Who has the home and says where she is; `None` for nobody.

        Raises:
            HomeTaken: Somebody has it, and does not answer.
            QueenError: The token of the home cannot be read.
        """
        address = Address.read(home)
        if address is None:
            return None
        pid = Pid.of(address.pid)  # before she is asked: the one who answers then is this one
        try:
            info = await _ask(home, address, world)
        except ProtocolMismatch as error:
            return cls(home, address, pid, None, error) if error.pid == address.pid else None
        if info is not None and info.pid == address.pid:
            return cls(home, address, pid, info)
        if Address.read(home) is None or await _is_let_go(home, pid, world):
            return None  # she is ending, or was killed: what answers there now, if anything does, is another
        raise _silent(home, address)

    @property
    def version(self) -> str:
        """Of which queenlib she is."""
        return self.info.version if self.info else str(self.mismatch.version if self.mismatch else self.address.version)

    @property
    def port(self) -> int:
        """Where she listens."""
        return urlsplit(self.address.url).port or 0

    @property
    def unfinished(self) -> Mapping[str, int] | None:
        """How many of her jobs have not ended, by their state; `None` if she does not say it so that we understand."""
        if self.info is not None:
            return self.info.unfinished
        count = self.mismatch.unfinished if self.mismatch else None
        return None if count is None else ({"unfinished": count} if count else {})

    @property
    def gone(self) -> bool:
        """Whether her process has ended."""
        return not self.pid.alive()

    def tell(self, number: signal.Signals) -> None:
        """Send her a signal.

        Raises:
            InUse: She is part of somebody's program, or it is not proven that this process is hers; nothing was sent.
        """
        if not self.address.serves:
            raise self.embedded()
        if self.gone:
            return
        if not self.pid.listens(self.port) or not self.pid.signal(number):
            raise InUse(
                f"Process {self.address.pid} of this machine is not the one that listens at {self.address.url}.",
                why="The queen of this home runs where her processes have other numbers, as in a container.",
                state="Nothing was sent to it; she goes on.",
                next="Say it where she runs: queenlib down",
            )

    async def ended(self, world: World, within_s: float) -> bool:
        """Wait until her process has ended, for so many seconds; whether it has."""
        until = world.monotonic() + within_s
        while not self.gone:
            if world.monotonic() >= until:
                return False
            await world.sleep(LOOK_S)
        return True

    def embedded(self) -> InUse:
        """The error of who wants to start or end her, and she is part of somebody's program: whose, and what to do."""
        command = self.pid.command()
        kernel = "ipykernel" in command
        shown = command if len(command) <= COMMAND_CHARS else f"{command[:COMMAND_CHARS]}…"
        return InUse(
            f"The queen of {self.home.path} is part of another program: process {self.address.pid}.",
            why=f"It is {'a notebook kernel' if kernel else 'this'}: {shown or 'its command cannot be seen from here'}",
            state="Nothing was started or ended: she and her jobs go on, and other programs join her there.",
            next="Close her there: queen.close()" + (", or shut down that kernel." if kernel else ", or end that program."),
        )


async def _ask(home: Home, address: Address, world: World) -> QueenInfo | None:
    """What the one who listens there says of herself; `None` if that is no queen of this home."""
    from queenlib.client.remote import RemoteQueen  # here: where nobody is, no HTTP client is needed

    if not home.token_file.exists():
        return None
    token = read_token(home.token_file)
    try:
        queen = RemoteQueen(address.url, token, world, tries=1)
    except InvalidRequest:  # that is no address: somebody else has written it
        return None
    try:
        async with world.limit(ANSWER_S):
            return await queen.info()
    except ProtocolMismatch:
        raise
    except (QueenError, TimeoutError):
        return None
    finally:
        await queen.close()


async def _is_let_go(home: Home, pid: Pid, world: World) -> bool:
    """Whether nobody has the home; one who was killed lets go of it with the last of her threads, not with the first."""
    until = world.monotonic() + LET_GO_S
    while _held(home):
        if pid.alive() or world.monotonic() >= until:
            return False
        await world.sleep(LOOK_S)
    return True


def _held(home: Home) -> bool:
    """Whether somebody has the home; it is let go of at once where nobody has."""
    lock = FileLock(home.lock_file)
    try:
        return not lock.try_take()
    finally:
        lock.release()


def _silent(home: Home, address: Address) -> HomeTaken:
    return HomeTaken(
        f"Somebody has {home.path}, and does not answer within {ANSWER_S:g} s.",
        why=f"It should be process {address.pid}, at {address.url} (queenlib {address.version}).",
        state="Nothing was done to it.",
        next=f"See who it is: fuser {home.lock_file}; what she said last: tail {home.logs / 'queen.log'}",
        path=str(home.path),
    )
