"""Jobs, logs and batches as pandas DataFrames, and `df.queen`: a model's answers as columns of a DataFrame.

    import queenlib.frames

    df[["label", "score"]] = await df.queen.infer("Classify: {review}", schema=Review)

Times are UTC; the unit of a number is in its column's name. `to_parquet` and `read_parquet` keep such a frame in a file.
"""

from __future__ import annotations

from typing import Any

import queenlib.columns  # noqa: F401 - before pandas: it says what is missing where that is not installed

# isort: split
import pandas as pd

from queenlib.client.comparing import Compared
from queenlib.client.comparison import Comparison
from queenlib.client.default import default_queen
from queenlib.client.embedding import VectorsJob
from queenlib.client.framed import FrameJob, Question
from queenlib.client.preview import Preview
from queenlib.client.queen import Queen
from queenlib.columns.logs import EVENT_COLUMNS as EVENT_COLUMNS
from queenlib.columns.logs import JOB_COLUMNS as JOB_COLUMNS
from queenlib.columns.logs import ROW_TOKEN_COLUMNS as ROW_TOKEN_COLUMNS
from queenlib.columns.logs import TOKEN_COLUMNS as TOKEN_COLUMNS
from queenlib.columns.logs import events_frame as events_frame
from queenlib.columns.logs import jobs_frame as jobs_frame
from queenlib.columns.logs import row_tokens_frame as row_tokens_frame
from queenlib.columns.logs import tokens_frame as tokens_frame
from queenlib.columns.parquet import read_parquet as read_parquet
from queenlib.columns.parquet import to_parquet as to_parquet
from queenlib.columns.rows import STATS as STATS
from queenlib.columns.rows import rows_frame as rows_frame
from queenlib.columns.vectors import vectors_frame as vectors_frame
from queenlib.errors import InvalidRequest
from queenlib.messages.explain import nearest


@pd.api.extensions.register_dataframe_accessor("queen")
class QueenAccessor:
    """What a queen can do with a DataFrame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def infer(self, prompt: Question, *, queen: Queen | None = None, **given: Any) -> FrameJob:
        """Ask a model about each row; see `Queen.infer_frame`.

        Args:
            prompt: A template that names columns in braces, messages with such templates, or a function of a row.
            queen: Which queen; by default the one of `queenlib.jobs`.
            given: As for `Queen.infer_frame`.
        """
        return (queen or default_queen()).infer_frame(self._frame, prompt, **given)

    def embed(self, column: str, *, queen: Queen | None = None, **given: Any) -> VectorsJob[pd.Series[Any]]:
        """Make a vector of each text of a column; see `Queen.embed_frame`.

        Args:
            column: Its name.
            queen: Which queen; by default the one of `queenlib.jobs`.
            given: As for `Queen.embed_frame`.

        Raises:
            InvalidRequest: There is no such column, or it has no texts.
        """
        names = list(map(str, self._frame.columns))
        if column not in self._frame.columns:
            raise InvalidRequest(
                f"The frame has no column {column!r}{nearest(str(column), names) or '.'}",
                why=f"The columns are {', '.join(map(repr, names[:20])) or 'none'}.",
                state="No job was made.",
                next="Mend its name.",
            )
        return (queen or default_queen()).embed_frame(self._frame[column], **given)

    async def preview(self, prompt: Question, *, n: int = 3, queen: Queen | None = None, **given: Any) -> Preview:
        """Look before you pay: the first rows for real, and an estimate for the whole; see `Queen.preview`."""
        return await (queen or default_queen()).preview(self._frame, prompt, n=n, **given)


def compare(*sides: Compared, queen: Queen | None = None, **given: Any) -> Comparison:
    """Ask several models the same prompts, and watch the answers side by side; or compare batches: see `Queen.compare`.

    Args:
        sides: Models, or batches.
        queen: Which queen; by default the one of `queenlib.jobs`.
        given: As for `Queen.compare`, such as `prompts=[…]`.
    """
    return (queen or default_queen()).compare(*sides, **given)
