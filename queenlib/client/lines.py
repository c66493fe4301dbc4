"""From events to whole lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from queenlib.messages.events import EndEvent, Event, TokenEvent


class LineMaker:
    """Joins pieces of an answer into lines; everything else is a line already."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, event: Event) -> Iterator[str]:
        """The lines that are whole with this event, without their line ends."""
        if isinstance(event, TokenEvent):
            *whole, self._rest = (self._rest + event.data.text).split("\n")
            yield from whole
            return
        if self._rest:
            yield self._rest
            self._rest = ""
        if said := str(event).rstrip("\n"):
            yield said
        if isinstance(event, EndEvent):
            self._rest = ""
