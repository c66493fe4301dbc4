"""The fold of a log that a snapshot shows."""

from __future__ import annotations

import asyncio
from collections import deque

from queenlib.messages.batch import Tally
from queenlib.messages.events import (
    AttemptEvent,
    Channel,
    Event,
    Log,
    LogEvent,
    MetricsEvent,
    Progress,
    ProgressEvent,
    RowEvent,
    TokenEvent,
)
from queenlib.messages.job import JobRecord
from queenlib.messages.row import RowData
from queenlib.messages.snapshot import LATEST, LINES, Snapshot


class SoFar:
    """What came of a job up to event number `seq`; goes on from there, so that many who come late cost one pass."""

    def __init__(self) -> None:
        self.seq = 0
        self.turn = asyncio.Lock()
        """Held by the one who goes on."""
        self._lines: deque[Log] = deque(maxlen=LINES)
        self._metrics: dict[str, float] = {}
        self._tally: Tally | None = None
        self._latest: deque[RowData] = deque(maxlen=LATEST)
        self._begin()

    def take(self, event: Event) -> None:
        """The next event."""
        assert event.seq == self.seq + 1, f"{event.seq} after {self.seq}"
        self.seq = event.seq
        match event:
            case TokenEvent(data=data):
                self._text[data.channel].append(data.text)
            case ProgressEvent(data=data):
                self._progress[data.what] = data
            case LogEvent(data=data):
                self._lines.append(data)
            case RowEvent(data=data):
                self._tally = (self._tally or Tally(rows=0)).after(data)
                self._latest.append(data)
            case MetricsEvent(data=data):
                self._metrics |= data.values
            case AttemptEvent():
                self._begin()

    def snapshot(self, record: JobRecord) -> Snapshot:
        """It, beside the record that belongs to this place."""
        assert record.last_seq == self.seq, f"{self.seq} of {record.last_seq}"
        for channel, pieces in self._text.items():
            self._text[channel] = ["".join(pieces)]  # joined once: what comes is few pieces beside it
        return Snapshot(
            job=record,
            text=self._text["content"][0],
            reasoning=self._text["reasoning"][0],
            progress=tuple(self._progress.values()),
            lines=tuple(self._lines),
            metrics=dict(self._metrics),
            tally=self._tally and self._tally.model_copy(update={"rows": int(record.request.get("rows") or 0)}),
            latest=tuple(self._latest),
        )

    def _begin(self) -> None:
        """A further attempt has nothing yet, but for the lines that tell of the one before, and the rows that have ended."""
        self._text: dict[Channel, list[str]] = {"content": [], "reasoning": []}
        self._progress: dict[str, Progress] = {}
