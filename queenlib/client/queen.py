"""`Queen`: the handle on a queen, in this process or far away."""

from __future__ import annotations

import asyncio
import atexit
import os
from types import TracebackType
from typing import Any, Self

from queenlib.client.backend import Backend
from queenlib.client.calls import Caller
from queenlib.client.chat import Chat
from queenlib.client.comparing import Comparing
from queenlib.client.families import Hives, Models, WorkersOf
from queenlib.client.job import Job
from queenlib.client.jobs import Jobs
from queenlib.client.opening import connect, take, where
from queenlib.client.place import Place, Where
from queenlib.client.portal import Portal
from queenlib.client.reign import Rule
from queenlib.client.seat import Seat
from queenlib.client.sync import Sync
from queenlib.client.talks import begin
from queenlib.display.lists import look, picture, show_list
from queenlib.display.screen import publish
from queenlib.messages.job import QueenInfo
from queenlib.messages.status import CheckReport, HiveCheck, QueenCheck, Status, StatusReport
from queenlib.registry.limits import Limits
from queenlib.registry.retention import Retention
from queenlib.registry.sqlite.store import Durability
from queenlib.world import World


class Queen(Comparing):
    """A queen: hives, workers, models and jobs.

    `Queen()` is one in this process, with an event loop and a thread of its own; closing it (`close()`, `with`,
    `async with`, or the end of the program) ends its jobs and workers. There is one to a home: where another process has
    the home already, this is a client of hers, and takes the home when she dies. `Queen.connect(url)` is a handle on one
    far away; closing it lets go of that one and touches nothing.

    Where somebody sits before a notebook it is `Queen.background()`; `QUEENLIB_QUEEN=embedded|background` says it for all.

    Args:
        home: The folder for all that it writes; by default `QUEENLIB_HOME`, else the platform's folder for data.
        url: A queen far away; by default `QUEENLIB_URL`.
        token_file: Where her token is; by default `QUEENLIB_TOKEN_FILE`, else the token file of the home.
        process: Have her in a child of this process, where no code of ours holds her up; she and her jobs end with us.
        place: Where she is; by default `Place.usual()`, and in this process where one of the following is given.
        world: Clock, ids and randomness, for a queen in this process.
        limits: What it takes on and how long it lets things take, for a queen in this process.
        retention: What is not kept for ever, for a queen in this process; by default jobs that only looked at something.
        durability: `"full"`, or `"fast"`: pieces of answers may be lost by a power failure, for a queen in this process.

    Raises:
        HomeTaken: Another process has the home, and does not answer.
        ProtocolMismatch: The queen of the home is of a version that cannot speak with this one.
        StoreUnusable: The log of its jobs cannot be used, and was not touched: `fault` says why.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        url: str | None = None,
        token_file: str | os.PathLike[str] | None = None,
        process: bool = False,
        place: Place | None = None,
        world: World | None = None,
        limits: Limits | None = None,
        retention: Retention | None = None,
        durability: Durability = "full",
    ) -> None:
        super().__init__()
        url = url or (None if process or place else os.environ.get("QUEENLIB_URL"))
        self.portal, self._world = Portal(), world or World()
        self._url = url
        try:
            rule, world_ = Rule(limits, retention, durability), self._world
            place = Place(Where.CHILD) if process else place
            if place is None:
                place = Place.usual() if world is None and rule == Rule() else Place(Where.EMBEDDED)
            opening = connect(url, token_file, home, world_) if url else take(home, place, world_, rule)
            self._backend: Backend = self.portal.wait(opening)
        except BaseException:
            self.portal.close()
            raise
        caller = Caller(self._backend, self.portal)
        self._caller, caller.owner = caller, self
        self.jobs, self.hives, self.workers, self.models = Jobs(caller), Hives(caller), WorkersOf(caller), Models(caller)
        self.sync = Sync(self.info, self.jobs)
        """The blocking twins of what is a coroutine: `queen.sync.jobs.list()`."""
        self._closed = False
        atexit.register(self.close)  # also for one that nobody holds any more: its jobs and workers go on until then

    @classmethod
    def connect(cls, url: str, *, token_file: str | os.PathLike[str] | None = None) -> Self:
        """A handle on the queen at `url`, such as `http://127.0.0.1:7833`.

        Raises:
            QueenError: The token file cannot be read.
        """
        return cls(url=url, token_file=token_file)

    @classmethod
    def background(cls, home: str | os.PathLike[str] | None = None, *, idle_exit_s: float | None = None) -> Self:
        """A handle on the queen in the background, who is started if nobody has the home; closing it leaves her running.

        Who has the home already is joined, be it a queen in this process: that one ends with her own handle, and another in
        the background is started as soon as somebody wants something of her. The repr says whose she is.

        Args:
            home: The folder for all that she writes; see `Queen`.
            idle_exit_s: After so many seconds without anything to do, one whom this handle starts ends by herself; unsaid,
                she runs until she is told to end: `queenlib down`. It changes nothing of one who is there.

        Raises:
            QueenError: She cannot be started; it says why.
        """
        return cls(home, place=Place(Where.BACKGROUND, idle_exit_s))

    def chat(self, *, system: str | None = None, name: str | None = None, **given: Any) -> Chat:
        """A conversation, whose answers know what was said before: `await talk("…")`.

        Args:
            system: What the model is told before all else; in one that goes on, in place of what it was told before.
            name: That of one to go on with, also after a restart, unless it was private; by default a new one begins.
            given: What every turn is asked with, see `infer`; one that goes on takes what is not given from its newest turn.

        Raises:
            InvalidOperation: A parameter does not fit.
            InvalidRequest: The name is none.
        """
        return begin(self, self._world, system, name, given)

    def status(self) -> Job[StatusReport]:
        """Look at all hives and their workers."""
        return self._caller.call(Status(), StatusReport)

    def check(self, hive: str | None = None) -> Job[CheckReport]:
        """Test the queen itself, or one of her hives; the report is in plain words."""
        operation = QueenCheck() if hive is None else HiveCheck(hive_id=hive)
        return self._caller.call(operation, CheckReport)

    def watch(self) -> None:
        """Show her hives and her jobs in the running cell as they change; on a terminal, as they are now."""
        if not show_list("queen", self):
            publish(picture(self.portal.wait(look(self))))

    async def info(self) -> QueenInfo:
        """Who answers."""
        return await self.portal.run(self._backend.info())

    @property
    def url(self) -> str | None:
        """Where it is; `None` for one in this process."""
        address = self._backend.joined if isinstance(self._backend, Seat) else None
        return self._url or (address.url if address else None)

    @property
    def backend(self) -> Backend:
        """The seam below; to serve this queen over HTTP."""
        return self._backend

    @property
    def closed(self) -> bool:
        """Whether it has been closed, or is in the process that this one was forked from."""
        return self._closed or not self.portal.open

    def close(self) -> None:
        """Let go. A queen in this process ends every job and every process of hers first.

        Raises:
            Conflict: It is called on queenlib's own thread.
        """
        if self.closed:
            return
        self.portal.check_outside()
        self._closed = True
        atexit.unregister(self.close)
        try:
            self.portal.wait(self._backend.close())
        finally:
            self.portal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self.close)

    def _ipython_display_(self) -> None:
        if self.closed or not show_list("queen", self):
            raise NotImplementedError  # to IPython that means: its repr will do

    def __repr__(self) -> str:
        return f"<Queen {where(self._backend, self._url)}{', closed' if self.closed else ''}>"
