"""Pieces of an answer that share an event, because they came while the one before it was written."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from queenlib.messages.events import Event, Token, TokenData, TokenEvent

PIECES_LIMIT = 1024
"""Pieces of an answer in one event."""


class Pieces:
    """Gathers them; each keeps its own length and its own time."""

    def __init__(self) -> None:
        self._pieces: list[Token] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def fits(self, token: Token) -> bool:
        """Whether this one may share an event with those that are there."""
        return not self._pieces or (self._pieces[0].channel == token.channel and len(self._pieces) < PIECES_LIMIT)

    def add(self, token: Token) -> None:
        """One more, which fits."""
        self._pieces.append(token)

    def take(self, i: int) -> TokenData:
        """What they are together, the first of them being number `i` of the answer; none are left. Times are in whole µs."""
        pieces, self._pieces = self._pieces, []
        return TokenData(
            i=i,
            text="".join(piece.text for piece in pieces),
            cuts=tuple(accumulate(len(piece.text) for piece in pieces)),
            dt_ms=tuple(round(piece.dt_ms, 3) for piece in pieces),
            channel=pieces[0].channel,
        )


def joined(events: Iterable[Event]) -> list[Event]:
    """The same events of one log, with those that bring pieces of one answer, one after the other, as one."""
    found, run, pieces = list[Event](), list[TokenEvent](), 0
    for event in events:
        if not isinstance(event, TokenEvent):
            found += (*_as_one(run), event)
            run, pieces = [], 0
            continue
        pieces += len(event.data.cuts)
        if run and (run[0].data.channel != event.data.channel or pieces > PIECES_LIMIT):
            found += _as_one(run)
            run, pieces = [], len(event.data.cuts)
        run.append(event)
    return [*found, *_as_one(run)]


def _as_one(run: list[TokenEvent]) -> list[TokenEvent]:
    if len(run) < 2:
        return run
    bodies, cuts, place = [event.data for event in run], list[int](), 0
    for data in bodies:
        cuts += [place + cut for cut in data.cuts]
        place += len(data.text)
    data = TokenData.model_construct(
        i=bodies[0].i,
        text="".join([each.text for each in bodies]),
        cuts=tuple(cuts),
        dt_ms=tuple([gap for each in bodies for gap in each.dt_ms]),
        channel=bodies[0].channel,
    )
    last = run[-1]
    joins = sum(event.joins for event in run)
    return [TokenEvent.model_construct(job_id=last.job_id, seq=last.seq, at=last.at, data=data, joins=joins)]
