"""From a wish to a slot that one holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from queenlib.engines.embedding import Embedded
from queenlib.engines.engine import Finished, Generation
from queenlib.errors import EngineError
from queenlib.hives.generating import embed, generate
from queenlib.hives.hive import Hive
from queenlib.hives.loader import Coming, Loader
from queenlib.hives.probe import probe
from queenlib.hives.scheduler import Choice, Wish, choose, refusal
from queenlib.hives.slots import Slotted, Urgency
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body, Log, Progress, Token, Waiting, Working
from queenlib.messages.worker import WorkerState

LOADS = 3
"""So many workers are waited for; when the last of them has died as well before it was our turn, that is the error."""


@dataclass(frozen=True)
class Held:
    """A slot of a loaded worker; it is given back when the generator that yielded it is closed."""

    hive: Hive
    worker: Worker
    slot: int

    def generate(self, generation: Generation) -> AsyncGenerator[Token | Progress | Finished]:
        """Generate in it: see `queenlib.hives.generating.generate`."""
        return generate(self.hive.workers, self.worker, generation, self.slot, self.hive.world)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Make vectors in it: see `queenlib.hives.generating.embed`."""
        return await embed(self.hive.workers, self.worker, texts, self.slot, self.hive.world)

    async def check(self, text: str) -> None:
        """See to it that a text fits in it: see `queenlib.engines.engine.Connection.check`."""
        assert self.worker.connection is not None
        await self.worker.connection.check(text)


async def hold(hive: Hive, loader: Loader, wish: Wish, urgency: Urgency) -> AsyncGenerator[Body | Held]:
    """Yields what happens and, last, a slot: on a worker that fits, else on one that is started for it.

    Raises:
        HiveStopped: The hive is stopped, or was while this waited.
        WorkerDied: The worker that was named has ended, or several have before it was our turn.
        EngineError: The worker that was named cannot take it, or one could not be loaded.
    """
    made: list[Worker] = []
    while True:
        hive.check()
        choice = choose(hive.workers.all(), wish)
        if choice.action == "refuse" and not loader.coming(wish) and not loader.before(wish):
            raise _refused(hive, wish, choice)
        if not any(worker.open for worker in hive.workers.all() if worker.id in choice.worker_ids):
            _enough(made)
            async with aclosing(_load(hive, loader, wish, choice)) as steps:
                async for step in steps:
                    if isinstance(step, Worker):
                        made.append(step)
                    else:
                        yield step
        async with hive.workers.queue.claim(lambda worker: hive.open and _fits(worker, wish), urgency) as claim:
            async with aclosing(claim.waits()) as waits:
                async for wait in waits:
                    yield wait
            if claim.granted is not None:
                worker, slot = claim.granted
                assert isinstance(worker, Worker)
                async with aclosing(probe(hive.workers, worker, slot)) as steps:
                    async for step in steps:
                        yield step
                if not (worker.ended or worker.retired):
                    worker.keep_alive = worker.keep_alive if wish.keep_alive is None else wish.keep_alive
                    worker.use()
                    try:
                        yield Held(hive, worker, slot)
                    finally:
                        worker.use()
                    return


def slots(hive: Hive, wish: Wish) -> tuple[int, ...]:
    """How many slots each worker has that can take this and is loaded."""
    return tuple(worker.spec.slots for worker in hive.workers.all() if worker.open and _fits(worker, wish))


def _enough(made: list[Worker]) -> None:
    if len(made) >= LOADS and (end := made[-1].end):
        raise made[-1].died(end, f"before it was this one's turn, as {LOADS - 1} others had")


async def _load(hive: Hive, loader: Loader, wish: Wish, choice: Choice) -> AsyncGenerator[Body | Worker]:
    """Wait for a worker that is being brought, else have one brought."""
    yield Log(text=f"hive {hive.id}: needs a worker ({'; '.join(choice.reasons)})", level="debug")
    wait = Waiting(reason=f"load: {wish.model} on {hive.id}{_age(hive, loader.coming(wish))}")
    yield wait
    coming = loader.coming(wish)  # from here to the joining of it nobody else gets a turn
    wanted = coming.wanted if coming else loader.usual(wish)
    async with aclosing(loader.spawn(wanted)) as steps:
        async for step in steps:
            yield wait if isinstance(step, Working) else step  # it goes on with the load, which this waits for
    yield Working()


def _age(hive: Hive, coming: Coming | None) -> str:
    age_s = hive.world.monotonic() - coming.since if coming else 0.0
    return f", for {age_s:.0f} s already" if age_s >= 1 else ""


def _fits(worker: Slotted, wish: Wish) -> bool:
    return isinstance(worker, Worker) and not refusal(worker, wish)


def _refused(hive: Hive, wish: Wish, choice: Choice) -> EngineError:
    """Why the worker that was named cannot take it."""
    named = hive.workers.find(wish.worker_id or "")
    if named is not None and named.end is not None and named.state is WorkerState.FAILED:
        return named.died(named.end, "before it could take this")
    there = ", ".join(worker.id for worker in hive.workers.all() if not worker.ended) or "none"
    own = [reason for reason in choice.reasons if reason.startswith(f"{wish.worker_id}: ")]
    return EngineError(
        f"Worker {wish.worker_id} of hive {hive.id} cannot take this.",
        why="; ".join(own if named else [f"there is no such worker; those that there are: {there}"]) + ".",
        state="Nothing was generated.",
        next=f"Leave out worker=, or look: await queen.workers.list(hive={hive.id!r})",
    )
