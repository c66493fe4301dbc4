"""Vectors of texts, as arrays and as a column."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from queenlib.client.calls import Caller
from queenlib.client.job import Job
from queenlib.client.logged import logged
from queenlib.messages.embed import Embed, EmbedResult
from queenlib.messages.parse import parse_operation, parse_terms
from queenlib.messages.vectors import VectorsData

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

V = TypeVar("V")
Made = Mapping[int, VectorsData]


class VectorsJob(Generic[V]):
    """A job that makes vectors. `await` gives them in their form; `wait()` does so, blocking.

    Args:
        job: The job.
        form: Makes their form of what came of each text, by its number.
        framed: Makes a frame of the same, whether all is there or not.
    """

    def __init__(self, job: Job[EmbedResult], form: Callable[[Made], V], framed: Callable[[Made], pd.DataFrame]) -> None:
        self.job = job
        """The job itself: its log, its view, its end."""
        self._form, self._framed = form, framed

    def __await__(self) -> Generator[Any, None, V]:
        return self._whole().__await__()

    async def _whole(self) -> V:
        await self.job
        return self._form(await self._made())

    def wait(self, timeout: float | None = None) -> V:
        """The vectors, blocking; see `Job.wait`.

        Raises:
            NotEnded: It has not ended in time. It goes on.
            QueenError: What the job ended with, if it did not succeed.
        """
        self.job.wait(timeout)
        return self._form(self.job.portal.wait(self._made()))

    async def frame(self) -> pd.DataFrame:
        """A row for each text with what there is by now; of a column one for each cell, with the column's own index.

        Columns: `vector` (an array of float32; missing where there is none), `error` (string: why there is none; missing
        where there is one, or none yet).
        """
        return self._framed(await self._made())

    async def _made(self) -> dict[int, VectorsData]:
        from queenlib.columns.vectors import vectors_of

        return vectors_of([event async for event in logged(self.job)])

    def _ipython_display_(self) -> None:
        self.job._ipython_display_()

    def __repr__(self) -> str:
        return f"<VectorsJob of {self.job!r}>"


class Embedding:
    """Makes vectors of texts."""

    _caller: Caller
    _defaults: dict[str, Any]

    def embed(
        self,
        texts: Iterable[str],
        *,
        model: str | None = None,
        hive: str | None = None,
        worker: str | None = None,
        device: str | None = None,
        keep_alive: float | Literal["never"] | None = None,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
    ) -> VectorsJob[NDArray[np.float32]]:
        """Make a vector of each text: `await` gives an array of float32, of shape (texts, dimensions).

        A worker that makes vectors makes no answers: one is started where there is none, for texts of at most 512 tokens.

        Args:
            texts: One at least, none of them empty: a list, an array, a column.
            model: By default that of `defaults()`, then `QUEENLIB_MODEL`, then the demo model (a plumbing demo).
            hive: Only on this hive.
            worker: Only on this worker, which was started with `engine_args={"embeddings": …}`.
            device: Only on workers of this device.
            keep_alive: How long the worker is kept idle from then on, in seconds, or `"never"`.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended, all waiting included.

        Raises:
            InvalidRequest: These are no texts.
            InvalidOperation: A parameter does not fit, a text is empty, or there is none; no job was made.
            MissingExtra: numpy and pandas are not installed.
        """
        from queenlib.columns.vectors import array, texts_of, vectors_frame

        found = texts_of(texts)
        count = len(found)
        where = {"model": model, "hive_id": hive, "worker_id": worker, "device": device, "keep_alive": keep_alive}
        job = self._embed(found, where, tags, timeout)
        return VectorsJob(job, lambda made: array(made, count), lambda made: vectors_frame(made, count))

    def embed_frame(
        self,
        column: pd.Series[Any],
        *,
        model: str | None = None,
        hive: str | None = None,
        worker: str | None = None,
        device: str | None = None,
        keep_alive: float | Literal["never"] | None = None,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
    ) -> VectorsJob[pd.Series[Any]]:
        """Make a vector of each text of a column: `await` gives a column aligned with it, an array of float32 in each cell.

        The cell of a text that is missing, empty or too long is missing: `await made.frame()` says why.

        Args:
            column: Any column of texts, with any index; it is not touched.
            model: As for `embed`, like all that follows.
            hive: Only on this hive.
            worker: Only on this worker.
            device: Only on workers of this device.
            keep_alive: How long the worker is kept idle from then on.
            tags: Your own words for the job.
            timeout: Seconds from now until it has to have ended.

        Raises:
            InvalidRequest: It is no column of texts.
            InvalidOperation: A parameter does not fit, or no cell has a text; no job was made.
        """
        from queenlib.columns.vectors import column_of

        found = column_of(column)
        where = {"model": model, "hive_id": hive, "worker_id": worker, "device": device, "keep_alive": keep_alive}
        return VectorsJob(self._embed(found.texts, where, tags, timeout), found.series, found.frame)

    def _embed(
        self, texts: Sequence[str], where: Mapping[str, Any], tags: Iterable[str] | str, timeout: float | None
    ) -> Job[EmbedResult]:
        said = {**self._defaults, **{name: value for name, value in where.items() if value is not None}}
        operation = parse_operation({"operation": "embed", "texts": texts, **said})
        assert isinstance(operation, Embed)
        return self._caller.call(operation, EmbedResult, parse_terms("now", None, 0, tags, timeout))
