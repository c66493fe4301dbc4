"""A model's answers as columns of a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queenlib.client.batching import batch_operation, only, question
from queenlib.client.job import Job
from queenlib.client.logged import logged
from queenlib.messages import by_row
from queenlib.messages.batch import BatchResult, InferBatch
from queenlib.messages.events import RowEvent
from queenlib.messages.infer import ChatMessage
from queenlib.messages.row import RowData

if TYPE_CHECKING:
    import pandas as pd

OneMessage = ChatMessage | Mapping[str, str]
Question = str | Iterable[OneMessage] | Callable[[Mapping[Hashable, Any]], str | Sequence[OneMessage] | None]
"""A template that names columns in braces, messages with such templates, or a function of a row, given as a mapping: what it
gives is asked as it is, a text or a list of messages; where it gives `None` the row cannot be asked."""
Ask = Callable[[InferBatch], Job[BatchResult]]


@dataclass(frozen=True)
class Shape:
    """How the answers come back."""

    index: pd.Index[Any]
    """That of the frame that was asked about."""
    prefix: str
    """What stands before the name of each new column."""
    stats: bool
    """Whether what each row took is told too."""

    def frame(self, rows: Mapping[int, RowData], operation: InferBatch) -> pd.DataFrame:
        """The new columns."""
        from queenlib.columns.rows import answers

        schema, probabilities = operation.json_schema, operation.probabilities
        made = answers(rows, self.index, schema, stats=self.stats, probabilities=probabilities)
        return made.add_prefix(self.prefix) if self.prefix else made


def frame_operation(frame: pd.DataFrame, prompt: Question, shape: Shape, **given: Any) -> InferBatch:
    """The operation that asks about each row of a frame.

    Args:
        frame: Which.
        prompt: What is asked.
        shape: How the answers come back.
        given: The further fields of `InferBatch`; `None` stands for what was not said.

    Raises:
        Conflict: A new column would have the name of one that is there.
        InvalidRequest: The template names a column that is not there.
        InvalidOperation: Something else does not fit.
    """
    from queenlib.columns.cells import check_collisions, check_frame, plain_values, questions
    from queenlib.columns.rows import names

    check_frame(frame)
    new = names(given.get("json_schema"), stats=shape.stats, probabilities=bool(given.get("probabilities")))
    check_collisions(frame, [f"{shape.prefix}{name}" for name in new])
    asked, columns = questions(frame, prompt, given.get("system"))
    if isinstance(varied := given.get("by_row"), Mapping):
        given["by_row"] = {name: plain_values(values, whole=name in by_row.WHOLE) for name, values in varied.items()}
    return batch_operation(columns, rows=None if columns else len(frame), **{**given, **asked})


@dataclass(frozen=True)
class Earlier:
    """The batches before this one about the same frame."""

    batch: FrameJob | None = None
    """The last of them."""
    places: Sequence[int] | None = None
    """Which rows of the frame the rows of this batch are; `None` for all of them."""

    def place(self, i: int) -> int:
        """The number in the frame of row number `i` of this batch."""
        return i if self.places is None else self.places[i]


class FrameJob:
    """A batch about the rows of a DataFrame. `await` gives the new columns, aligned with it; `wait()` does so, blocking.

    Args:
        job: The batch.
        operation: What it asks.
        shape: How the answers come back.
        ask: Creates a further batch.
        earlier: What is known from batches before it.
    """

    def __init__(
        self, job: Job[BatchResult], operation: InferBatch, shape: Shape, ask: Ask, earlier: Earlier | None = None
    ) -> None:
        self.job = job
        """The batch itself: its log, its view, its end."""
        self._operation, self._shape, self._ask, self._earlier = operation, shape, ask, earlier or Earlier()

    def __await__(self) -> Generator[Any, None, pd.DataFrame]:
        return self._whole().__await__()

    async def _whole(self) -> pd.DataFrame:
        await self.job
        await self._before()
        return await self.frame()

    async def _before(self) -> None:
        """Wait until the batches before this one have ended, however they do: their rows are in the frame too."""
        if (batch := self._earlier.batch) is not None:
            async for _ in batch.job.events(batch.job.record.last_seq):
                pass
            await batch._before()

    def wait(self, timeout: float | None = None) -> pd.DataFrame:
        """The new columns, blocking; see `Job.wait`.

        Raises:
            NotEnded: It has not ended in time. It goes on.
            QueenError: What the batch ended with, if it did not succeed.
        """
        self.job.wait(timeout)
        self.job.portal.wait(self._before())
        return self._shape.frame(self.job.portal.wait(self.rows()), self._operation)

    @property
    def index(self) -> pd.Index[Any]:
        """That of the frame."""
        return self._shape.index

    async def frame(self) -> pd.DataFrame:
        """The new columns with what there is by now; missing where a row has not ended."""
        return self._shape.frame(await self.rows(), self._operation)

    def questions(self) -> list[str]:
        """What is asked of each row: the last text of the conversation; empty where a cell is missing."""
        return [question(self._operation, i) for i in range(self._operation.count)]

    async def retry_failed(self, **changes: Any) -> FrameJob:
        """Ask again about the rows that failed, and only about those; the answers come in the same frame.

        It may be called while this batch runs: the frame waits for both.

        Args:
            changes: What is different this time, such as `max_tokens=256`.

        Raises:
            Conflict: None has failed.
            InvalidOperation: A change does not fit; no job was made.
        """
        rows = await self.rows()
        failed = {i for i, row in rows.items() if row.error is not None}
        own = [i for i in range(self._operation.count) if self._earlier.place(i) in failed]
        operation = only(self._operation, own, changes)
        earlier = Earlier(self, [self._earlier.place(i) for i in own])
        return FrameJob(self._ask(operation), operation, self._shape, self._ask, earlier)

    async def rows(self) -> dict[int, RowData]:
        """The rows that have ended, by their numbers in the frame."""
        own = await rows_so_far(self.job)
        before = {} if self._earlier.batch is None else await self._earlier.batch.rows()
        return {**before, **{self._earlier.place(i): row for i, row in own.items()}}

    def _ipython_display_(self) -> None:
        self.job._ipython_display_()

    def __repr__(self) -> str:
        return f"<FrameJob of {self.job!r}>"


async def rows_so_far(job: Job[Any]) -> dict[int, RowData]:
    """The rows of a batch that have ended, by their numbers."""
    return {event.data.i: event.data async for event in logged(job) if isinstance(event, RowEvent)}
