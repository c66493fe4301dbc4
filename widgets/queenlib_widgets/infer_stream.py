"""`InferStream`: an answer as it comes."""

from __future__ import annotations

from typing import Any

import traitlets

from queenlib import Job
from queenlib.display.prose import prose
from queenlib.messages.events import AttemptEvent, Event, TokenEvent
from queenlib.messages.snapshot import Snapshot
from queenlib_widgets import pace
from queenlib_widgets.following import Following
from queenlib_widgets.sources import module, style
from queenlib_widgets.spoken import Spoken

_TEXTS = ("text", "reasoning")


class InferStream(Following):
    """The answer of a model as it comes: the steps before it, how fast it comes, its thoughts folded, *Cancel* and *Copy*.

    When it is done it is shown as Markdown, or as it was written. The text is a trait too, so that a page that is loaded
    anew gets all of it at once; while it grows, only what is new is sent.
    """

    _esm = module("common", "infer_stream")
    _css = style()
    text = traitlets.Unicode().tag(sync=True)
    """The answer so far."""
    reasoning = traitlets.Unicode().tag(sync=True)
    """The thoughts before it."""
    first_ms = traitlets.Float(None, allow_none=True).tag(sync=True)
    """From the request to the first piece, in milliseconds."""
    rendered = traitlets.Unicode().tag(sync=True)
    """The answer as safe HTML, once it is done."""

    def __init__(self, job: Job[Any]) -> None:
        self._grows = False
        self._texts = (Spoken(0), Spoken(1))
        super().__init__(job)

    def _begin(self, snapshot: Snapshot) -> None:
        for text, said in zip(self._texts, (snapshot.text, snapshot.reasoning), strict=True):
            text.start(said)
        self.text, self.reasoning = snapshot.text, snapshot.reasoning
        self._grows = True
        super()._begin(snapshot)

    def _take(self, event: Event) -> None:
        match event:
            case TokenEvent(data=data):
                self._texts[data.channel == "reasoning"].add(data.text)
                if data.i == 0 and self.first_ms is None:
                    self.first_ms = data.dt_ms[0]
                    self._at_once()
            case AttemptEvent():
                for text in self._texts:
                    text.clear()
                self.send({"clear": 1})
            case _:
                super()._take(event)

    def _speak(self) -> None:
        super()._speak()
        tokens = self.job.record.tokens
        for name, text in zip(_TEXTS, self._texts, strict=True):
            if (message := text.next(tokens)) is not None:
                setattr(self, name, text.said)
                self.send(message)

    def _finish(self, snapshot: Snapshot) -> None:
        self._speak()
        self._grows = False
        self.text, self.reasoning = snapshot.text, snapshot.reasoning
        self.rendered = prose(snapshot.text) if snapshot.text else ""
        super()._finish(snapshot)

    def _interval(self) -> float:
        return pace.interval()

    def _obey(self, content: dict[str, Any]) -> None:
        places = content.get("from")
        if isinstance(places, list) and len(places) == len(self._texts) and all(isinstance(each, int) for each in places):
            for text, place in zip(self._texts, places, strict=True):
                text.heard_up_to(place)
            self._speak()
        super()._obey(content)

    def _should_send_property(self, key: str, value: Any) -> bool:
        """While a text grows its trait is kept, and not sent: its pieces are."""
        return not (self._grows and key in _TEXTS) and bool(super()._should_send_property(key, value))
