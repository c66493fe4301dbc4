"""What has become of the rows of a batch: a fold over its row events."""

from __future__ import annotations

from queenlib.messages.batch import Tally
from queenlib.messages.row import RowData


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

    def take(self, row: RowData) -> bool:
        """A row has ended; `False` if it had before."""
        if row.i in self.done:
            return False
        self.done.add(row.i)
        self.so_far = self.so_far.after(row)
        return True

    @property
    def left(self) -> int:
        """Rows that have not ended."""
        return self.so_far.rows - self.so_far.done
