"""A job's record as a row, and back."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from queenlib.messages.job import JobRecord

COUNTS = {"request", "result", "last_seq", "tokens"}
"""What of a record is not in its head: the log tells the counts, and the bodies have rows of their own."""


def json_of(data: Mapping[str, Any]) -> bytes:
    """Data as JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def head_of(record: JobRecord) -> bytes:
    """What is written of a record."""
    return record.model_dump_json(exclude=COUNTS).encode()


def record_of(head: bytes, request: bytes, result: bytes | None, last_seq: int, tokens: int) -> JobRecord:
    """The record that these parts make."""
    counts = b'"request":{},"last_seq":%d,"tokens":%d' % (last_seq, tokens)
    record = JobRecord.model_validate_json(b"%s,%s}" % (head[:-1], counts))
    bodies = {"request": json.loads(request), "result": None if result is None else json.loads(result)}
    return record.model_copy(update=bodies)  # nested however deep: the reader of the line above has a limit


def head_crc(job_id: str, ended_at: int | None, head: bytes) -> int:
    """The CRC-32 of a job's row."""
    return zlib.crc32(f"{job_id} {ended_at} ".encode() + head)


def ids_crc(number: int, body_crc: int) -> int:
    """The CRC-32 of the row of a request or a result."""
    return zlib.crc32(struct.pack("<qI", number, body_crc))
