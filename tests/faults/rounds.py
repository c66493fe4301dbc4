"""One round: people at work, a queen who dies under them, and the next one, who has to know everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.fates import fates
from tests.faults.oracle import check_invariants
from tests.faults.phases import phases
from tests.faults.plan import PHASES, Ask, Plan, Reading
from tests.faults.realm import Realm
from tests.faults.reigns import SERVE

SEEN_S = 4.0
"""Seconds in which what is aimed at has to be seen; she is killed all the same."""
ENDED_S = 40.0
"""Seconds in which all has to have ended under the next queen."""
AGAIN_S = 0.02
"""Seconds after which somebody looks again."""
REPLAYS = 4
"""Older jobs that are read again."""
CLIENT, WIRE = Reading(raw=False), Reading(raw=True)


@dataclass(frozen=True)
class Outcome:
    """What came of a round."""

    seed: int
    aim: str
    hit: tuple[frozenset[str], ...]
    """For each queen that died, the phases that this has hit; `recovery` if she was not ready yet."""
    gone_s: float
    """Seconds until all that was a dead queen's was gone, at most."""
    violations: str = ""
    checked: Mapping[str, int] = field(default_factory=dict)
    """How much of what was looked at."""
    fates: Mapping[str, int] = field(default_factory=dict)
    """What became of the jobs that she died under."""


class Round:
    """One round in a realm whose queen reigns.

    Args:
        realm: Where.
        plan: What happens.
        following: The plan of the round after this one: its queen is started when this one's has died.
    """

    def __init__(self, realm: Realm, plan: Plan, following: Plan | None = None) -> None:
        assert realm.court is not None
        self.realm, self.plan, self._following = realm, plan, following
        self._first = realm.court
        self._flags = {name: asyncio.Event() for name in PHASES}
        self._people: list[asyncio.Task[None]] = []
        self._jobs: set[str] = set()
        self._names = 0

    async def run(self) -> Outcome:
        """Let it happen, and check everything."""
        looking = asyncio.create_task(self._look_around())
        await self._until_death()
        try:
            await self._succeed()
            if self.plan.second_s is not None:
                await asyncio.sleep(self.plan.second_s)
                await self.realm.fall()
                await self._begin()
            async with asyncio.timeout(ENDED_S):
                await self._until_all_ended()
        except TimeoutError:
            stuck = [task.get_name() for task in self._people if not task.done()]
            self.realm.troubles.append(f"I10 after {ENDED_S:g} s not all had ended: {stuck}")
        for task in (looking, *self._people):
            task.cancel()
        ended = await asyncio.gather(looking, *self._people, return_exceptions=True)
        self.realm.troubles += [repr(error) for error in ended if isinstance(error, Exception)]
        return self._judge()

    async def _until_death(self) -> None:
        """People do what they do until she is dead."""
        reign = self._first.reign
        if self.plan.later:
            reign.arm()
        asking = [self._go(self._ask(ask), f"ask for {ask.payload['operation']}") for ask in self.plan.asks]
        asyncio.gather(*asking, return_exceptions=True).add_done_callback(lambda _: self._flags["idle"].set())
        dead = asyncio.create_task(reign.process.wait())
        aimed = asyncio.create_task(self._flags["idle" if self.plan.later else self.plan.aim].wait())
        await asyncio.wait({dead, aimed}, timeout=SEEN_S, return_when=asyncio.FIRST_COMPLETED)
        aimed.cancel()
        await asyncio.wait({dead}, timeout=self.plan.delay_s)
        await self.realm.fall(kill=not dead.done())
        await dead

    async def _succeed(self) -> None:
        """Start the next queen; before her perhaps one who is doomed to die while she sees to what is left."""
        if not (self.plan.opening and await self._begin("--opening", self.plan.opening)):
            await self._begin()

    async def _begin(self, *doom: str) -> bool:
        later = self._following.later if self._following else None
        doom = (*doom, *(("--later", later) if later else ()))
        program = ("tests.faults.doomed", str(self.realm.home.path), *doom) if doom else SERVE
        ready = await self.realm.begin(program)
        assert ready or "--opening" in doom, f"no queen could be started again: see {self.realm.home.path}.err"
        return ready

    def _go(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        self._people.append(asyncio.create_task(work, name=name))
        return self._people[-1]

    async def _ask(self, ask: Ask) -> None:
        """Somebody asks, some follow, and perhaps somebody cancels."""
        await asyncio.sleep(ask.delay_s)
        self._flags["create"].set()
        alike = [ask.payload] * ask.repeats + ([ask.other] if ask.other else [])
        others = [asyncio.create_task(self.realm.create(ask, payload)) for payload in alike]
        job_id = await self.realm.create(ask)
        if job_id is not None:
            self._jobs.add(job_id)
            heard = self._notice if ask.target else _ignore
            for reading in ask.readings:
                self._go(self._follow(job_id, reading, heard), f"follow {job_id}")
            if ask.cancel:
                await self._cancel(job_id)
            elif ask.start == "now":
                await self._follow(job_id, CLIENT, heard)
        await asyncio.gather(*others)

    async def _cancel(self, job_id: str) -> None:
        """Cancel it as soon as what is aimed at answers, or after a while."""
        answers = asyncio.create_task(self._flags["decode"].wait())
        await asyncio.wait({answers}, timeout=1.0 if self.plan.aim == "cancel" else 0.2)
        answers.cancel()
        self._flags["cancel"].set()
        await self.realm.cancel(job_id)

    def _notice(self, line: bytes) -> None:
        """See what she is in, from an event of what is aimed at."""
        match json.loads(line):
            case {"type": "state", "data": {"state": "waiting", "reason": str(reason)}} if reason.startswith("load"):
                self._flags["load"].set()
            case {"type": "progress", "data": {"what": "prompt"}}:
                self._flags["prefill"].set()
            case {"type": "token"}:
                self._flags["decode"].set()

    async def _follow(self, job_id: str, reading: Reading, heard: Callable[[bytes], None] | None = None) -> None:
        """Follow a job to its end, over as many connections and queens as it takes."""
        realm, cuts, reached = self.realm, list(reading.cuts), 0
        self._names += 1
        name = f"reader {self._names} of round {self.plan.seed}"
        await asyncio.sleep(reading.delay_s)
        if reading.late:
            record = await realm.get(await realm.next(self._first), job_id)
            reached = int(reading.after * record.last_seq) if record else 0
        while True:
            cut = cuts.pop(0) if cuts else None
            court, seen = await realm.read(name, job_id, reached, cut, raw=reading.raw, heard=heard or _ignore)
            reached = seen.lines[-1][0] if seen.lines else reached
            if seen.refused:
                return
            if seen.whole:
                await realm.get(court, job_id)
                return
            if cut is None and realm.court is court:
                await asyncio.sleep(AGAIN_S)

    async def _look_around(self) -> None:
        """Somebody lists all jobs now and then."""
        while True:
            await self.realm.list()
            await asyncio.sleep(self.plan.others.uniform(0.05, 0.3))

    async def _until_all_ended(self) -> None:
        """Under the next queen: everything is asked for again with its key, everything ends, and much is read again."""
        await asyncio.gather(*(self._again(ask) for ask in self.plan.asks if ask.key))
        while listing := await self.realm.list():
            unfinished = [job_id for job_id, state in listing.jobs if not state.ended]
            if not unfinished and all(task.done() for task in self._people):
                break
            await asyncio.gather(*(self._follow(job_id, CLIENT) for job_id in unfinished))
            await asyncio.sleep(AGAIN_S / 2)
        older = sorted(self.realm.known - self._jobs)
        again = [*self._jobs, *self.plan.others.sample(older, min(REPLAYS, len(older)))]
        await asyncio.gather(*(self._follow(job_id, WIRE) for job_id in again))

    async def _again(self, ask: Ask) -> None:
        """Ask for the same with the same key, and for something else with it."""
        if job_id := await self.realm.create(ask):
            self._jobs.add(job_id)
        if ask.other:
            await self.realm.create(ask, ask.other)

    def _judge(self) -> Outcome:
        """Check everything, and say what was hit."""
        realm, fallen = self.realm, list(self.realm.fallen)
        log, journal = realm.log(), realm.journal()
        hit = tuple(
            phases(log, journal, each.at, each.pending, each.death.point) if each.ready else frozenset({"recovery"})
            for each in fallen
        )
        checked, violations = realm.amount(log), realm.troubles
        try:
            check_invariants(log, realm.views(), journal, realm.left())
        except AssertionError as found:
            violations = [*violations, str(found)]
        gone_s = max(each.death.gone_s for each in fallen)
        if not violations:
            realm.checked(log)
        return Outcome(self.plan.seed, self.plan.aim, hit, gone_s, "\n".join(violations), checked, fates(log))


def _ignore(_: bytes) -> None:
    pass
