"""Records as rows: what is read is what was written, and a row that is another's is told from its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.messages.job import JobRecord
from queenlib.registry.sqlite.rows import head_crc, head_of, ids_crc, json_of, record_of
from tests.registry.sqlite.logs import AT, lines, moments, objects, record_of_log, records, texts


def there_and_back(record: JobRecord) -> JobRecord:
    """A record from what is written of it."""
    result = None if record.result is None else json_of(record.result)
    return record_of(head_of(record), json_of(record.request), result, record.last_seq, record.tokens)


@given(records())
def test_a_record_comes_back(record: JobRecord) -> None:
    """Any record is, from its head, its bodies and its counts, what it was, to the byte."""
    back = there_and_back(record)
    assert back == record
    assert back.model_dump_json() == record.model_dump_json()


@settings(max_examples=40)
@given(records(), st.integers(0, 2**32), st.integers(0, 2**40), objects, st.none() | objects)
def test_a_head_holds_neither_bodies_nor_counts(
    record: JobRecord, last_seq: int, tokens: int, request: dict[str, Any], result: dict[str, Any] | None
) -> None:
    """A head need not be written anew when the log grows: it is the same whatever they are."""
    other = record.model_copy(update={"last_seq": last_seq, "tokens": tokens, "request": request, "result": result})
    assert head_of(other) == head_of(record)
    assert there_and_back(other) == other


@pytest.mark.parametrize("deep", [100, 198, 250])
def test_bodies_may_be_nested_deeply(deep: int) -> None:
    """What could be written can be read: a request with a deep schema does not make its job unreadable."""
    body: dict[str, Any] = {}
    for _ in range(deep):
        body = {"items": body}
    record = record_of_log(lines("job-a", 1, 1)).model_copy(update={"request": body, "result": {"parsed": body}})
    assert there_and_back(record) == record


@given(objects)
def test_a_body_is_one_line_of_utf_8(data: dict[str, Any]) -> None:
    """Whatever it says, no line end stands in it, and letters of all languages are themselves."""
    body = json_of(data)
    assert b"\n" not in body
    assert b"\r" not in body
    assert json_of({"é": "\U0001f41d"}).decode() == '{"é":"\U0001f41d"}'


@given(texts, st.none() | st.integers(-(2**62), 2**62), st.binary(min_size=1, max_size=40), st.data())
def test_a_heads_crc_is_that_of_all_of_it(job_id: str, ended_at: int | None, head: bytes, data: st.DataObject) -> None:
    """Another id, another end, and another byte of the head give another CRC."""
    crc = head_crc(job_id, ended_at, head)
    byte = data.draw(st.integers(0, len(head) - 1))
    changed = bytearray(head)
    changed[byte] ^= data.draw(st.integers(1, 255))
    assert head_crc(job_id, ended_at, bytes(changed)) != crc
    assert head_crc(job_id, 1 if ended_at is None else None, head) != crc
    assert head_crc(f"{job_id}x", ended_at, head) != crc


@given(moments)
def test_a_bit_of_the_end_is_seen(at: Any) -> None:
    """The time at which a job ended decides when it is removed: each bit of it is in the CRC."""
    ended_at = int(at.timestamp())
    crc = head_crc("job-a", ended_at, b"{}")
    assert all(head_crc("job-a", ended_at ^ 1 << bit, b"{}") != crc for bit in range(62))


@given(st.integers(1, 2**31), st.integers(0, 2**32 - 1), st.integers(0, 63))
def test_a_body_in_the_row_of_another_job_is_seen(number: int, body_crc: int, bit: int) -> None:
    """The CRC of a request or a result is over the job's number as well as over the body."""
    crc = ids_crc(number, body_crc)
    other = (number ^ 1 << bit) - (2**64 if number ^ 1 << bit >= 2**63 else 0)
    assert ids_crc(other, body_crc) != crc
    assert ids_crc(number, body_crc ^ 1 << bit % 32) != crc


def test_times_keep_their_microseconds() -> None:
    """A record's times are those of its events, exactly."""
    record = record_of_log(lines("job-a", 1, 1))
    assert record.created_at == AT
    assert there_and_back(record).created_at.microsecond == AT.microsecond == 678901
