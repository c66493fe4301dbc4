"""Jobs over HTTP: one request, one call of the router, and what it gives as JSON."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.messages.job import CreatedJob, JobListing, JobRecord, JobTicket, Pruned
from queenlib.messages.state import State
from tests.http.served import Served


async def finished(queen: Served, job_id: str) -> JobRecord:
    """The job, when it has ended."""
    async for _ in await queen.router.execute_job(job_id):
        pass
    return await queen.router.get_job(job_id)


async def test_one_post_makes_one_job(queen: Served) -> None:
    """A ticket comes back, with a relative address, and one job is there."""
    made = await queen.post({"operation": "hive_list"})
    assert (made.status, made.header("content-type")) == (201, "application/json")
    ticket = JobTicket.model_validate_json(made.body)
    assert ticket.sse_url == f"/v1/jobs/{ticket.job_id}/stream"
    assert [job.id for job in (await queen.router.list_jobs()).jobs] == [ticket.job_id]


async def test_who_prefers_it_gets_the_job_with_its_ticket(queen: Served) -> None:
    """As it is when it was made: nobody has to ask for it."""
    body = b'{"operation": "hive_list"}'
    sent = await queen.ask("/v1/jobs?start=on_stream&tag=a", "POST", ["Prefer: return=representation"], body)
    made = CreatedJob.model_validate_json(sent.body)
    assert (sent.status, made.job) == (201, await queen.router.get_job(made.job_id))
    assert made.job.terms.tags == ("a",)
    assert not {"job"} & (await queen.post(body)).json.keys()


async def test_a_job_is_shown_with_its_result(queen: Served) -> None:
    """What the router knows of a job is what comes back, whole."""
    ticket = JobTicket.model_validate_json((await queen.post({"operation": "hive_list"})).body)
    record = await finished(queen, ticket.job_id)
    assert record.result is not None
    assert JobRecord.model_validate_json((await queen.ask(f"/v1/jobs/{ticket.job_id}")).body) == record


async def test_a_job_may_wait_for_its_stream(queen: Served) -> None:
    """With `start=on_stream` it stays queued until somebody looks."""
    made = await queen.post({"operation": "hive_list"}, "?start=on_stream")
    job_id = made.json["job_id"]
    assert (await queen.router.get_job(job_id)).state is State.QUEUED
    streamed = await queen.ask(f"/v1/jobs/{job_id}/stream")
    assert b"event: end" in streamed.body


async def test_jobs_are_listed_page_by_page(queen: Served) -> None:
    """Newest first, each once, with a cursor to the next page."""
    made = [(await queen.post({"operation": "hive_list"})).json["job_id"] for _ in range(5)]
    first = JobListing.model_validate_json((await queen.ask("/v1/jobs?limit=3")).body)
    second = JobListing.model_validate_json((await queen.ask(f"/v1/jobs?limit=3&cursor={first.next}")).body)
    assert [job.id for job in (*first.jobs, *second.jobs)] == made[::-1]
    assert second.next is None


async def test_delete_cancels(queen: Served) -> None:
    """It answers when the job has ended, and twice is as good as once."""
    job_id = await queen.run(["a"], asyncio.Event())
    for _ in range(2):
        cancelled = await queen.ask(f"/v1/jobs/{job_id}", "DELETE")
        assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        ("/v1/jobs/job-nosuchjob000", "GET", 404),
        ("/v1/jobs/job-nosuchjob000", "DELETE", 404),
        ("/v1/jobs/job-nosuchjob000/stream", "GET", 404),
        ("/v1/jobs/%2e%2e%2f%2e%2e", "GET", 404),
        ("/v1/jobs/..%2fjobs", "GET", 404),
        ("/v1/jobs/a%00b", "GET", 404),
        ("/v1/jobs/%ff%fe", "GET", 404),
        ("/v1/jobs/" + "x" * 10_000, "GET", 404),
        ("/v1/jobs/", "GET", 404),
        ("/V1/jobs", "GET", 404),
        ("/", "GET", 404),
        ("/v1/jobs", "PUT", 415),
        ("/v1/jobs", "DELETE", 400),
        ("/v1/jobs", "OPTIONS", 405),
        ("/v1/jobs", "HEAD", 405),
        ("/v1/jobs?limit=0", "GET", 400),
        ("/v1/jobs?limit=1001", "GET", 400),
        ("/v1/jobs?limit=1&limit=2", "GET", 400),
        ("/v1/jobs?cursor=abc", "GET", 400),
        ("/v1/jobs?cursor=-1", "GET", 400),
        ("/v1/jobs?cursor=99999999999999999999", "GET", 400),
        ("/v1/jobs?unknown=1", "GET", 400),
        ("/v1/jobs/job-nosuchjob000/log", "DELETE", 404),
        ("/v1/jobs/job-nosuchjob000/log", "GET", 405),
        ("/v1/jobs/job-nosuchjob000/log?x=1", "DELETE", 400),
        ("/v1/jobs/log", "DELETE", 404),
        ("/v1/prune", "GET", 405),
        ("/v1/prune", "DELETE", 405),
        ("/v1/jobs?cursor=999999", "GET", 200),
    ],
)
async def test_odd_requests(queen: Served, target: str, method: str, status: int) -> None:
    """What cannot be done has its status and, but for HEAD, its problem; the queen lives on."""
    async with queen.talk() as talk, asyncio.timeout(30):
        await talk.send(queen.request(target, method))
        answer = await (talk.head() if method == "HEAD" else talk.answer())
    assert answer.status == status
    if status >= 400:
        assert answer.header("content-type") == "application/problem+json"
    assert (await queen.ask("/health")).status == 200


async def test_start_is_one_of_two(queen: Served) -> None:
    """Another word is refused, and no job is made."""
    assert (await queen.post({"operation": "hive_list"}, "?start=later")).status == 400
    assert (await queen.router.list_jobs()).jobs == ()


@pytest.mark.parametrize("retry", ["101", "-1", "1.0", "", "x", "1e1"])
async def test_retry_is_a_number(queen: Served, retry: str) -> None:
    """From 0 to 100 in digits; anything else is refused, and no job is made."""
    assert (await queen.post({"operation": "hive_list"}, f"?retry={retry}")).status == 400
    assert (await queen.router.list_jobs()).jobs == ()


async def test_what_is_agreed_is_kept(queen: Served) -> None:
    """Key, start, retry, tags and timeout are the job's, and are shown with it."""
    body = b'{"operation": "hive_list"}'
    query = "start=on_stream&retry=100&tag=b&tag=a&timeout=60.5"
    made = await queen.ask(f"/v1/jobs?{query}", "POST", ["Idempotency-Key: k"], body)
    shown = (await queen.ask(f"/v1/jobs/{made.json['job_id']}")).json
    agreed = {"start": "on_stream", "key": "k", "retry": 100, "tags": ["a", "b"], "timeout": 60.5, "repeats": None}
    assert shown["terms"] == agreed


async def test_a_job_that_has_ended_is_removed(queen: Served) -> None:
    """`DELETE …/log` of one at work is 409 and leaves it; when it has ended it is removed, and then it is not there."""
    gate = asyncio.Event()
    job_id = await queen.run(["a"], gate)
    refused = await queen.ask(f"/v1/jobs/{job_id}/log", "DELETE")
    assert (refused.status, refused.json["type"]) == (409, "InUse")
    assert not (await queen.router.get_job(job_id)).state.ended
    gate.set()
    await finished(queen, job_id)
    removed = await queen.ask(f"/v1/jobs/{job_id}/log", "DELETE")
    assert (removed.status, removed.json) == (200, {"kind": "job", "id": job_id})
    again = await queen.ask(f"/v1/jobs/{job_id}/log", "DELETE")
    assert (again.status, again.json["type"]) == (404, "UnknownJob")


async def test_jobs_are_pruned(queen: Served) -> None:
    """What comes back is what went; by a dry run nothing goes."""
    job_id = await queen.run(["a"])
    await finished(queen, job_id)
    for dry_run, left in ((True, 1), (False, 0)):
        answer = await queen.ask("/v1/prune", "POST", body=b'{"size": 0, "dry_run": %s}' % str(dry_run).lower().encode())
        assert (answer.status, answer.header("content-type")) == (200, "application/json")
        pruned = Pruned.model_validate_json(answer.body)
        assert ([job.id for job in pruned.jobs], pruned.dry_run) == ([job_id], dry_run)
        assert len((await queen.router.list_jobs()).jobs) == left


PRUNES = [
    b"{}", b'{"dry_run": true}', b'{"age_s": null, "size": null}', b'{"age_s": -1}', b'{"size": -1}', b'{"size": 1.5}',
    b'{"age_s": "1"}', b'{"age_s": true}', b'{"size": true}', b'{"age_s": 0, "dry_run": 1}', b'{"size": 0, "dry_run": 0.0}',
    b'{"age": 0}', b'{"age_s": 0, "older_than": 0}', b'{"age_s": NaN}', b'{"age_s": 1e999}', b'{"size": 99999999999999999}',
    b"[]", b"", b'{"age_s": 0, "age_s": 0}',
]  # fmt: skip


@pytest.mark.parametrize("body", PRUNES)
async def test_what_does_not_say_what_is_to_go_removes_nothing(queen: Served, body: bytes) -> None:
    """400, whatever is wrong with it, and every job is still there."""
    await finished(queen, await queen.run(["a"]))
    answer = await queen.ask("/v1/prune", "POST", body=body)
    assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")
    assert answer.json["problem"]["next"]
    assert len((await queen.router.list_jobs()).jobs) == 1
    assert (await queen.ask("/v1/prune?dry_run=true", "POST", body=b'{"age_s": 0}')).status == 400
    assert len((await queen.router.list_jobs()).jobs) == 1


async def test_a_bad_operation_names_every_field(queen: Served) -> None:
    """It is 422, with the same problems as near."""
    answer = await queen.post({"operation": "infer", "prompt": "x", "temprature": 1, "max_tokens": "5"})
    assert answer.status == 422
    fields = {each["field"] for each in answer.json["problem"]["fields"]["problems"]}
    assert fields == {"temprature", "max_tokens"}
    assert (await queen.router.list_jobs()).jobs == ()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
async def test_numbers_that_are_none(queen: Served, number: str) -> None:
    """They are refused before they are an operation."""
    answer = await queen.post(b'{"operation": "infer", "prompt": "x", "temperature": %s}' % number.encode())
    assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")


async def test_lone_surrogates(queen: Served) -> None:
    """Text that is no text makes no job."""
    assert (await queen.post(b'{"operation": "infer", "prompt": "\\ud800"}')).status == 422
    assert (await queen.router.list_jobs()).jobs == ()


async def test_a_queen_who_ends_refuses_jobs_and_says_when_to_come_again(queen: Served) -> None:
    """503 with Retry-After in whole seconds; looking at what is there goes on, and so does who reads."""
    gate = asyncio.Event()
    job_id = await queen.run(["a"], gate)
    draining = asyncio.create_task(queen.router.door.drain(30))
    await asyncio.sleep(0)
    refused = await queen.post({"operation": "hive_list"})
    assert (refused.status, refused.json["type"]) == (503, "QueenDraining")
    assert 1 <= int(refused.header("retry-after") or 0) <= 30
    info = (await queen.ask("/v1/info")).json
    assert (info["draining"], sum(info["unfinished"].values())) == (True, 1)
    reading = asyncio.create_task(queen.ask(f"/v1/jobs/{job_id}/stream"))
    gate.set()
    assert b"event: end" in (await reading).body
    await draining
