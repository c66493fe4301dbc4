"""Guards of what a cancel promises, with the real engine: how long it takes, in steps of the work that it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import pytest

from benchmarks.cancel import decoding, prefill
from benchmarks.cancel.__main__ import ALL
from benchmarks.cancel.stage import Stage, stage

STEPS = 25
"""Steps of decoding that a cancel may take: it waits for one, and for some answers of a busy engine."""
MARGIN = 2


@pytest.fixture
async def real(tmp_path: Path, real_model_path: Path) -> AsyncIterator[Stage]:
    """A queen with the real engine, one thread, two slots."""
    async with stage(tmp_path, f"file:{real_model_path}") as made:
        yield made


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a neighbour"])
async def test_a_cancel_while_decoding_takes_a_few_steps(real: Stage, beside: bool) -> None:
    """From the call until the slot is idle by the engine's own list, against the time of one step."""
    step_s = await decoding.step_s(real)
    assert median(await decoding.cancels(real, 5, beside=beside)) <= STEPS * step_s


async def test_a_cancel_while_the_prompt_is_read_takes_two_chunks(real: Stage) -> None:
    """That at work and the next, against the time of two."""
    times = await prefill.cancels(real, 3)
    assert median(times) <= MARGIN * prefill.GOAL * prefill.CHUNKS * await prefill.chunk_s(real)


def test_each_benchmark_of_cancels_has_figures() -> None:
    """What the command knows by name can be measured."""
    assert all(callable(benchmark.figures) for benchmark in ALL.values())
