"""Which jobs a query means."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.http.filters import FIELDS, SEVERAL, describe_filter, read_filter
from queenlib.messages.filter import ALL, JobFilter, parse_filter
from tests.http.served import Served

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def request(query: str = "") -> Request:
    """A request with that query."""
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_nothing_said_is_every_job() -> None:
    """And what else is known comes back as it is."""
    assert read_filter(request(), "limit") == ({}, ALL)
    assert read_filter(request("limit=3&tag=a"), "limit") == ({"limit": "3"}, parse_filter(tags="a"))


@pytest.mark.parametrize(
    "wanted",
    [
        parse_filter(state=["failed", "lost"], operation=["infer", "hive_list"], tags=["a b", "é"]),
        parse_filter(hive="local", worker="w-1", model="sim:words?tokens=2&seed=1", reads=False),
        parse_filter(created_after=AT, created_before=AT + timedelta(days=1), ended_after=AT, ended_before=AT),
    ],
)
def test_what_a_client_sends_is_what_it_meant(wanted: JobFilter) -> None:
    """A filter as a query, read again."""
    assert read_filter(request(urlencode(wanted.query(), doseq=True))) == ({}, wanted)


@pytest.mark.parametrize(
    "query",
    [
        *("state=", "state=sleeping", "tag=", "tag=a,b", "hive=A", "hive=a&hive=b", "reads=yes", "reads=", "colour=red"),
        *("created_after=yesterday", "created_after=2026-01-01T00:00:00", "ended_before=", "model="),
    ],
)
def test_what_is_none_is_refused(query: str) -> None:
    """Each is a typed error."""
    with pytest.raises(InvalidRequest):
        read_filter(request(query))


def test_every_field_is_described() -> None:
    """The description of the API knows each, and no other."""
    assert {name for name, _, _ in describe_filter()} == {*FIELDS, *SEVERAL}


async def test_a_page_has_those_that_are_chosen(queen: Served) -> None:
    """By tag and state over a real socket, from page to page; a bad choice is 400."""
    ids = [(await queen.post({"operation": "hive_list"}, f"?start=on_stream&tag={tag}")).json["job_id"] for tag in "abab"]
    page = (await queen.ask("/v1/jobs?tag=a&state=queued&limit=1")).json
    rest = (await queen.ask(f"/v1/jobs?tag=a&state=queued&limit=1&cursor={page['next']}")).json
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == [ids[2], ids[0]]
    assert rest["next"] is None
    assert (await queen.ask("/v1/jobs?state=succeeded")).json["jobs"] == []
    assert (await queen.ask("/v1/jobs?state=asleep")).status == 400
