"""What has become of the rows of a batch: a fold over its events of rows and vectors."""

from __future__ import annotations

from typing import Any

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
        self.so_far = Tally(rows=rows)
        """All of it."""
        self.done: set[int] = set()
        """The numbers of the rows that have ended."""
        self.dimensions = 0
        """Numbers in each vector that was made."""

    def take(self, row: RowData | VectorsData) -> bool:
        """A row has ended, or some have; `False` if it had before."""
        if isinstance(row, VectorsData):
            return self._take_vectors(row)
        if row.i in self.done:
            return False
        self.done.add(row.i)
        self.so_far = self.so_far.after(row)
        return True

    def _take_vectors(self, made: VectorsData) -> bool:
        fresh, before = len(set(made.rows) - self.done), self.so_far
        if not fresh:
            return False
        self.done.update(made.rows)
        changes: dict[str, Any] = {"done": before.done + fresh}
        if made.error is not None:
            kind = made.error.kind
            counted = {**before.failures, kind: before.failures.get(kind, 0) + fresh}
            changes |= {"failed": before.failed + fresh, "failures": counted}
        else:
            self.dimensions = made.dimensions
            tokens = Usage(prompt_tokens=made.prompt_tokens, cached_tokens=0, completion_tokens=0)
            changes["usage"] = before.usage.plus(tokens)
        self.so_far = before.model_copy(update=changes)
        return True

    @property
    def left(self) -> int:
        """Rows that have not ended."""
        return self.so_far.rows - self.so_far.done
