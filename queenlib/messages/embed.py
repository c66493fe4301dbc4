"""The operation `embed`, and what it results in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from queenlib import tables
from queenlib.errors import InvalidOperation
from queenlib.messages.base import Count, ModelName, Name, Operation, Recovery, Result
from queenlib.messages.batch import ROWS, Tally
from queenlib.messages.model import ModelUsed
from queenlib.messages.worker import KeepAlive

Embeddable = Annotated[str, Field(min_length=1, max_length=4_000_000)]
"""A text that a vector can be made of: not an empty one."""


class Embed(Operation):
    """Make a vector of each text. What is done stays done; a text that is too long is one without a vector."""

    operation: Literal["embed"] = "embed"
    texts: Annotated[tuple[Embeddable, ...], Field(max_length=ROWS)] = ()
    """What vectors are made of, none of them empty."""
    rows: Annotated[int, Field(ge=1, le=ROWS)] | None = None
    """How many texts there are; they say it themselves where they are there."""
    model: ModelName | None = None
    """Which model; by default the queen's own default, at first the demo model."""
    hive_id: Name | None = None
    """Only on this hive."""
    worker_id: Name | None = None
    """Only on this worker, which makes vectors (`engine_args` with `embeddings`)."""
    device: Annotated[str, Field(max_length=64)] | None = None
    """Only on workers of this device; it never moves one."""
    keep_alive: KeepAlive | None = None
    """How long the worker that makes them is kept idle from then on, in seconds, or `never`."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar[type[Result]]
    run_limit_s: ClassVar = 30 * 86_400.0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.texts and self.rows is None:
            raise ValueError("give texts, one at least")
        if self.texts and self.rows not in (None, len(self.texts)):
            raise ValueError(f"there are {len(self.texts):,} texts, and rows is {self.rows:,}")
        return self

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self.rows if self.rows is not None else len(self.texts)

    @property
    def lacks(self) -> bool:
        """Whether this is what is kept of it, without its texts."""
        return not self.texts

    def check_cells(self) -> None:
        """See to it that the texts are there: what is kept of it has none.

        Raises:
            InvalidOperation: They are not.
        """
        if not self.lacks:
            return
        raise InvalidOperation(
            "The payload is not an operation: texts is missing.",
            why=f"It says only that there are {self.count:,} of them.",
            state="No job was made.",
            next="Give them: texts=['…', '…']",
            problems=[{"field": "texts", "problem": "is missing"}],
        )

    def kept(self) -> Embed:
        """See `Operation.kept`: the texts are kept beside the record."""
        return self.model_copy(update={"texts": (), "rows": self.count})

    def beside(self) -> Mapping[str, Any]:
        """See `Operation.beside`."""
        return {"texts": self.texts}


class EmbedResult(Tally):
    """What came of texts. The vectors themselves are in the log: `job.frame(of="vectors")`. Its rows are the texts."""

    cached: Annotated[Count, Field(exclude=True)] = 0
    """Nothing: each vector is made. It is read where an earlier version wrote it down, and not written any more."""
    dimensions: Count
    """Numbers in each vector; 0 where no text has one."""
    model: ModelUsed
    job_id: str = ""
    """The job that holds its log."""

    def __str__(self) -> str:
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.answered:,} of {self.rows:,} texts have a vector of {self.dimensions:,} numbers{failed}"

    def __repr__(self) -> str:
        return f"<EmbedResult: {self}, {self.model.name}>"

    def _repr_html_(self) -> str:
        facts = [
            ("texts with a vector", f"{self.answered:,} of {self.rows:,}"),
            *self.failed_by_kind(),
            ("numbers in each", f"{self.dimensions:,}"),
            ("tokens", f"{self.usage.prompt_tokens:,}"),
            ("model", self.model.name),
        ]
        return tables.html("vectors", ("", ""), facts)


Embed.result_model = EmbedResult
