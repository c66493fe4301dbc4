"""What a handle knows of its job without asking."""

from __future__ import annotations

from queenlib.messages.events import Event, TokenEvent
from queenlib.messages.job import JobRecord
from queenlib.registry.fold import PLAIN, advance, fold


class Known:
    """The newest that was heard of a job. It changes on the queen's own loop alone, and is asked on any thread.

    Of the events that come by the hundred only their number is kept, until somebody asks.

    Args:
        record: The job as it was told.
    """

    __slots__ = ("_heard",)

    def __init__(self, record: JobRecord) -> None:
        self._heard = record, record.last_seq, 0
        """A record, the last event that was heard since, and how many pieces of an answer came up to it.

        One value, so that who reads it sees all of it or nothing.
        """

    @property
    def record(self) -> JobRecord:
        """The job."""
        record, last_seq, tokens = self._heard
        return record if record.last_seq == last_seq else advance(record, last_seq, tokens)

    def learn(self, record: JobRecord) -> JobRecord:
        """Take what was told, which may be older than what was heard since; what is known then."""
        if record.last_seq >= self._heard[1]:
            self._heard = record, record.last_seq, 0
        return self.record

    def hear(self, event: Event) -> None:
        """Take an event, if it is the next.

        Raises:
            IllegalTransition: The event's state may not follow the record's.
        """
        record, last_seq, tokens = self._heard
        if event.first != last_seq + 1:
            return
        if isinstance(event, TokenEvent):
            self._heard = record, event.seq, tokens + len(event.data.cuts)
        elif isinstance(event, PLAIN):
            self._heard = record, event.seq, tokens
        else:
            self._heard = fold(self.record, event), event.seq, 0
