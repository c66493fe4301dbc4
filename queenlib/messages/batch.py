"""The operation `infer_batch`, and what it results in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from queenlib import tables
from queenlib.errors import InvalidOperation
from queenlib.messages import by_row
from queenlib.messages.base import Count, ModelName, Name, Operation, Recovery, Result, Seconds
from queenlib.messages.conversation import Conversation, read
from queenlib.messages.infer import Sampling, Text, Usage
from queenlib.messages.json_schema import check, choices
from queenlib.messages.model import ModelUsed
from queenlib.messages.row import RowData
from queenlib.messages.template import Template
from queenlib.messages.worker import KeepAlive

ROWS = 1_000_000
"""So many rows a batch may have at most."""

Cell = Annotated[str, Field(max_length=4_000_000)] | None
"""The text of a cell; `None` where nothing is in it."""


class InferBatch(Sampling, Operation):
    """Ask a model about each row of a table. A row that fails is a row with an error; what is done stays done."""

    operation: Literal["infer_batch"] = "infer_batch"
    prompt: Text | None = None
    """What to ask: a template that names columns in braces, such as `Classify: {review}`; or give `messages`."""
    messages: Conversation | None = None
    """A conversation to go on with, each of its texts a template; or give `prompt`."""
    messages_from: str | None = None
    """Or the column whose cells are conversations: each is the JSON of its messages, which are taken as they are."""
    system: Text | None = None
    """What the model is told before all else; a template too."""
    columns: dict[str, tuple[Cell, ...]] = Field(default_factory=dict)
    """The cells of the rows, by column; all columns are of one length."""
    by_row: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """Sampling parameters that differ from row to row, by name; `None` for as the batch has it."""
    rows: Annotated[int, Field(ge=0, le=ROWS)] | None = None
    """How many rows there are; the columns say it where they are there."""
    equal_before: Annotated[tuple[Count, ...], Field(exclude_if=lambda numbers: not numbers)] = ()
    """Where these rows are some of a table: how many that ask the same come before each of them there, which is what equal
    rows are told apart by. Without it they are counted."""
    model: ModelName | None = None
    """Which model; by default the queen's own default, at first the demo model."""
    hive_id: Name | None = None
    """Only on this hive."""
    worker_id: Name | None = None
    """Only on this worker."""
    device: Annotated[str, Field(max_length=64)] | None = None
    """Only on workers of this device; it never moves one."""
    keep_alive: KeepAlive | None = None
    """How long the worker that answers is kept idle from then on, in seconds, or `never`."""
    concurrency: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Rows that are asked at once; by default what the slots allow, with one of each worker left to others."""
    max_failures: Annotated[float, Field(ge=0)] | None = None
    """When more rows than this have failed the batch fails: below 1 a share of all rows, from 1 on a number of them."""
    cache: Literal["read", "refresh", "off"] = "read"
    """Take answers that are there already; or make new ones in their place; or neither take nor keep any."""
    dry_run: bool = False
    """Ask nobody, and write down no row: the result says how many rows have an answer already."""
    dedupe: bool = False
    """Ask equal rows once; without it they are asked apart, unless the temperature is 0."""
    pieces: bool = False
    """Keep when each piece of an answer came, for `job.frame(of="tokens")`; one that was there already may have none."""
    probabilities: bool = False
    """Tell how likely each text was that there is to choose from, which `json_schema` has to give: a string with `enum`.
    Each is asked of the model in a few more tokens, which `usage` does not count. A model that thinks first has none."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar[type[Result]]
    run_limit_s: ClassVar = 30 * 86_400.0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ways = sum(way is not None for way in (self.prompt, self.messages, self.messages_from))
        if ways != 1:
            raise ValueError("give either prompt or messages, or messages_from" + (": only one of them" if ways else ""))
        if not self.columns and self.rows is None:
            raise ValueError("give columns")
        for name, cells in (*self.columns.items(), *self.by_row.items()):
            if len(cells) != self.count:
                raise ValueError(f"column {name!r} has {len(cells):,} cells, and there are {self.count:,} rows")
        if self.equal_before and len(self.equal_before) != self.count:
            raise ValueError(f"equal_before has {len(self.equal_before):,} numbers, and there are {self.count:,} rows")
        for text in self.texts():
            template = Template(text)
            if self.columns:
                template.check(self.columns)
        if self.messages_from is not None and self.columns:
            _check_conversations(self.messages_from, self.columns)
        for name, values in self.by_row.items():
            by_row.check(name, values)
        if self.json_schema is not None:
            check(self.json_schema)
        if self.probabilities and not choices(self.json_schema):
            example = "choices=['good', 'bad'], or json_schema={'type': 'string', 'enum': ['good', 'bad']}"
            raise ValueError(f"probabilities has no texts to choose from: {example}")
        return self

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.rows if self.rows is not None else len(next(iter(self.columns.values()), ()))

    @property
    def lacks(self) -> bool:
        """Whether this is what is kept of it, without its cells, or needs none."""
        return not self.columns

    def check_cells(self) -> None:
        """See to it that the cells are there that its templates name: what is kept of it has none, and cannot be asked.

        Raises:
            InvalidOperation: They are not.
        """
        if self.columns or (self.messages_from is None and not any(Template(text).columns for text in self.texts())):
            return
        problem = {"field": "columns", "problem": "is missing, and the template names some"}
        raise InvalidOperation(
            "The payload is not an operation: columns is missing, and the template names some.",
            why=f"It says only that there are {self.count:,} rows.",
            state="No job was made.",
            next="Give the cells: columns={'review': ['…', '…']}",
            problems=[problem],
        )

    def kept(self) -> InferBatch:
        """See `Operation.kept`: the rows are kept beside the record."""
        return self.model_copy(update={"columns": {}, "by_row": {}, "equal_before": (), "rows": self.count})

    def beside(self) -> Mapping[str, Any]:
        """See `Operation.beside`."""
        counted = {"equal_before": self.equal_before} if self.equal_before else {}
        return {"columns": self.columns, "by_row": self.by_row, **counted}

    def texts(self) -> tuple[str, ...]:
        """Its templates."""
        system = [self.system] if self.system is not None else []
        prompt = [self.prompt] if self.prompt is not None else []
        return (*system, *prompt, *(message.content for message in self.messages or ()))


class Tally(Result):
    """What has become of the rows of a batch."""

    rows: Count
    """How many rows it has."""
    done: Count = 0
    """Rows that have ended, failed ones included."""
    failed: Count = 0
    """Rows that have an error."""
    cached: Count = 0
    """Rows whose answer was there already."""
    failures: dict[str, Count] = Field(default_factory=dict)
    """How many failed, by the class of their error."""
    usage: Usage = Usage(prompt_tokens=0, cached_tokens=0, completion_tokens=0)
    """Tokens of the rows that were asked for this batch."""

    @property
    def answered(self) -> int:
        """Rows that have an answer."""
        return self.done - self.failed

    def failed_by_kind(self) -> list[tuple[str, str]]:
        """The failures as lines of a table."""
        return [(f"failed: {kind}", f"{count:,}") for kind, count in sorted(self.failures.items())]

    def after(self, row: RowData) -> Self:
        """What it is once this row has ended too, which has not before."""
        kind = row.error.kind if row.error is not None else None
        asked = None if row.cached else row.usage
        counted = self.failures if kind is None else {**self.failures, kind: self.failures.get(kind, 0) + 1}
        return self.model_copy(
            update={
                "done": self.done + 1,
                "failed": self.failed + (kind is not None),
                "cached": self.cached + row.cached,
                "failures": counted,
                "usage": self.usage if asked is None else self.usage.plus(asked),
            }
        )


class BatchResult(Tally):
    """What came of a batch. The rows themselves are in its log: `job.frame(of="rows")`."""

    model: ModelUsed
    concurrency: Count
    """Rows that were asked at once at most, or would be in a dry run; 0 where none had to be asked."""
    wall_s: Seconds
    """From the start of its last attempt to its end, in seconds."""
    job_id: str = ""
    """The job that holds its log."""

    def __str__(self) -> str:
        parts = [f"{self.answered:,} of {self.rows:,} rows answered"]
        parts += [f"{self.cached:,} of them from cache"] if self.cached else []
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.failures.items()))
        parts += [f"{self.failed:,} failed ({kinds})"] if self.failed else []
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"<BatchResult: {self}>"

    def _repr_html_(self) -> str:
        per_s = (self.done - self.cached) / max(self.wall_s, 1e-9)
        facts = [
            ("rows answered", f"{self.answered:,} of {self.rows:,}"),
            ("from cache", f"{self.cached:,}"),
            *self.failed_by_kind(),
            ("tokens", f"{self.usage.prompt_tokens:,} in, {self.usage.completion_tokens:,} out"),
            ("time", f"{self.wall_s:,.1f} s, {tables.counted(self.concurrency, 'row')} at once, {per_s:,.1f} rows/s"),
            ("model", self.model.name),
        ]
        return tables.html("batch", ("", ""), facts)


InferBatch.result_model = BatchResult


def _check_conversations(name: str, columns: Mapping[str, tuple[str | None, ...]]) -> None:
    if name not in columns:
        raise ValueError(f"messages_from is {name!r}; the columns are {', '.join(map(repr, list(columns)[:20]))}")
    for number, cell in enumerate(columns[name]):
        if cell is None:
            continue  # that row cannot be asked, and says so
        try:
            read(cell)
        except ValueError as error:
            raise ValueError(f"row {number} of column {name!r} is no conversation: {error}") from None
