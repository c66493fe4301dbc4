"""Reading what callers send: strictly, quickly, and without giving it back."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.http.reading import (
    DEPTH,
    read_cursor,
    read_epoch,
    read_number,
    read_object,
    read_prune,
    read_query,
    read_terms,
    wants_whole,
)
from queenlib.messages.job import RETRIES, TAG_PATTERN, TIMEOUT_S, Terms

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def request(query: str = "", *headers: tuple[bytes, bytes]) -> Request:
    """A request with this query."""
    return Request({"type": "http", "method": "GET", "query_string": query.encode(), "headers": list(headers)})


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_any_object_is_read(value: dict[str, object]) -> None:
    """What JSON can say in one way is read as it is."""
    assert read_object(json.dumps(value, ensure_ascii=True).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """There is no third way."""
    with suppress(InvalidRequest):
        assert isinstance(read_object(body), dict)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"[]", b'"x"', b"null", b"1", b"{", b"{}x", b"{} {}", b"{'a': 1}", b'{"a": 1,}', b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"), b'{"a": "\xc0\xaf"}', b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": ' + b"9" * 100_000 + b"}", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"a": "\n"}', b"\0", b'{"a": 01}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """One class of errors for all, which says why in few words."""
    with pytest.raises(InvalidRequest) as refused:
        read_object(body)
    assert 0 < len(refused.value.why) < 250


@pytest.mark.parametrize(("brackets", "braces"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(brackets: str, braces: str) -> None:
    """The last allowed depth is read, one more is not."""

    def nested(depth: int) -> bytes:
        return ('{"a":' + brackets * (depth - 1) + "1" + braces * (depth - 1) + "}").encode()

    assert read_object(nested(DEPTH))
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_object(nested(DEPTH + 1))


def test_a_refusal_does_not_echo() -> None:
    """What was sent is not sent back."""
    with pytest.raises(InvalidRequest) as refused:
        read_object(b'{"secret-key": 1, "secret-key": secret-value}')
    assert "secret" not in str(refused.value)
    with pytest.raises(InvalidRequest) as refused:
        read_query(request("token=secret"))
    assert "secret" not in str(refused.value)


def test_a_query_is_what_is_known() -> None:
    """Each field once, and none besides."""
    assert read_query(request("limit=1&cursor="), "limit", "cursor") == {"limit": "1", "cursor": ""}
    for query in ("limit=1&limit=1", "other=1", "limit=1&other=1", "=1"):
        with pytest.raises(InvalidRequest):
            read_query(request(query), "limit")


@given(st.integers(0, 10**15))
def test_numbers_are_read(number: int) -> None:
    """In decimal digits."""
    assert read_number(str(number), "n") == number


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x1", "1_0", "٣", "²", "1\n", "9" * 17, str(10**15 + 1)]
)
def test_other_numbers_are_refused(text: str) -> None:
    """One notation, one range."""
    with pytest.raises(InvalidRequest):
        read_number(text, "n")


def test_a_number_has_its_range() -> None:
    """Its ends belong to it."""
    assert [read_number(text, "n", 1, 3) for text in "123"] == [1, 2, 3]
    for text in "04":
        with pytest.raises(InvalidRequest, match="from 1 to 3"):
            read_number(text, "n", 1, 3)


def test_cursors() -> None:
    """The header goes before the query, and without both it is the beginning."""
    assert read_cursor(request()) == (0, 0)
    assert read_cursor(request("after=5")) == (5, 0)
    assert read_cursor(request("after=5", (b"last-event-id", b"7"))) == (7, 0)
    with pytest.raises(InvalidRequest, match="twice"):
        read_cursor(request("", (b"last-event-id", b"7"), (b"last-event-id", b"7")))


def test_paces() -> None:
    """Beside the cursor it says how many milliseconds apart it wants to hear: a second at most."""
    assert read_cursor(request("every_ms=60&after=5")) == (5, 60)
    assert read_cursor(request("every_ms=1000")) == (0, 1000)
    for query in ("every_ms=", "every_ms=-1", "every_ms=0.5", "every_ms=1001", "every_ms=1&every_ms=1"):
        with pytest.raises(InvalidRequest):
            read_cursor(request(query))


@pytest.mark.parametrize(
    ("headers", "wants"),
    [
        ([], False),
        ([b""], False),
        ([b"return=minimal"], False),
        ([b"return=representation"], True),
        ([b'respond-async, Return = "representation"; foo'], True),
        ([b"return=minimal, return=representation"], False),
        ([b"wait=1", b"return=representation"], True),
        ([b"return=representations"], False),
        ([b"x-return=representation"], False),
    ],
)
def test_preferences(headers: list[bytes], wants: bool) -> None:
    """As RFC 7240, section 2, writes them: of one that is there twice, the first counts."""
    assert wants_whole(request("", *[(b"prefer", header) for header in headers])) is wants


def test_starts() -> None:
    """One of two words; by default now."""
    terms = [read_terms(request(query)).start for query in ("", "start=now", "start=on_stream")]
    assert terms == ["now", "now", "on_stream"]
    with pytest.raises(InvalidRequest):
        read_terms(request("start=never"))


def test_terms() -> None:
    """Where nothing is said, what is usual; else key, start and retry as they are said."""
    assert read_terms(request()) == Terms()
    said = read_terms(request("retry=3&start=on_stream", (b"idempotency-key", b"My-Key/1")))
    assert said == Terms(start="on_stream", key="My-Key/1", retry=3)
    assert read_terms(request("", (b"idempotency-key", b" k\t "))).key == "k"
    assert read_terms(request(f"retry={RETRIES}")).retry == RETRIES
    assert read_terms(request("tag=b&tag=a%20b&timeout=0.5")) == Terms(tags=("a b", "b"), timeout=0.5)
    bad = "tag=", "tag=a,b", "timeout=", "timeout=0", "timeout=-1", "timeout=1e3", "timeout=inf", "timeout=1&timeout=1"
    for query in ("retry=", "retry=-1", f"retry={RETRIES + 1}", "retry=1.0", "retry=1&retry=1", "key=k", "start=", *bad):
        with pytest.raises(InvalidRequest):
            read_terms(request(query))


@given(
    st.builds(
        Terms,
        start=st.sampled_from(["now", "on_stream"]),
        retry=st.integers(0, RETRIES),
        tags=st.lists(st.from_regex(TAG_PATTERN.replace("$", r"\Z")), max_size=3).map(tuple),
        timeout=st.none() | st.floats(0.001, TIMEOUT_S),
        repeats=st.none() | st.from_regex(r"\A[0-9A-Za-z-]{1,64}\Z"),
    )
)
def test_terms_survive_their_way(terms: Terms) -> None:
    """What a client sends is what is read."""
    assert read_terms(request(urlencode(terms.query(), doseq=True))) == terms


@pytest.mark.parametrize("key", [b"", b" ", b"a b", b"a\tb", b"a\n", b"a\0", b"\x7f", "é".encode(), b"\xe9", b"x" * 256])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    """It is visible ASCII, 1 to 255 of it; the refusal says so and does not echo."""
    with pytest.raises(InvalidRequest, match="key is not") as refused:
        read_terms(request("", (b"idempotency-key", key)))
    assert "1 to 255 visible ASCII characters" in refused.value.why
    assert key.decode("latin-1").strip() == "" or key.decode("latin-1") not in str(refused.value)


def test_a_key_is_sent_once() -> None:
    """Twice is refused, also where both say the same."""
    for second in (b"k", b"l", b""):
        with pytest.raises(InvalidRequest, match="twice"):
            read_terms(request("", (b"idempotency-key", b"k"), (b"idempotency-key", second)))


def test_epochs() -> None:
    """A number, or nothing; anything else is refused."""
    assert read_epoch(request()) is None
    assert [read_epoch(request("", (b"queen-epoch", text))) for text in (b"0", b"7", b"1000000")] == [0, 7, 10**6]
    for text in (b"", b"-1", b"1.0", b"x", b"1 2", b"99999999999999999"):
        with pytest.raises(InvalidRequest, match="Queen-Epoch"):
            read_epoch(request("", (b"queen-epoch", text)))


@pytest.mark.parametrize(
    "body",
    [{}, {"age_s": 0}, {"age_s": 0.5, "size": 2**53}, {"size": 0, "dry_run": True}, {"age_s": None, "dry_run": False}],
)
def test_prunes_are_read(body: dict[str, object]) -> None:
    """What each may say; whether it says enough is for others to judge."""
    assert read_prune(dict(body)) == body


@pytest.mark.parametrize(
    "body", [{"age_s": -0.1}, {"age_s": 2**54}, {"age_s": "0"}, {"age_s": True}, {"size": 0.0}, {"dry_run": 0}, {"x": 1}]
)
def test_other_prunes_are_refused(body: dict[str, object]) -> None:
    """Nothing is removed by what is not understood."""
    with pytest.raises(InvalidRequest) as refused:
        read_prune(body)
    assert refused.value.state == "Nothing was removed."
