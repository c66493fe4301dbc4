"""What the views of one job share: they follow its log, tell the page what is new, and own nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any

import traitlets

from queenlib import Job, QueenError
from queenlib.display.facts import facts, how_far
from queenlib.messages.events import Event, Log, Progress, StateData
from queenlib.messages.snapshot import Snapshot
from queenlib.world import World
from queenlib_widgets import pace
from queenlib_widgets.rate import Rate
from queenlib_widgets.view import View

_world = World()

LINES = 200
"""Lines of a job's log that the page has; of earlier ones it knows how many there are."""


class Following(View):
    """A view of one job; it follows from when it is made until the job has ended.

    All that changes it happens on the queen's own loop: traits have no locks, and the kernel's loop may be busy.
    """

    head = traitlets.Dict().tag(sync=True)
    """The job: `id`, `operation`, `state`, `reason`, `ended`, and `facts` as lines."""
    progress: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """What is under way: `what`, `said`, and its `share` from 0 to 1, or `None`."""
    lines: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """The newest lines for people."""
    earlier = traitlets.Int().tag(sync=True)
    """How many lines came before those."""
    error: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """Pairs of a part's name and its text; none where there is no error."""

    def __init__(self, job: Job[Any], **more: Any) -> None:
        self.job = job
        self._under_way: dict[str, Progress] = {}
        self._rates: dict[str, Rate] = {}
        self._said: deque[str] = deque(maxlen=LINES)
        self._stale = set[str]()
        """What the page has an older state of."""
        self._waking: asyncio.TimerHandle | None = None
        self._spoke_at = 0.0
        super().__init__(head=self._head(Snapshot(job=job.record)), **more)
        self.on_msg(self._hear)
        self.following: Future[Snapshot] = job.portal.submit(self._follow())
        """The job as it ended, once it has; or the error that nothing could be followed for."""

    async def _follow(self) -> Snapshot:
        pace.moves(self)
        beating = asyncio.create_task(self._beat())
        try:
            snapshot = await self.job.snapshot()
            self._begin(snapshot)
            async for event in self.job.events(snapshot.job.last_seq, every_s=pace.FASTEST_S):
                self._take(event)
                self._wake()
            snapshot = await self.job.snapshot()
            self._finish(snapshot)
        except QueenError as error:
            self.error = [["what", error.what], ["next", error.next]]
            raise
        finally:
            beating.cancel()
            pace.rests(self)
            if self._waking is not None:
                self._waking.cancel()
        return snapshot

    def _begin(self, snapshot: Snapshot) -> None:
        """Show it as it is when one comes."""
        self._under_way = {each.what: each for each in snapshot.progress}
        self._said.extend(line.text for line in snapshot.lines)
        self._stale |= {"progress", "lines"}
        self._speak()
        self.head = self._head(snapshot)

    def _take(self, event: Event) -> None:
        """Note what an event tells."""
        match event.data:
            case Progress() as data:
                self._under_way[data.what] = data
                self._rates.setdefault(data.what, Rate()).look(data.done, self._loop().time())
                self._stale.add("progress")
            case Log(text=text, level=level) if level != "debug":
                self.earlier += len(self._said) == LINES
                self._said.append(text)
                self._stale.add("lines")
            case StateData():
                self._stale.add("head")

    def _finish(self, snapshot: Snapshot) -> None:
        """Show it as it ended."""
        self._speak()
        problem = snapshot.job.error
        if problem is not None:
            parts = (("what", problem.what), ("why", problem.why), ("state", problem.state), ("next", problem.next))
            self.error = [[name, said] for name, said in parts if said]
        self.head = self._head(snapshot)

    def _wake(self) -> None:
        """Speak as soon as it is time; what comes until then is said together."""
        if self._waking is None:
            wait = self._spoke_at + self._interval() - self._loop().time()
            self._waking = self._loop().call_later(wait if wait > pace.ALMOST_S else 0.0, self._speak_now)

    def _at_once(self) -> None:
        """What comes next is not waited with."""
        self._spoke_at = 0.0
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None

    def _speak_now(self) -> None:
        self._waking = None
        self._spoke_at = self._loop().time()
        self._speak()

    def _interval(self) -> float:
        return pace.SLOW_S

    def _speak(self) -> None:
        """Tell the page what is new."""
        if "progress" in self._stale:
            self.progress = [self._bar(each) for each in self._under_way.values()]
        if "lines" in self._stale:
            self.lines = list(self._said)
        if "head" in self._stale and not (record := self.job.record).state.ended:
            self.head = self._head(Snapshot(job=record))
        self._stale.clear()

    def _bar(self, progress: Progress) -> dict[str, Any]:
        said, rate = how_far(progress), self._rates.get(progress.what)
        if rate is not None and rate.per_s is not None and progress.unit == "bytes" and progress.done != progress.total:
            said += f", {rate.per_s / 1e6:.1f} MB/s"
            if (left := rate.left_s(progress.total)) is not None:
                said += f", {left:.0f} s left"
        share = min(1.0, progress.done / progress.total) if progress.total else None
        return {"what": progress.what, "said": said, "share": share}

    def _head(self, snapshot: Snapshot) -> dict[str, Any]:
        job = snapshot.job
        return {
            "id": job.id,
            "operation": job.operation,
            "state": str(job.state),
            "reason": job.reason,
            "ended": job.state.ended,
            "facts": facts(snapshot)[2:],
        }

    async def _beat(self) -> None:
        """Signs of life, by which the page knows that the kernel is there; who speaks anyway needs none."""
        wait_s = pace.BEAT_S
        while True:
            await _world.sleep(wait_s)
            wait_s = self._spoke_at + pace.BEAT_S - self._loop().time()
            if wait_s <= 0:
                wait_s = pace.BEAT_S
                self.send({"beat": 1})

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """The page has said something; on which thread, differs from kernel to kernel, so nothing is done here."""
        if isinstance(content, dict):
            self.job.portal.soon(lambda: self._obey(content))

    def _obey(self, content: dict[str, Any]) -> None:
        if "cancel" in content:
            self.job.portal.submit(self._cancel())

    async def _cancel(self) -> None:
        try:
            await self.job.cancel()
        except QueenError as error:
            self.error = [["what", error.what], ["next", error.next]]

    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()
