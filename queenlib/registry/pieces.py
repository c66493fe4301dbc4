"""Pieces of an answer that share an event, because they came while the one before it was written."""

from __future__ import annotations

from itertools import accumulate

from queenlib.messages.events import Token, TokenData

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
