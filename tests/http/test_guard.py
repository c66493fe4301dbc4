"""The guard on a real socket: what may not pass is refused before it is kept, and good callers do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from queenlib.http.app import build_routes
from queenlib.http.limits import HttpLimits
from tests.http.served import TOKEN, Answer, Served, served

MIB = 2**20
LIST = b'{"operation": "hive_list"}'


async def allowed(queen: Served) -> bool:
    """Whether a good caller is served, and no job was made by bad ones."""
    return (await queen.ask("/v1/info")).status == 200 and not (await queen.router.list_jobs()).jobs


async def test_every_route_wants_the_token(queen: Served) -> None:
    """All but the open one, whatever Host and Origin say."""
    for route in build_routes(queen.router):
        path, (method,) = route.path.replace("{job_id}", "job-x"), route.methods or set()
        expected = {200} if path == "/health" else {401}
        assert {(await queen.ask(path, method, token=None)).status} == expected, path
        assert {(await queen.ask(path, method, token="wrong")).status} == expected, path
        assert (await queen.ask(path, method, host="evil.example")).status == 403, path
        assert (await queen.ask(path, method, ["Origin: http://evil.example"])).status == 403, path


async def test_no_bypass_by_host(queen: Served) -> None:
    """A Host that holds a path does not make any route an open one."""
    for route in build_routes(queen.router):
        path, (method,) = route.path.replace("{job_id}", "job-x"), route.methods or set()
        for host in (f"{queen.host}/health?x=", f"{queen.host}/health#", f"x@{queen.host}", ""):
            assert (await queen.ask(path, method, host=host, token=None)).status == 400, (path, host)
        assert (await queen.ask(path, method, [f"Host: {queen.host}"], token=None)).status == 400
        async with queen.talk() as talk:
            await talk.send(f"{method} http://evil.example{path} HTTP/1.1\r\nHost: {queen.host}\r\n\r\n".encode())
            assert (await talk.answer()).status == 400


async def test_all_refusals_for_tokens_are_alike(queen: Served) -> None:
    """None, a wrong one, one in the query and one elsewhere get the same bytes."""
    answers = [
        await queen.ask("/v1/jobs", token=None),
        await queen.ask("/v1/jobs", token="wrong"),
        await queen.ask(f"/v1/jobs?token={TOKEN}&access_token={TOKEN}", token=None),
        await queen.ask("/v1/jobs", headers=[f"X-Api-Key: {TOKEN}"], token=None),
        await queen.ask("/v1/jobs", headers=[f"Authorization: bearer {TOKEN}"], token=None),
        await queen.ask("/v1/jobs", headers=[f"Authorization: Bearer {TOKEN}"]),
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}
    assert answers[0].header("www-authenticate") == 'Bearer realm="queenlib"'
    assert TOKEN.encode() not in answers[0].body


async def test_no_cors_and_no_preflight(queen: Served) -> None:
    """Nothing tells a browser that another site may read an answer."""
    preflight = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"]
    answers = [
        await queen.ask("/v1/jobs", "OPTIONS", preflight, token=None),
        await queen.ask("/v1/jobs", "OPTIONS", preflight),
        await queen.ask("/v1/jobs", "GET", [f"Origin: {queen.url}", "Sec-Fetch-Site: same-origin"]),
        await queen.ask("/v1/jobs", "GET", ["Sec-Fetch-Site: cross-site"]),
    ]
    assert [answer.status for answer in answers] == [403, 403, 200, 403]
    names = {name for answer in answers for name, _ in answer.headers}
    assert not any(name.startswith("access-control") for name in names)
    assert "server" not in names


async def test_a_caller_does_not_say_who_he_is(queen: Served) -> None:
    """What proxies say about the way of a request counts for nothing."""
    headers = ["X-Forwarded-Proto: https", "X-Forwarded-Host: queen.lan", f"Origin: https://{queen.host}"]
    assert (await queen.ask("/v1/info", headers=headers)).status == 403


async def flood(queen: Served, head: list[str], block: bytes, blocks: int, token: str = TOKEN) -> Answer:
    """Send many blocks until the answer comes, and give it."""
    async with queen.talk() as talk, asyncio.timeout(60):
        await talk.send(queen.request("/v1/jobs", "POST", ["Content-Type: application/json", *head], token=token))

        async def pour() -> None:
            for _ in range(blocks):
                await talk.send(block)

        pouring = asyncio.create_task(pour())
        try:
            return await talk.answer()
        finally:
            pouring.cancel()
            await asyncio.gather(pouring, return_exceptions=True)


@pytest.mark.parametrize(
    ("head", "block", "token", "status"),
    [
        (["Content-Length: 83886080"], b"x" * MIB, TOKEN, 413),
        (["Content-Length: 10737418240"], b"x" * MIB, TOKEN, 413),
        (["Content-Length: 83886080"], b"x" * MIB, "wrong", 401),
        (["Transfer-Encoding: chunked"], b"100000\r\n" + b"x" * MIB + b"\r\n", TOKEN, 413),
        (["Transfer-Encoding: chunked"], b"100000\r\n" + b"x" * MIB + b"\r\n", "wrong", 401),
        (["Content-Length: 10", "Content-Length: 20"], b"x" * 20, TOKEN, 400),
        (["Content-Length: 10", "Transfer-Encoding: chunked"], b"x" * 20, TOKEN, 400),
        (["Content-Length: -1"], b"", TOKEN, 400),
    ],
)
async def test_floods_are_refused_unbuffered(queen: Served, head: list[str], block: bytes, token: str, status: int) -> None:
    """80 MiB, by length or in pieces, are not held beyond the limit, and the sender gets to read why."""
    before = psutil.Process().memory_info().rss
    answer = await flood(queen, head, block, 80, token)
    assert answer.status == status
    held = HttpLimits().body if "chunked" in head[0] and status == 413 else 0  # by length it is refused before it comes
    assert psutil.Process().memory_info().rss - before < 24 * MIB + held
    assert await allowed(queen)


async def test_a_long_head_is_refused(queen: Served) -> None:
    """By the guard while it is moderate, before it is even whole when it is not."""
    assert (await queen.ask("/v1/info", headers=[f"X-{n}: y" for n in range(200)])).status == 431
    assert (await queen.ask("/v1/info", headers=["X: " + "y" * 20_000])).status == 431
    assert (await queen.ask("/v1/info", token="x" * MIB)).status == 431
    assert await allowed(queen)


async def test_other_bodies_are_refused(queen: Served) -> None:
    """Text that holds JSON is not JSON; a page can send it without asking."""
    async with queen.talk() as talk:
        await talk.send(
            queen.request("/v1/jobs", "POST", ["Content-Type: text/plain", f"Content-Length: {len(LIST)}"]) + LIST
        )
        assert (await talk.answer()).status == 415
    assert await allowed(queen)


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Served]:
    """A queen that waits 0.2 s for a body."""
    async with served(tmp_path, limits=HttpLimits(body_s=0.2)) as made:
        yield made


async def test_a_body_comes_in_its_time(hasty: Served) -> None:
    """One that dribbles is refused, and one that is cut off by its sender makes nothing."""
    async with hasty.talk() as talk, asyncio.timeout(30):
        await talk.send(
            hasty.request("/v1/jobs", "POST", ["Content-Type: application/json", "Content-Length: 30"]) + LIST[:5]
        )
        answer = await talk.answer()
    assert (answer.status, answer.json["type"]) == (408, "InvalidRequest")
    async with hasty.talk() as talk:
        await talk.send(
            hasty.request("/v1/jobs", "POST", ["Content-Type: application/json", "Content-Length: 30"]) + LIST[:5]
        )
    assert await allowed(hasty)


async def test_a_body_in_pieces_is_a_body(queen: Served) -> None:
    """A good one in pieces makes a job."""
    async with queen.talk() as talk, asyncio.timeout(30):
        head = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
        await talk.send(
            queen.request("/v1/jobs", "POST", head), b"5\r\n" + LIST[:5], b"\r\n15\r\n" + LIST[5:] + b"\r\n", b"0\r\n\r\n"
        )
        assert (await talk.answer()).status == 201
