"""Vectors of texts, near and far: each made once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from queenlib import Queen, errors
from queenlib.client.remote import RemoteQueen
from queenlib.engines.host.journal import digest
from queenlib.home import Home
from queenlib.messages.events import VectorsEvent
from queenlib.world import World
from tests.faults.history import Noted
from tests.flow.asking import reigning
from tests.flow.test_durable import read

MODEL = "sim:words?dimensions=6&seed=3"


async def test_texts_have_their_vectors(queen: Queen) -> None:
    """As an array, as a frame, and counted in the result; answers come from another worker of the same model."""
    asked = queen.embed([f"text {n}" for n in range(100)], model=MODEL)
    made = await asked
    assert made.shape == (100, 6)
    result = await asked.job
    assert (result.rows, result.done, result.dimensions, result.job_id) == (100, 100, 6, asked.job.id)
    assert len(await asked.job.frame(of="vectors")) == 100
    assert asked.job.record.request["texts"] == []
    answer = await queen.infer("Hello", model=MODEL, max_tokens=2)
    workers = {each.id: each for each in (await queen.workers.list()).workers if each.model == MODEL}
    assert len(workers) == 2
    [other] = set(workers) - {answer.worker_id}
    with pytest.raises(errors.EngineError, match="cannot take this") as caught:
        await queen.infer("Hello", model=MODEL, worker=other)
    assert "makes vectors of texts" in caught.value.why
    with pytest.raises(errors.EngineError) as caught:
        await queen.embed(["a"], model=MODEL, worker=answer.worker_id)
    assert "makes answers" in caught.value.why


async def test_run_again_it_is_whole(queen: Queen) -> None:
    """`rerun` has the texts, though no record has them."""
    job = queen.embed(["p", "q"], model=MODEL).job
    await job
    again = await job.rerun()
    assert (await again).done == 2


async def test_a_model_that_makes_none(queen: Queen) -> None:
    """Is an error of the same class, near and far."""
    with pytest.raises(errors.NoEmbeddings):
        await queen.embed(["a"], model="sim:words?dimensions=0")


async def test_cancelled_it_keeps_what_is_done(queen: Queen) -> None:
    """Its vectors are in the log, and its worker does nothing more."""
    asked = queen.embed([f"{n}" for n in range(2000)], model="sim:words?dimensions=6&prefill_ms=2")
    async with aclosing(aiter(asked.job)) as events:
        async for event in events:
            if isinstance(event, VectorsEvent):
                break
    await asked.job.cancel()
    kept = (await asked.job.frame(of="vectors"))["vector"].notna().sum()
    assert 0 < kept < 2000
    assert not any(each.slots_busy for each in (await queen.workers.list()).workers if "prefill_ms=2" in each.model)


async def test_a_killed_queen_makes_no_kept_vector_again(tmp_path: Path) -> None:
    """The next one goes on with the rest: in the end each text has its vector once."""
    count, texts = 400, {digest(f"kill {n}"): n for n in range(400)}
    payload = {"operation": "embed", "texts": [f"kill {n}" for n in range(count)], "model": "sim:words?prefill_ms=2"}
    async with reigning(tmp_path / "home") as (_, asker):
        job_id = (await asker.post(payload)).json["job_id"]
        client = RemoteQueen(asker.url, asker.token, World(), tries=0)
        seen = set[int]()
        async with aclosing(cast("Any", await client.execute_job(job_id))) as events:
            async for event in events:
                seen |= set(event.data.rows) if isinstance(event, VectorsEvent) else set()
                if len(seen) >= 100:
                    break
        await client.close()
    async with reigning(tmp_path / "home") as (_, asker):
        log = read(await asker.log(job_id))
    found = [i for each in log if each["type"] == "vectors" for i in each["data"]["rows"]]
    assert sorted(found) == list(range(count))
    assert log[-1]["data"]["state"] == "succeeded"
    made = Counter(texts[noted.prompt] for noted in Noted.read(Home(tmp_path / "home").journal) if noted.what == "start")
    assert len(made) == count
    assert all(made[each] == 1 for each in seen)


@pytest.mark.full
async def test_the_real_model_tells_texts_apart(queen: Queen, real_model_path: Path) -> None:
    """On one thread: what is alike is nearer than what is not; a cancel is through soon; a column has its vectors."""
    real = f"file:{real_model_path}"
    args = {"embeddings": "model"}
    await queen.workers.spawn(real, name="embedder", context=512, threads=1, engine_args=args)
    cat, kitten, law = made = await queen.embed(["a cat", "a kitten", "tax law of 1986"], model=real, worker="embedder")
    assert made.shape == (3, 576)
    assert cat @ kitten > cat @ law
    column = await queen.embed_frame(pd.Series(["a cat", None, "word " * 600]), model=real, worker="embedder")
    assert column.isna().tolist() == [False, True, True]
    assert np.allclose(column[0], cat, atol=1e-3)
    long = queen.embed([f"number {n} of many" for n in range(1000)], model=real, worker="embedder")
    async with aclosing(aiter(long.job)) as events:
        async for event in events:
            if isinstance(event, VectorsEvent):
                break
    async with asyncio.timeout(30):
        await long.job.cancel()
    assert (await queen.workers.get("embedder")).slots_busy == 0
