"""What converges, done again after a queen died in it: what is there by then is not done twice, and is no error."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.errors import NotFound
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.events import Log, Yielded
from queenlib.messages.hive import HiveDelete
from queenlib.messages.model import ModelDelete
from queenlib.messages.worker import WorkerDelete


async def again(operation: Operation, steps: AsyncGenerator[Yielded]) -> AsyncGenerator[Yielded]:
    """The steps of an operation that may have been done before: what it was to remove may be gone."""
    gone = _removes(operation)
    async with aclosing(steps):
        try:
            async for step in steps:
                yield step
        except NotFound as error:
            if gone is None:
                raise
            yield Log(text=f"{gone.kind} {gone.id}: it is gone already ({error.what})")
            yield gone


def _removes(operation: Operation) -> Deleted | None:
    match operation:
        case HiveDelete():
            return Deleted(kind="hive", id=operation.hive_id)
        case WorkerDelete():
            return Deleted(kind="worker", id=operation.worker_id)
        case ModelDelete():
            return Deleted(kind="model", id=operation.model)
    return None
