"""What has become of the rows of a batch: a fold over its events of rows and vectors."""

from __future__ import annotations

from collections import Counter

from queenlib.messages.answer import Usage
from queenlib.messages.batch import Tally
from queenlib.messages.row import RowData
from queenlib.messages.vectors import VectorsData


class Tallying:
    """Counts the rows of one batch as they end.

    Args:
        rows: How many there are.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.done: set[int] = set()
        """The numbers of the rows that have ended."""
        self.failed = self.cached = 0
        self.dimensions = 0
        """Numbers in each vector that was made."""
        self.failures = Counter[str]()
        self._usage = Counter[str]()

    def take(self, row: RowData | VectorsData) -> bool:
        """A row has ended, or some have; `False` if it had before."""
        if isinstance(row, VectorsData):
            return self._take_vectors(row)
        if row.i in self.done:
            return False
        self.done.add(row.i)
        if row.error is not None:
            self.failed += 1
            self.failures[row.error.kind] += 1
        if row.cached:
            self.cached += 1
        elif row.usage is not None:
            self._usage.update(row.usage.model_dump())
        return True

    def _take_vectors(self, made: VectorsData) -> bool:
        fresh = set(made.rows) - self.done
        self.done |= fresh
        if made.error is not None:
            self.failed += len(fresh)
            self.failures[made.error.kind] += len(fresh)
        elif fresh:
            self.dimensions = made.dimensions
            self._usage["prompt_tokens"] += made.prompt_tokens
        return bool(fresh)

    @property
    def left(self) -> int:
        """Rows that have not ended."""
        return self.rows - len(self.done)

    @property
    def usage(self) -> Usage:
        """Tokens of the rows that were asked."""
        return Usage(**{name: self._usage[name] for name in Usage.model_fields})

    def tally(self) -> Tally:
        """All of it."""
        return Tally(
            rows=self.rows,
            done=len(self.done),
            failed=self.failed,
            cached=self.cached,
            failures=dict(self.failures),
            usage=self.usage,
        )
