"""Batches, near and far: each row once, whatever happens in between."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib import Queen, errors
from queenlib.client.remote import RemoteQueen
from queenlib.engines.host.journal import digest
from queenlib.home import Home
from queenlib.messages.batch import BatchResult
from queenlib.messages.events import Event, ProgressEvent, RowEvent
from queenlib.messages.row import RowData
from queenlib.messages.state import State
from queenlib.world import World
from tests.faults.history import Noted
from tests.flow.asking import reigning
from tests.flow.test_durable import read

QUICK = "sim:words?tokens=6&tokens_per_s=2000"
SLOW = "sim:words?tokens=20&tokens_per_s=200"


def rows(events: list[Event]) -> dict[int, RowData]:
    """The rows of a log; none of them may be there twice."""
    found = [event.data for event in events if isinstance(event, RowEvent)]
    assert len({row.i for row in found}) == len(found)
    return {row.i: row for row in found}


async def test_each_row_is_answered_once(queen: Queen) -> None:
    """In the log, as a frame, and counted in the result; the record holds none of the cells."""
    cells = ["x", None, "", "{b}", "x"]
    job = queen.infer_batch({"a": cells, "n": ["0", "1", "2", "3", "4"]}, "once {a} {n}", model="sim:echo")
    result = await job
    found = rows([event async for event in job])
    assert {i: row.text for i, row in found.items() if not row.error} == {
        0: "once x 0", 2: "once  2", 3: "once {b} 3", 4: "once x 4"
    }  # fmt: skip
    assert (result.rows, result.done, result.failed, result.failures) == (5, 5, 1, {"MissingCell": 1})
    assert found[1].error is not None
    assert "column 'a'" in found[1].error.what
    assert job.record.request["rows"] == 5
    assert job.record.request["columns"] == {}
    frame = await job.frame(of="rows")
    assert frame["text"].isna().tolist() == [False, False, False, False, False]
    assert frame["error"].notna().tolist() == [False, True, False, False, False]


async def test_asked_again_only_the_rest_is_asked(queen: Queen) -> None:
    """By any later job; `refresh` asks anew, `off` neither takes nor leaves anything; a deleted job takes its rows along."""

    async def ask(*cells: str, **more: str) -> BatchResult:
        given = {"model": QUICK, "seed": 5, "max_tokens": 6, **more}
        return await queen.infer_batch({"a": cells}, "again {a}", **given)  # type: ignore[arg-type]

    off = await ask("1", "2", cache="off")
    first = await ask("1", "2")
    more = await ask("1", "2", "3", "1")
    assert [each.cached for each in (off, first, more)] == [0, 0, 2]
    assert (await ask("1", "3", "2")).usage.completion_tokens == 0
    dry = await ask("1", "9", dry_run=True)  # type: ignore[arg-type]
    assert (dry.done, dry.cached, dry.usage.completion_tokens) == (1, 1, 0)
    again = await ask("1", "2", cache="refresh")
    assert (again.cached, again.usage.completion_tokens) == (0, 12)
    for each in (first, more, again, off, dry):
        await queen.jobs.delete(each.job_id)
    assert (await ask("1", "2")).cached == 0


async def test_two_at_once_ask_each_row_once(queen: Queen) -> None:
    """The second waits for the first where they ask the same."""
    jobs = [queen.infer_batch({"a": [str(n) for n in range(12)]}, "both {a}", model=QUICK) for _ in range(2)]
    results = [await job for job in jobs]
    assert sum(result.cached for result in results) == 12
    assert all(result.done == 12 for result in results)


async def test_equal_rows_are_asked_once_where_they_answer_alike(queen: Queen) -> None:
    """At temperature 0, or where that is said; each has its row."""
    job = queen.infer_batch({"a": ["s", "t", "s", "s"]}, "alike {a}", model=QUICK, temperature=0.0)
    result = await job
    assert (result.done, result.cached) == (4, 2)
    assert {row.text for i, row in rows([event async for event in job]).items()} != set()
    assert (await queen.infer_batch({"a": ["s", "s"]}, "apart {a}", model=QUICK)).cached == 0


async def test_a_cancel_keeps_what_is_done(queen: Queen) -> None:
    """The rows that were answered are in the log, and are not asked again."""
    cells = [str(n) for n in range(200)]
    job = queen.infer_batch({"a": cells}, "cancel {a}", model=SLOW, max_tokens=20)
    async for event in job:
        if isinstance(event, ProgressEvent) and event.data.unit == "rows" and event.data.done >= 5:
            break
    assert (await job.cancel()).state is State.CANCELLED
    done = rows([event async for event in job])
    assert 5 <= len(done) < 200
    again = await queen.infer_batch({"a": cells[: len(done)]}, "cancel {a}", model=SLOW, max_tokens=20)
    assert again.cached >= len([i for i in done if i < len(done)])


async def test_a_bad_row_kills_no_batch(queen: Queen) -> None:
    """It is a row with an error; more of them than were allowed are an error of the job, and the others stay."""
    cells = ["fine", "long " * 9_000, "fine too"]
    job = queen.infer_batch({"a": cells}, "bad {a}", model=QUICK)
    assert (await job).failures == {"PromptTooLong": 1}
    strict = queen.infer_batch({"a": [None, None, *map(str, range(30))]}, "bad {a}", model=QUICK, max_failures=1)
    with pytest.raises(errors.TooManyFailures, match="2 of 32 rows failed") as caught:
        await strict
    assert caught.value.failures == {"MissingCell": 2}
    shared = await queen.infer_batch({"a": [None, *map(str, range(30))]}, "bad {a}", model=QUICK, max_failures=0.05)
    assert shared.failed == 1


async def test_a_worker_that_dies_costs_no_row(queen: Queen) -> None:
    """Those that it had are asked again, elsewhere or of the next one."""
    job = queen.infer_batch({"a": ["x"]}, "dies {a}", model="sim:words?tokens=9&crash_at_token=4", concurrency=1)
    result = await job
    found = rows([event async for event in job])
    assert result.done == 1
    assert {(row.error.kind if row.error else "", row.attempts) for row in found.values()} == {("WorkerDied", 3)}


async def test_an_unknown_hive_or_model_is_an_error_of_the_job(queen: Queen) -> None:
    """Nothing is a matter of a row there."""
    with pytest.raises(errors.UnknownHive):
        await queen.infer_batch({"a": ["x"]}, "{a}", model=QUICK, hive="nowhere")
    with pytest.raises(errors.UnknownModel):
        await queen.infer_batch({"a": ["x"]}, "{a}", model="sim:none")
    with pytest.raises(errors.InvalidOperation, match="no column 'b'; did you mean"):
        queen.infer_batch({"bb": ["x"]}, "{b}")
    with pytest.raises(errors.InvalidOperation, match="columns is missing"):
        await queen.jobs.create({"operation": "infer_batch", "prompt": "{a}", "rows": 5})


async def test_run_again_it_is_whole(queen: Queen) -> None:
    """`rerun` has the cells, though no record has them."""
    job = queen.infer_batch({"a": ["p", "q"]}, "rerun {a}", model="sim:echo")
    await job
    again = await job.rerun()
    assert (await again).done == 2
    assert {row.text for row in rows([event async for event in again]).values()} == {"rerun p", "rerun q"}


async def killed(home: Path, count: int, after: int) -> tuple[Counter[int], set[int]]:
    """A batch whose queen is killed when so many rows were seen: how often each was asked, and which were seen by then."""
    texts = {digest(f"kill {n}"): n for n in range(count)}
    payload = {"operation": "infer_batch", "prompt": "kill {a}", "columns": {"a": [str(n) for n in range(count)]}}
    async with reigning(home) as (_, asker):
        job_id = (await asker.post({**payload, "model": QUICK, "concurrency": 4})).json["job_id"]
        client = RemoteQueen(asker.url, asker.token, World(), tries=0)
        seen = set[int]()
        async with aclosing(cast("Any", await client.execute_job(job_id))) as events:
            async for event in events:
                seen |= {event.data.i} if isinstance(event, RowEvent) else set()
                if len(seen) >= after:
                    break
        await client.close()
    async with reigning(home) as (_, asker):
        log = read(await asker.log(job_id))
    found = [each["data"]["i"] for each in log if each["type"] == "row"]
    assert sorted(found) == list(range(count))
    assert log[-1]["data"]["state"] == "succeeded"
    asked = Counter(texts[noted.prompt] for noted in Noted.read(Home(home).journal) if noted.what == "start")
    return asked, seen


@pytest.mark.parametrize("seed", range(2))
async def test_a_killed_queen_asks_no_kept_row_again(tmp_path: Path, seed: int) -> None:
    """The next one goes on with the rest: in the end every row is there once."""
    asked, kept = await killed(tmp_path / "home", 120, random.Random(seed).randrange(10, 100))
    assert all(asked[each] == 1 for each in kept)
    assert len(asked) == 120


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
async def test_a_thousand_rows_outlive_their_queen(tmp_path: Path, seed: int) -> None:
    """At any moment of them."""
    asked, kept = await killed(tmp_path / "home", 1000, random.Random(seed).randrange(1, 990))
    assert all(asked[each] == 1 for each in kept)
    assert len(asked) == 1000
