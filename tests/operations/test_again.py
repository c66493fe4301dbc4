"""What converges, done again after its queen died in it: gone is gone, and everything else is as it always is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from queenlib.errors import InUse, NotFound, UnknownHive, UnknownModel, UnknownWorker
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted, Operation, Recovery
from queenlib.messages.events import Log, Yielded
from queenlib.messages.hive import HiveDelete, HiveGet, HiveStart
from queenlib.messages.infer import Infer
from queenlib.messages.model import ModelDelete, ModelDownload, ModelGet
from queenlib.messages.parse import OPERATIONS
from queenlib.messages.worker import WorkerDelete, WorkerGet
from queenlib.operations import hive, model, worker
from queenlib.operations.again import again

REMOVING = [
    (HiveDelete(hive_id="attic"), Deleted(kind="hive", id="attic")),
    (WorkerDelete(worker_id="solo"), Deleted(kind="worker", id="solo")),
    (ModelDelete(model="mine"), Deleted(kind="model", id="mine")),
]
"""Every operation that removes something, and its result."""
GONE = NotFound("There is no such thing.")


class Steps:
    """The steps of an operation: some lines, and then an error if there is one; knows whether they were let go of."""

    def __init__(self, lines: int = 0, error: Exception | None = None, result: Deleted | None = None) -> None:
        self._lines, self._error, self._result = lines, error, result
        self.ended = False

    async def run(self) -> AsyncGenerator[Yielded]:
        """Do it."""
        try:
            for number in range(self._lines):
                yield Log(text=f"line {number}")
            if self._error is not None:
                raise self._error
            if self._result is not None:
                yield self._result
        finally:
            self.ended = True


async def all_of(steps: AsyncGenerator[Yielded]) -> list[Yielded]:
    """Everything that was yielded."""
    return [step async for step in steps]


@pytest.mark.parametrize(("operation", "result"), REMOVING)
async def test_what_is_gone_already_was_removed(operation: Operation, result: Deleted) -> None:
    """Its steps so far stay, one line says that it was gone and why, and the result is that of a removal."""
    steps = Steps(2, GONE)
    first, second, said, last = await all_of(again(operation, steps.run()))
    assert (first, second) == (Log(text="line 0"), Log(text="line 1"))
    assert last == result
    assert isinstance(said, Log)
    assert said.text == f"{result.kind} {result.id}: it is gone already (There is no such thing.)"
    assert steps.ended


@pytest.mark.parametrize("error", [UnknownHive("x"), UnknownWorker("x"), UnknownModel("x")])
@pytest.mark.parametrize(("operation", "result"), REMOVING)
async def test_every_kind_of_gone_is_gone(operation: Operation, result: Deleted, error: NotFound) -> None:
    """Also where what is missing is what the thing was in."""
    assert (await all_of(again(operation, Steps(0, error).run())))[-1] == result


@pytest.mark.parametrize(("operation", "result"), REMOVING)
async def test_what_is_there_is_removed_as_ever(operation: Operation, result: Deleted) -> None:
    """Steps that do not fail are the steps, and nothing is said besides."""
    steps = Steps(1, result=result)
    assert await all_of(again(operation, steps.run())) == [Log(text="line 0"), result]
    assert steps.ended


@pytest.mark.parametrize(
    "operation",
    [HiveGet(hive_id="x"), HiveStart(hive_id="x"), WorkerGet(worker_id="x"), ModelGet(model="x"), ModelDownload(source="x")],
)
async def test_what_removes_nothing_does_not_find_it_gone(operation: Operation) -> None:
    """For an operation that needs the thing, it is missing: its error, and the very same."""
    steps = Steps(1, GONE)
    with pytest.raises(NotFound) as caught:
        await all_of(again(operation, steps.run()))
    assert caught.value is GONE
    assert steps.ended


@pytest.mark.parametrize("error", [InUse("It is in use."), ValueError("a defect")])
@pytest.mark.parametrize(("operation", "result"), REMOVING)
async def test_another_error_stays_one(operation: Operation, result: Deleted, error: Exception) -> None:
    """A removal that fails because the thing is there still has failed."""
    with pytest.raises(type(error)) as caught:
        await all_of(again(operation, Steps(1, error).run()))
    assert caught.value is error


def test_every_removal_is_known() -> None:
    """Each operation whose result is that something was deleted is among those that are tested here, and converges."""
    removing = {name for name, each in OPERATIONS.items() if each.result_model is Deleted}
    assert removing == {operation.wire()["operation"] for operation, _ in REMOVING}
    assert {OPERATIONS[name].recovery for name in removing} == {Recovery.CONVERGE}


async def test_whoever_leaves_ends_the_steps() -> None:
    """They are let go of before it returns: that the work has stopped is for its steps to prove."""
    steps = Steps(5)
    async with aclosing(again(Infer(prompt="x"), steps.run())) as repeated:
        assert await anext(repeated) == Log(text="line 0")
        assert not steps.ended
    assert steps.ended


async def test_nothing_begins_before_it_is_drawn_from() -> None:
    """It is a generator like any operation, and may be thrown away unused."""
    steps = Steps(1)
    await again(HiveDelete(hive_id="x"), steps.run()).aclose()
    assert not steps.ended


async def test_real_removals_done_twice(hives: HiveCatalog) -> None:
    """A hive, a worker and a model that are not there any more: an error the first time, and done when done again."""
    first = HiveDelete(hive_id="ant")
    assert (await all_of(again(first, hive.hive_delete(first, hives))))[-1] == Deleted(kind="hive", id="ant")
    with pytest.raises(UnknownHive):
        await all_of(hive.hive_delete(first, hives))
    assert (await all_of(again(first, hive.hive_delete(first, hives))))[-1] == Deleted(kind="hive", id="ant")
    ended = WorkerDelete(worker_id="solo")
    assert (await all_of(again(ended, worker.worker_delete(ended, hives))))[-1] == Deleted(kind="worker", id="solo")
    gone = ModelDelete(model="mine")
    assert (await all_of(again(gone, model.model_delete(gone, hives))))[-1] == Deleted(kind="model", id="mine")
