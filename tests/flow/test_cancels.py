"""A cancel is over when the work has provably stopped, whenever it comes, and disturbs nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.cancel.stage import Stage, stage
from queenlib.messages.events import Event, TokenEvent
from queenlib.messages.state import State
from tests.flow.cancels import cancel_at_random

SIMULATED = "sim:words?tokens=8&tokens_per_s=150&prefill_ms=60"


def holds(ends: dict[str, set[State]]) -> None:
    """What was ended stays as it was; what had not begun, or was far from its end, is cancelled."""
    assert set.union(*ends.values()) <= {State.CANCELLED, State.SUCCEEDED}
    assert ends["unstarted"] | ends["at once"] | ends["prompt"] <= {State.CANCELLED}
    assert ends["ended"] <= {State.SUCCEEDED}


async def test_a_cancel_at_any_moment_makes_one_end(tmp_path: Path) -> None:
    """Before the start, in the prompt, in the answer, at its last token, after the end, at once by several."""
    async with stage(tmp_path, SIMULATED, slots=3) as made:
        holds(await cancel_at_random(made, 60, seed=1))


@pytest.mark.full
async def test_two_hundred_cancels_of_real_work(tmp_path: Path, real_model_path: Path) -> None:
    """The same with the real engine: each job has one end, and the engine's own list agrees that its slot is idle."""
    async with stage(tmp_path, f"file:{real_model_path}") as made:
        holds(await cancel_at_random(made, 200, seed=2))


async def test_a_neighbour_of_what_is_cancelled_says_what_it_says_alone(tmp_path: Path, real_model_path: Path) -> None:
    """With the real engine: others begin and are cancelled beside it, and its text is unchanged to the last letter."""
    async with stage(tmp_path, f"file:{real_model_path}") as made:
        alone = text(await made.log(await neighbour(made)))
        beside, cancels = await neighbour(made), 0
        await made.until(beside, TokenEvent)
        reading = asyncio.create_task(made.log(beside))
        while not reading.done():
            job_id = await made.ask("Tell me of a hive.", max_tokens=200, temperature=1.0, seed=cancels)
            await made.until(job_id, TokenEvent, 3)
            await made.router.cancel_job(job_id)
            cancels += 1
        assert cancels >= 3
        assert text(await reading) == alone


async def neighbour(made: Stage) -> str:
    """A job whose answer is always the same."""
    return await made.ask("Tell me of a field and a river.", max_tokens=60)


def text(log: list[Event]) -> str:
    """The answer in a log."""
    return "".join(event.data.text for event in log if isinstance(event, TokenEvent))
