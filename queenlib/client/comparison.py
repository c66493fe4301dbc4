"""The same prompts, answered by several models: side by side while they answer, and as a DataFrame."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from queenlib.client.framed import FrameJob, rows_so_far
from queenlib.client.job import Job
from queenlib.client.waiting import check_timeout, not_ended
from queenlib.display.comparing import attend, show
from queenlib.display.show import ended
from queenlib.messages.batch import BatchResult
from queenlib.messages.infer import InferResult
from queenlib.messages.job import JobRecord
from queenlib.messages.row import RowData

if TYPE_CHECKING:
    import pandas as pd

Rows = Mapping[int, RowData]


@dataclass(frozen=True)
class Side:
    """One of those that are compared."""

    name: str
    jobs: tuple[Job[Any], ...]
    """A job for each prompt, or one batch."""
    rows: Callable[[], Awaitable[Rows]]
    """Gives what was answered, by the number of the prompt or row."""
    schema: Mapping[str, Any] | None = None
    """What each answer looks like, if that was said."""
    probabilities: bool = False
    """Whether each answer says how likely each choice was."""


class Comparison:
    """Several sides of the same questions. `await` gives all of it as a DataFrame, once all have ended.

    A job that fails is an answer with an `error`; nothing is raised for it. At the end of a cell it shows itself: the
    answers as they come, side by side.

    Args:
        sides: What is compared, at least two.
        prompts: What is asked; empty where batches are compared.
        index: That of the frame.
    """

    def __init__(self, sides: Sequence[Side], prompts: Sequence[str], index: pd.Index[Any]) -> None:
        self._sides, self._index = tuple(sides), index
        self.prompts = tuple(prompts)
        self.portal = sides[0].jobs[0].portal

    @property
    def names(self) -> tuple[str, ...]:
        """How the sides are called: by their models, if nothing else was said."""
        return tuple(side.name for side in self._sides)

    @property
    def jobs(self) -> tuple[tuple[Job[Any], ...], ...]:
        """The jobs: of each prompt, or of all of a batch, one for each side."""
        return tuple(zip(*(side.jobs for side in self._sides), strict=True))

    def __await__(self) -> Generator[Any, None, pd.DataFrame]:
        return self._whole().__await__()

    async def _whole(self) -> pd.DataFrame:
        attend(self)
        await self.portal.run(self._ended())
        return await self.frame()

    def wait(self, timeout: float | None = None) -> pd.DataFrame:
        """All of it as a DataFrame, blocking; see `frame`.

        Raises:
            NotEnded: One of them has not ended in time. They go on.
        """
        check_timeout(timeout)
        attend(self)
        self.portal.wait(self._ended(timeout))
        return self.portal.wait(self.frame())

    async def _ended(self, timeout: float | None = None) -> None:
        all_jobs = [job for jobs in self.jobs for job in jobs]
        try:
            async with asyncio.timeout(timeout) as limit:
                await asyncio.gather(*map(ended, all_jobs))
        except TimeoutError:
            late = next((job.record for job in all_jobs if not job.record.state.ended), None)
            if not limit.expired() or late is None:
                raise
            raise not_ended(late, timeout or 0) from None

    async def frame(self) -> pd.DataFrame:
        """What there is by now, one row for each prompt, or for each row of the batches.

        Returns:
            Two levels of columns: the name of a side, and below it what `infer_frame` gives with `stats=True`: `answer`, or
            the fields of the schema, `p_…` where a batch was asked for probabilities, then `error`, `ttft_ms`,
            `tokens_per_s` and so on; missing where nothing has come yet.
        """
        from queenlib.columns.compared import Told, compared

        told = {side.name: Told(await side.rows(), side.schema, side.probabilities) for side in self._sides}
        return compared(told, self._index)

    async def cancel(self) -> None:
        """Cancel what has not ended; what is answered stays."""
        await self.portal.run(_cancelled([job for jobs in self.jobs for job in jobs]))

    def _ipython_display_(self) -> None:
        show(self)

    def __repr__(self) -> str:
        what = f"{len(self.prompts)} prompts" if self.prompts else "batches"
        return f"<Comparison of {', '.join(self.names)}: {what}>"


async def _cancelled(jobs: Sequence[Job[Any]]) -> None:
    await asyncio.gather(*(job.cancel() for job in jobs))


def answers_of(name: str, jobs: Sequence[Job[InferResult]]) -> Side:
    """The side of a model that is asked several prompts, a job each."""

    async def rows() -> Rows:
        found = [_row(i, job.record) for i, job in enumerate(jobs)]
        return {row.i: row for row in found if row is not None}

    return Side(name, tuple(jobs), rows)


def batch_of(name: str, batch: FrameJob | Job[BatchResult]) -> Side:
    """The side of a batch."""
    job = batch.job if isinstance(batch, FrameJob) else batch
    rows = batch.rows if isinstance(batch, FrameJob) else partial(rows_so_far, batch)
    asked = job.record.request
    return Side(name, (job,), rows, asked.get("json_schema"), bool(asked.get("probabilities")))


def _row(i: int, record: JobRecord) -> RowData | None:
    if record.error is not None:
        return RowData(i=i, error=record.error)
    if record.result is None:
        return None
    result = InferResult.model_validate(record.result, strict=False)
    return RowData(
        i=i,
        text=result.text,
        reasoning=result.reasoning,
        parsed=result.parsed,
        finish_reason=result.finish_reason,
        usage=result.usage,
        ttft_ms=result.timings.ttft_ms,
        decode_ms=result.timings.decode_ms,
        tokens_per_s=result.timings.tokens_per_s,
        hive_id=result.hive_id,
        worker_id=result.worker_id,
    )
