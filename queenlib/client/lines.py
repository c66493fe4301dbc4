"""From events to whole lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from queenlib.messages.events import Event, TokenEvent


class LineMaker:
    """Joins pieces of an answer into lines; everything else is a line already."""

    def __init__(self) -> None:
        self._rest: list[str] = []
        self._channel = ""

    def feed(self, event: Event) -> Iterator[str]:
        """The lines that are whole with this event, without their line ends."""
        if not isinstance(event, TokenEvent):
            yield from self._break()
            if said := str(event).strip("\n"):
                yield said
            return
        if event.data.channel != self._channel:
            yield from self._break()
            self._channel = event.data.channel
        first, *more = event.data.text.split("\n")
        self._rest.append(first)
        if more:
            yield "".join(self._rest)
            *whole, rest = more
            yield from whole
            self._rest = [rest]

    def _break(self) -> Iterator[str]:
        """The line that was begun, if there is one: what comes next does not belong to it."""
        if begun := "".join(self._rest):
            yield begun
        self._rest = []
