"""From a wish to a slot that one holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from queenlib.errors import EngineError
from queenlib.hives.hive import Hive
from queenlib.hives.loader import Loader
from queenlib.hives.scheduler import Choice, Wish, choose, refusal
from queenlib.hives.slots import Slotted, Urgency
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body, Log, Waiting, Working


@dataclass(frozen=True)
class Held:
    """A slot of a loaded worker; it is given back when the generator that yielded it is closed."""

    worker: Worker
    slot: int


async def hold(hive: Hive, loader: Loader, wish: Wish, urgency: Urgency) -> AsyncGenerator[Body | Held]:
    """Yields what happens and, last, a slot: on a worker that fits, else on one that is started for it.

    Raises:
        EngineError: The worker that was named cannot take it.
    """
    while True:
        choice = choose(hive.workers.all(), wish)
        if choice.action == "refuse":
            raise _refused(hive, wish, choice)
        fitting = [worker for worker in map(hive.workers.find, choice.worker_ids) if worker]
        if not any(worker.open for worker in fitting):
            yield Log(text=f"hive {hive.id}: starts a worker ({'; '.join(choice.reasons)})", level="debug")
            yield Waiting(reason=f"load: {wish.model} on {hive.id}")
            wanted = fitting[0].wanted if fitting else loader.usual(wish.model, wish.device)
            async with aclosing(loader.spawn(wanted)) as steps:
                async for step in steps:
                    if not isinstance(step, Worker):
                        yield step
            yield Working()
        async with hive.workers.queue.claim(lambda worker: _fits(worker, wish), urgency) as claim:
            async with aclosing(claim.waits()) as waits:
                async for wait in waits:
                    yield wait
            if claim.granted is not None:
                worker, slot = claim.granted
                assert isinstance(worker, Worker)
                yield Held(worker, slot)
                return


def _fits(worker: Slotted, wish: Wish) -> bool:
    return isinstance(worker, Worker) and not refusal(worker, wish)


def _refused(hive: Hive, wish: Wish, choice: Choice) -> EngineError:
    return EngineError(
        f"Worker {wish.worker_id} of hive {hive.id} cannot take this.",
        why="; ".join(choice.reasons) + ".",
        state="Nothing was generated.",
        next="Leave out worker=, or look: await queen.workers.list()",
    )
