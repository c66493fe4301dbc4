"""Who may pass: the whole judgement on the raw scope, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.http.judge import Policy, has_body, judge
from queenlib.http.limits import HttpLimits
from queenlib.version import PROTOCOL

TOKEN = "the-right-token"
POLICY = Policy(TOKEN, frozenset({"queen.lan", "queen.lan:8443"}), HttpLimits(body=1000, headers=20, head=4000))
RIGHT = (b"authorization", b"Bearer " + TOKEN.encode())
HOST = (b"host", b"127.0.0.1:8000")


def scope(
    *headers: tuple[bytes, bytes], path: bytes = b"/v1/jobs", method: str = "GET", here: str = "127.0.0.1"
) -> dict[str, Any]:
    """A request's head as it is before anything is made of it."""
    return {
        "type": "http", "scheme": "http", "server": (here, 8000), "method": method,
        "path": path.decode(), "raw_path": path, "query_string": b"", "headers": list(headers),
    }  # fmt: skip


def status(*headers: tuple[bytes, bytes], **more: Any) -> int | None:
    """The status that such a request is refused with; `None` if it may pass."""
    refusal = judge(scope(*headers, **more), POLICY)
    return refusal.status if refusal else None


@pytest.mark.parametrize(
    ("here", "host", "expected"),
    [
        ("127.0.0.1", b"127.0.0.1:8000", None),
        ("127.0.0.1", b"localhost:8000", None),
        ("127.0.0.1", b"LOCALHOST:8000", None),
        ("127.0.0.1", b"[::1]:8000", None),
        ("::1", b"[::1]:8000", None),
        ("::1", b"localhost:8000", None),
        ("127.0.0.1", b"queen.lan", None),
        ("127.0.0.1", b"queen.lan:8443", None),
        ("192.0.2.7", b"192.0.2.7:8000", None),
        ("192.0.2.7", b"localhost:8000", 403),
        ("192.0.2.7", b"127.0.0.1:8000", 403),
        ("192.0.2.7", b"192.0.2.8:8000", 403),
        ("127.0.0.1", b"queen.lan:8000", 403),
        ("127.0.0.1", b"127.0.0.1", 403),
        ("127.0.0.1", b"127.0.0.1:8001", 403),
        ("127.0.0.1", b"localhost.:8000", 400),
        ("127.0.0.1", b"127.1:8000", 403),
        ("127.0.0.1", b"2130706433:8000", 403),
        ("127.0.0.1", b"evil.example", 403),
        ("127.0.0.1", b"evil.example:8000", 403),
        ("127.0.0.1", b"localhost.evil.example:8000", 403),
        ("127.0.0.1", b"127.0.0.1@evil.example:8000", 400),
        ("127.0.0.1", b"evil.example/health?x=", 400),
        ("127.0.0.1", b"127.0.0.1:8000/health", 400),
        ("127.0.0.1", b"127.0.0.1:", 400),
        ("127.0.0.1", b"127.0.0.1:8000:8000", 400),
        ("127.0.0.1", b"127.0.0.1:+8000", 400),
        ("127.0.0.1", b"127.0.0.1 :8000", 400),
        ("127.0.0.1", b"\xc3\xa9vil", 400),
        ("127.0.0.1", b"", 400),
    ],
)
def test_hosts(here: str, host: bytes, expected: int | None) -> None:
    """Only our own names pass; what is no name is told apart from a foreign one."""
    assert status((b"host", host), RIGHT, here=here) == expected


def test_host_is_there_once() -> None:
    """None or two is no host, whatever they say."""
    assert status(RIGHT) == 400
    assert status(HOST, HOST, RIGHT) == 400
    assert status(HOST, (b"host", b"evil.example"), RIGHT) == 400


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"origin", b"http://127.0.0.1:8000")], None),
        ([(b"sec-fetch-site", b"same-origin")], None),
        ([(b"sec-fetch-site", b"none")], None),
        ([(b"origin", b"http://evil.example")], 403),
        ([(b"origin", b"null")], 403),
        ([(b"origin", b"")], 403),
        ([(b"origin", b"https://127.0.0.1:8000")], 403),
        ([(b"origin", b"http://127.0.0.1")], 403),
        ([(b"origin", b"http://localhost:8000")], 403),
        ([(b"origin", b"http://127.0.0.1:8000.evil.example")], 403),
        ([(b"origin", b"http://127.0.0.1:8000/")], 403),
        ([(b"origin", b"http://127.0.0.1:8000"), (b"origin", b"http://evil.example")], 403),
        ([(b"sec-fetch-site", b"cross-site")], 403),
        ([(b"sec-fetch-site", b"same-site")], 403),
        ([(b"sec-fetch-site", b"SAME-ORIGIN")], 403),
        ([(b"sec-fetch-site", b"none"), (b"sec-fetch-site", b"cross-site")], 403),
    ],
)
def test_origins(headers: list[tuple[bytes, bytes]], expected: int | None) -> None:
    """A page passes only if it is our own, compared as a whole."""
    assert status(HOST, RIGHT, *headers) == expected


def test_a_foreign_page_is_refused_even_what_is_open() -> None:
    """Open is open to programs, not to other sites' pages or names."""
    assert status(HOST, path=b"/health") is None
    assert status(HOST, (b"origin", b"http://evil.example"), path=b"/health") == 403
    assert status((b"host", b"evil.example:8000"), path=b"/health") == 403


@pytest.mark.parametrize(
    "shown",
    [
        [],
        [b""],
        [b"Bearer"],
        [b"Bearer "],
        [b"Bearer the-right-toke"],
        [b"Bearer the-right-token "],
        [b"Bearer  the-right-token"],
        [b"bearer the-right-token"],
        [b"BEARER the-right-token"],
        [b"Basic the-right-token"],
        [b"the-right-token"],
        [b"Bearer the-right-token", b"Bearer the-right-token"],
        [b"Bearer the-right-token", b"Bearer wrong"],
        [b"Bearer wrong", b"Bearer the-right-token"],
        [b"Bearer ' OR 1=1 --"],
        [b"Bearer \xff\xfe"],
        [b"Bearer {{7*7}}"],
    ],
)
def test_tokens(shown: list[bytes]) -> None:
    """One header with the very token, or the same refusal for all."""
    refusal = judge(scope(HOST, *((b"authorization", value) for value in shown)), POLICY)
    none = judge(scope(HOST), POLICY)
    assert refusal is not None
    assert none is not None
    assert (refusal.status, refusal.headers) == (401, ((b"www-authenticate", b'Bearer realm="queenlib"'),))
    assert refusal.error.problem() == none.error.problem()


@pytest.mark.parametrize("header", [b"x-api-key", b"cookie", b"proxy-authorization", b"x-authorization"])
def test_the_token_has_one_place(header: bytes) -> None:
    """It does not count elsewhere."""
    assert status(HOST, (header, RIGHT[1])) == 401


@pytest.mark.parametrize("path", [b"/health/", b"/Health", b"/%68ealth", b"//health", b"/health/../v1/jobs", b"/v1/jobs"])
def test_only_the_very_path_is_open(path: bytes) -> None:
    """What only looks like it, or decodes to it, is not."""
    assert status(HOST, path=path) == 401


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"content-length", b"1000"), (b"content-type", b"application/json")], None),
        ([(b"content-length", b"9"), (b"content-type", b"application/json; charset=utf-8")], None),
        ([(b"content-length", b"9"), (b"content-type", b'Application/JSON;charset="UTF-8"')], None),
        ([(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")], None),
        ([(b"content-length", b"1001"), (b"content-type", b"application/json")], 413),
        ([(b"content-length", b"10737418240")], 413),
        ([(b"content-length", b"-1")], 400),
        ([(b"content-length", b"1e3")], 400),
        ([(b"content-length", b"9"), (b"content-length", b"9")], 400),
        ([(b"content-length", b"9")], 415),
        ([(b"transfer-encoding", b"chunked")], 415),
        ([], 415),
        ([(b"content-length", b"9"), (b"content-type", b"text/plain")], 415),
        ([(b"content-length", b"9"), (b"content-type", b"application/json; charset=utf-16")], 415),
        ([(b"content-length", b"9"), (b"content-type", b"application/jsonp")], 415),
        ([(b"content-length", b"9"), (b"content-type", b"application/json, text/plain")], 415),
        ([(b"content-length", b"9"), (b"content-type", b"application/json"), (b"content-type", b"text/plain")], 415),
        ([(b"content-length", b"9"), (b"content-type", b"application/json"), (b"content-encoding", b"gzip")], 415),
    ],
)
def test_bodies(headers: list[tuple[bytes, bytes]], expected: int | None) -> None:
    """JSON within the limit, called so, or nothing of it is read."""
    assert status(HOST, RIGHT, *headers, method="POST") == expected


def test_a_body_needs_the_token_first() -> None:
    """Without it, nobody learns what a queen takes."""
    assert status(HOST, (b"content-length", b"99999"), method="POST") == 401


def test_heads_are_bounded() -> None:
    """Neither many lines nor long ones pass."""
    assert status(HOST, RIGHT, *[(b"x", b"y")] * 18) is None
    assert status(HOST, RIGHT, *[(b"x", b"y")] * 19) == 431
    assert status(HOST, RIGHT, (b"x", b"y" * 4000)) == 431


def test_what_has_a_body() -> None:
    """Its head says so, by a length or by pieces."""
    assert not has_body(scope())
    assert not has_body(scope((b"content-length", b"0")))
    assert has_body(scope((b"content-length", b"00")))
    assert has_body(scope((b"transfer-encoding", b"chunked")))


NAMES = st.sampled_from([b"host", b"origin", b"authorization", b"sec-fetch-site", b"content-length", b"content-type"])


@given(st.lists(st.tuples(NAMES, st.binary(max_size=30)), max_size=8))
def test_nobody_passes_without_the_token(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever else a head holds, it is judged without an error, refused, and not one value of it is sent back."""
    refusal = judge(scope(*headers), POLICY)
    assert refusal is not None
    assert refusal.status in (400, 401, 403, 413, 415, 431)


def test_the_token_is_not_shown() -> None:
    """A policy does not print it."""
    assert TOKEN not in repr(POLICY)


@pytest.mark.parametrize(
    ("said", "path", "expected"),
    [
        ([str(PROTOCOL)], "/v1/jobs", None),
        ([], "/v1/jobs", None),  # curl reads what it gets
        ([str(PROTOCOL + 1)], "/v1/jobs", 409),
        (["1"], "/v1/jobs", 409),
        ([str(PROTOCOL + 1)], "/v1/info", None),
        (["two"], "/v1/jobs", 400),
        (["-1"], "/v1/jobs", 400),
        ([str(PROTOCOL), str(PROTOCOL)], "/v1/jobs", 400),
    ],
)
def test_who_speaks_something_else_is_refused(said: list[str], path: str, expected: int | None) -> None:
    """Before anything is done; everybody is told what we speak."""
    headers = [(b"queen-protocol", each.encode()) for each in said]
    assert status(HOST, RIGHT, *headers, path=path.encode()) == expected


def test_nobody_learns_our_version_without_the_token() -> None:
    """What somebody speaks is judged after whether he may speak at all."""
    assert status(HOST, (b"queen-protocol", b"1")) == 401
