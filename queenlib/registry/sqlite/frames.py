"""Events as bytes: how the log lies on the disk. Without I/O.

A chunk holds the frames of consecutive events of one job. A frame is

    kind  1 byte    what comes after it, see `_TOKEN` and `_DATA`
    at    zigzag    microseconds since the event before it in the chunk, or since the chunk's own time
    …               pieces of an answer: for each its time and its length, then their text; all else: its data as JSON

where every number is a varint (LEB128: seven bits a byte, the low ones first, the high bit set on all but the last) of at
most 63 bits, and every text is UTF-8 after its length in bytes. What a frame cannot say exactly is written as JSON. The
result is not in the log: its frame stands for the row beside it, which is written in the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import copysign
from typing import Any

from queenlib.messages.events import (
    AttemptData,
    AttemptEvent,
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    Metrics,
    MetricsEvent,
    Progress,
    ProgressEvent,
    ResultData,
    ResultEvent,
    RowEvent,
    StateData,
    StateEvent,
    TokenData,
    TokenEvent,
    VectorsData,
    VectorsEvent,
)
from queenlib.messages.row import RowData

_DATA: Mapping[int, tuple[type[Any], type[Any]]] = {
    1: (StateEvent, StateData),
    2: (LogEvent, Log),
    3: (ProgressEvent, Progress),
    4: (TokenEvent, TokenData),
    5: (MetricsEvent, Metrics),
    6: (AttemptEvent, AttemptData),
    7: (EndEvent, EndData),
    9: (RowEvent, RowData),
    10: (VectorsEvent, VectorsData),
}
_KIND: Mapping[type[Any], int] = {event: kind for kind, (event, _) in _DATA.items()}
_RESULT = 8
_TOKEN = {"content": 16, "reasoning": 17}
_CHANNEL = {kind: channel for channel, kind in _TOKEN.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BITS = 63
_LONG_MS = 2.0**53


class BadFrame(Exception):
    """Bytes that are no frames."""


@dataclass
class Place:
    """Where one is in a log: what the next frame is relative to."""

    seq: int
    """The number of the next event."""
    at: int
    """The time of the event before it, in microseconds since 1970."""
    tokens: int
    """The pieces of the answer before it, in its attempt."""


def microseconds(at: datetime) -> int:
    """A time as microseconds since 1970, exact."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The time that so many microseconds since 1970 are."""
    return _EPOCH + timedelta(microseconds=at)


def encode(events: Sequence[Event], place: Place) -> bytes:
    """The frames of consecutive events; `place` is moved behind them."""
    out = bytearray()
    for event in events:
        assert event.seq == place.seq, f"{event.job_id}: event {event.seq} where {place.seq} comes next"
        at = microseconds(event.at)
        pieces = _pieces(event, place.tokens) if isinstance(event, TokenEvent) else None
        kind = _RESULT if isinstance(event, ResultEvent) else _KIND[type(event)]
        out.append(_TOKEN[event.data.channel] if isinstance(event, TokenEvent) and pieces is not None else kind)
        _put(out, _zigzag(at - place.at))
        if pieces is not None:
            out += pieces
        elif kind != _RESULT:
            _put_text(out, event.data.model_dump_json().encode())
        _move(place, event, at)
    return bytes(out)


def decode(body: bytes, job_id: str, place: Place, result: Callable[[], Mapping[str, Any]]) -> Iterator[Event]:
    """The events that these frames are; `place` is moved behind each.

    Args:
        body: Whole frames.
        job_id: Whose they are.
        place: Where the first of them stands.
        result: Gives the job's result, for the event that tells it.

    Raises:
        BadFrame: They are none.
    """
    start = 0
    try:
        while start < len(body):
            event, start = _event(body, start, job_id, place, result)
            _move(place, event, microseconds(event.at))
            yield event
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise BadFrame(f"event {place.seq} of {job_id}: {type(error).__name__}") from error


def _move(place: Place, event: Event, at: int) -> None:
    place.seq, place.at = event.seq + 1, at
    if isinstance(event, TokenEvent):
        place.tokens += len(event.data.cuts)
    elif isinstance(event, AttemptEvent):
        place.tokens = 0


def _pieces(event: TokenEvent, tokens: int) -> bytes | None:
    """What follows a frame of pieces; `None` if it would not come back exactly as it is."""
    data, out, before = event.data, bytearray(), 0
    if data.i != tokens or len(data.cuts) != len(data.dt_ms) or (data.cuts[-1] if data.cuts else -1) != len(data.text):
        return None
    _put(out, len(data.cuts))
    for cut, gap in zip(data.cuts, data.dt_ms, strict=True):
        if not gap < _LONG_MS or cut < before:
            return None
        thousandths = round(gap * 1000)
        if thousandths / 1000 != gap or (not gap and copysign(1, gap) < 0):
            return None
        _put(out, thousandths)
        _put(out, cut - before)
        before = cut
    _put_text(out, data.text.encode())
    return bytes(out)


def _event(body: bytes, start: int, job_id: str, place: Place, result: Callable[[], Mapping[str, Any]]) -> tuple[Event, int]:
    kind = body[start]
    moved, start = _take(body, start + 1)
    named: dict[str, Any] = {"job_id": job_id, "seq": place.seq, "at": moment(place.at + _unzigzag(moved))}
    if kind in _CHANNEL:
        data, start = _tokens(body, start, _CHANNEL[kind], place.tokens)
        return TokenEvent.model_construct(**named, type="token", data=data), start
    if kind == _RESULT:
        return ResultEvent(**named, data=ResultData(result=dict(result()))), start
    made, model = _DATA[kind]
    text, start = _take_text(body, start)
    event: Event = made(**named, data=model.model_validate_json(text))
    return event, start


def _tokens(body: bytes, start: int, channel: Any, i: int) -> tuple[TokenData, int]:
    count, start = _take(body, start)
    if count > len(body):
        raise ValueError("more pieces than bytes")
    gaps, lengths = [], []
    for _ in range(count):
        gap, start = _take(body, start)
        length, start = _take(body, start)
        gaps.append(gap / 1000)
        lengths.append(length)
    text, start = _take_text(body, start)
    cuts = tuple(accumulate(lengths))
    data = TokenData.model_construct(i=i, text=text.decode(), cuts=cuts, dt_ms=tuple(gaps), channel=channel)
    return data, start


def _zigzag(number: int) -> int:
    """A whole number as one that is not negative: 0, -1, 1, -2, … become 0, 1, 2, 3, and so on."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def _unzigzag(number: int) -> int:
    return -((number + 1) >> 1) if number & 1 else number >> 1


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _take(body: bytes, start: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = body[start]
        start += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, start
        shift += 7
        if shift >= _BITS:
            raise ValueError("a number of too many bits")


def _put_text(out: bytearray, text: bytes) -> None:
    _put(out, len(text))
    out += text


def _take_text(body: bytes, start: int) -> tuple[bytes, int]:
    length, start = _take(body, start)
    if start + length > len(body):
        raise ValueError("a text that goes past the end")
    return body[start : start + length], start + length
