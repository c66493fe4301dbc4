"""A key names one job: whoever asks again with it gets that job, whatever happened to the answer, or to the queen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from queenlib import Infer, Queen, errors
from queenlib.home import Home
from queenlib.messages.hive import HiveList
from queenlib.messages.job import JobTicket
from queenlib.messages.state import State
from tests.client.cutting import Wire, wire
from tests.flow.asking import Asker, reigning, starts
from tests.flow.conftest import near, served
from tests.http.served import TOKEN, Answer, Served
from tests.http.served import served as listening

MANY = 32
QUICK = {"operation": "infer", "prompt": "Count.", "model": "sim:words?tokens=5&tokens_per_s=1000"}
SLOW = {"operation": "infer", "prompt": "Count.", "model": "sim:words?tokens=40&tokens_per_s=100"}
LIST = {"operation": "hive_list"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Served]:
    """A queen behind a real socket, with a home of her own."""
    async with listening(tmp_path) as queen:
        yield queen


@pytest.fixture
def asker(here: Served) -> Asker:
    """Somebody who knows where she is."""
    return Asker(here.url, TOKEN)


async def ids(queen: Served) -> list[str]:
    """All jobs."""
    return [job.id for job in (await queen.router.list_jobs()).jobs]


async def test_many_at_once_make_one_job_and_one_start(here: Served, asker: Asker) -> None:
    """32 posts, each over its own connection: 32 equal answers, one job, and one answer was begun by a worker."""
    answers = await asyncio.gather(*(asker.post(QUICK, b"one-of-many") for _ in range(MANY)))
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    ticket = JobTicket.model_validate_json(answers[0].body)
    assert await ids(here) == [ticket.job_id]
    logs = {await asker.log(ticket.job_id) for _ in range(3)}
    assert len(logs) == 1
    assert (await asker.post(QUICK, b"one-of-many")).body == answers[0].body  # as well when it has ended
    assert (await here.router.get_job(ticket.job_id)).state is State.SUCCEEDED
    assert starts(here.state.home.path) == 1


async def test_many_keys_at_once_are_as_many_jobs(here: Served, asker: Asker) -> None:
    """Each key has its own job, asked for four times; none gets another's."""
    keys = [f"key-{number % 8}".encode() for number in range(MANY)]
    answers = await asyncio.gather(*(asker.post(LIST, key) for key in keys))
    told = {(key, answer.json["job_id"]) for key, answer in zip(keys, answers, strict=True)}
    assert len(told) == 8
    assert {job_id for _, job_id in told} == set(await ids(here))


async def asked_until_answered(
    current: Callable[[], Asker], answers: list[Answer], payload: dict[str, Any], query: str
) -> None:
    """What whoever keeps to the rules does: ask, and where no answer comes, ask again with the same key."""
    while True:
        try:
            answers.append(await current().post(payload, b"the-same", query))
        except (OSError, asyncio.IncompleteReadError, ValueError):
            await asyncio.sleep(0.02)
        else:
            return


@pytest.mark.parametrize(
    ("query", "when"), [("", 0), ("", 1), ("", MANY // 2), ("?start=on_stream", 1), ("?start=on_stream", 4), ("?retry=1", 2)]
)
async def test_the_same_key_across_the_death_of_the_queen(tmp_path: Path, query: str, when: int) -> None:
    """Killed when so many had their answers: all get equal ones in the end, and one job is there, begun once at most."""
    home, answers = tmp_path / "home", list[Answer]()
    async with reigning(home) as (first, asker):
        at = [asker]
        asking = [asyncio.create_task(asked_until_answered(lambda: at[0], answers, SLOW, query)) for _ in range(MANY)]
        while len(answers) < when:
            await asyncio.sleep(0)
        first.kill()
        await first.process.wait()
    async with reigning(home) as (_, at[0]):
        async with asyncio.timeout(60):
            await asyncio.gather(*asking)
        assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
        job_id = answers[0].json["job_id"]
        listed = (await at[0].ask("GET", "/v1/jobs")).json["jobs"]
        assert [job["id"] for job in listed] == [job_id]
        log = (await at[0].log(job_id)).decode()
        record = (await at[0].ask("GET", f"/v1/jobs/{job_id}")).json
    attempts = log.count("event: attempt")
    assert log.count("event: end") == 1
    assert record["attempt"] == attempts + 1
    assert record["state"] == "succeeded" or (query == "" and record["state"] == "lost")
    if query == "?start=on_stream":
        assert (attempts, starts(home)) == (0, 1)
    assert starts(home) <= record["attempt"]
    assert starts(home) == record["attempt"] or attempts or record["state"] == "lost"


async def test_another_payload_under_a_key_is_a_conflict(here: Served, asker: Asker) -> None:
    """409 with the id of the job that has the key; no job is made, and that one is not touched."""
    job_id = (await asker.post(LIST, b"mine")).json["job_id"]
    await asker.log(job_id)
    before = await here.router.get_job(job_id)
    for payload, query in (
        (QUICK, ""),
        ({**LIST, "operation": "status"}, ""),
        (LIST, "?retry=1"),
        (LIST, "?start=on_stream"),
    ):
        answer = await asker.post(payload, b"mine", query)
        assert (answer.status, answer.json["type"]) == (409, "KeyConflict")
        assert answer.json["problem"]["fields"] == {"key": "mine", "other_id": job_id}
        assert job_id in answer.json["title"]
    assert (await ids(here), await here.router.get_job(job_id)) == ([job_id], before)
    assert (await asker.post(LIST, b"mine")).json["job_id"] == job_id


async def test_the_same_payload_may_be_written_in_another_way(here: Served, asker: Asker) -> None:
    """What counts is what it means: its order, its spaces, and whether what is the rule anyway is said."""
    texts = [
        b'{"operation": "infer", "prompt": "x", "model": "sim:echo", "stop": ["a", "\\u00e9"]}',
        b'{"stop":["\\u0061","\xc3\xa9"],"model":"sim:echo","prompt":"x","operation":"infer"}',
        b'{"operation": "infer", "prompt": "x", "model": "sim:echo", "stop": ["a", "\xc3\xa9"], "private": false}',
    ]
    answers = [await asker.post(text, b"k", query) for text in texts for query in ("", "?start=now", "?retry=0")]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == len(await ids(here)) == 1


async def test_many_payloads_at_once_under_one_key_are_one_job(here: Served, asker: Asker) -> None:
    """One of them has the key, and all the others are told which."""
    answers = await asyncio.gather(*(asker.post({**QUICK, "seed": number % 4}, b"k") for number in range(MANY)))
    (job_id,) = await ids(here)
    assert sorted(answer.status for answer in answers) == [201] * 8 + [409] * 24
    for answer in answers:
        told = answer.json["job_id"] if answer.status == 201 else answer.json["problem"]["fields"]["other_id"]
        assert told == job_id


KEYS = [b"", b"   ", b"a b", b"a\tb", b"x" * 256, b"\xc3\xa9", b"\xff", "clé".encode()]


@pytest.mark.parametrize("key", KEYS)
async def test_what_is_no_key_is_refused(here: Served, asker: Asker, key: bytes) -> None:
    """400 with what a key is; no job is made, and it is not sent back."""
    answer = await asker.post(LIST, key)
    assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")
    assert "1 to 255 visible ASCII characters" in answer.json["detail"]
    assert await ids(here) == []


async def test_two_keys_are_none(here: Served, asker: Asker) -> None:
    """One that is there twice is refused, also where both are the same."""
    for second in (b"a", b"b"):
        answer = await asker.ask("POST", "/v1/jobs", LIST, b"Idempotency-Key: a", b"idempotency-key: " + second)
        assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")
    assert await ids(here) == []


@pytest.mark.parametrize("key", [b"k", b"x" * 255, bytes(range(33, 127)), b"../../etc/passwd", b"';--"])
async def test_what_is_a_key_is_taken(here: Served, asker: Asker, key: bytes) -> None:
    """All visible ASCII characters, 255 at most, with upper and lower case told apart."""
    job_id = (await asker.post(LIST, key)).json["job_id"]
    assert (await asker.post(LIST, b"  " + key)).json["job_id"] == job_id  # that is how headers are read
    assert (await here.router.get_job(job_id)).terms.key == key.decode()
    if key != key.swapcase():
        assert (await asker.post(LIST, key.swapcase())).json["job_id"] != job_id


async def test_a_deleted_job_gives_its_key_back(here: Served, asker: Asker) -> None:
    """Whoever asks with it then makes a new job, of whatever payload."""
    job_id = (await asker.post(LIST, b"k")).json["job_id"]
    await asker.log(job_id)
    assert (await asker.ask("DELETE", f"/v1/jobs/{job_id}/log")).status == 200
    other = await asker.post(QUICK, b"k")
    assert (other.status, await ids(here)) == (201, [other.json["job_id"]])


async def test_a_refused_payload_takes_no_key(here: Served, asker: Asker) -> None:
    """What made no job has no key: it is free for the one that is right."""
    assert (await asker.post({"operation": "hive_lst"}, b"k")).status == 422
    assert (await asker.post(b"{", b"k")).status == 400
    assert (await asker.post(LIST, b"k", "?retry=101")).status == 400
    assert (await asker.post(LIST, b"k")).status == 201
    assert len(await ids(here)) == 1


@pytest.mark.parametrize("opened", [near, served])
async def test_keys_in_python(opened: Callable[[Path], AbstractContextManager[Queen]], tmp_path: Path) -> None:
    """`infer(key=)` and `jobs.create(op, key=)` give the same job again, and its result; another payload is a conflict."""
    with opened(tmp_path) as queen:
        jobs = [queen.infer("hello", model="sim:echo", key="k") for _ in range(3)]
        same = await queen.jobs.create(Infer(prompt="hello", model="sim:echo"), key="k")
        assert {job.id for job in jobs} == {same.id}
        assert [(await job).text for job in jobs] == ["hello"] * 3
        assert (await same).job_id == same.id
        assert queen.sync.jobs.create(Infer(prompt="hello", model="sim:echo"), key="k").id == same.id
        with pytest.raises(errors.KeyConflict) as caught:
            queen.infer("another", model="sim:echo", key="k")
        assert (caught.value.key, caught.value.other_id) == ("k", same.id)
        with pytest.raises(errors.KeyConflict):
            await queen.jobs.create(Infer(prompt="hello", model="sim:echo"), key="k", retry=2)
        assert len((await queen.jobs.list()).jobs) == 1
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\n", "a\0", 5, b"k"])
def test_what_is_no_key_is_refused_on_the_line_that_says_it(tmp_path: Path, key: Any) -> None:
    """A typed error at once, and no job."""
    with Queen(tmp_path) as queen:
        with pytest.raises(errors.InvalidRequest, match="key"):
            queen.infer("x", model="sim:echo", key=key)
        with pytest.raises(errors.InvalidRequest, match="key"):
            queen.sync.jobs.create(HiveList(), key=key)
        assert queen.sync.jobs.list().jobs == ()


@pytest.mark.parametrize("opened", [near, served])
async def test_unsaid_each_call_is_a_job(opened: Callable[[Path], AbstractContextManager[Queen]], tmp_path: Path) -> None:
    """The same thing asked for twice is done twice."""
    with opened(tmp_path) as queen:
        first, second = (queen.infer("hello", model="sim:echo") for _ in range(2))
        assert first.id != second.id
        assert [(await job).text for job in (first, second)] == ["hello"] * 2
    assert starts(tmp_path) == 2


def cut_off(line: Wire, home: Path) -> Queen:
    """A handle on the queen at the other end of a wire."""
    return Queen.connect(f"http://127.0.0.1:{line.port}", token_file=Home(home).token_file)


async def test_a_lost_answer_makes_no_second_job(tmp_path: Path) -> None:
    """The call asks again by itself with a key of its own, over and over: one job, one start, and its answer."""
    async with wire(0, 10, 100) as line, listening(tmp_path, names=[f"127.0.0.1:{line.port}"]) as queen:
        line.lead_to(queen.url)
        Home(tmp_path).token_file.write_text(TOKEN)
        Home(tmp_path).token_file.chmod(0o600)
        async with cut_off(line, tmp_path) as far:
            job = await far.jobs.create(Infer(prompt="hello", model="sim:echo"))
            assert line.connections >= 4
            assert (await job).text == "hello"
        (record,) = (await queen.router.list_jobs()).jobs
        assert record.id == job.id
        assert (record.terms.key or "").startswith("auto-")
    assert starts(tmp_path) == 1


async def test_a_key_outlives_its_queen(tmp_path: Path) -> None:
    """Of a job that had ended: closed or killed, the next queen gives the same job to the same key, and tells a conflict."""
    home, told = tmp_path / "home", list[bytes]()
    for _ in range(3):
        async with reigning(home) as (_, asker):
            told.append((await asker.post(QUICK, b"k")).body)
            await asker.log(json.loads(told[-1])["job_id"])
            assert (await asker.post(LIST, b"k")).json["type"] == "KeyConflict"
    with Queen(home) as queen:
        job = queen.infer(QUICK["prompt"], model=QUICK["model"], key="k")
        assert {job.id} == {json.loads(each)["job_id"] for each in told}
        assert job.wait(30).usage.completion_tokens == 5
    assert starts(home) == 1
