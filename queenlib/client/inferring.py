"""What a queen can be asked for an answer by: one, a conversation, a table of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from queenlib.client.asking import check_interrupt, infer_operation
from queenlib.client.batching import Columns, Schema, answer_schema, batch_operation, told
from queenlib.client.calls import Caller
from queenlib.client.embedding import Embedding
from queenlib.client.framed import FrameJob, Question, Shape, frame_operation
from queenlib.client.job import Job
from queenlib.client.preview import Preview, looked_at, of_rows, preview
from queenlib.client.spelled import spelled
from queenlib.display.interrupt import asked_for
from queenlib.messages.asked import BatchParameters, InferParameters
from queenlib.messages.batch import BatchResult, InferBatch
from queenlib.messages.infer import ChatMessage, Infer, InferResult
from queenlib.messages.parse import parse_terms

if TYPE_CHECKING:
    import pandas as pd


class Inferring(Embedding):
    """Asks models."""

    _caller: Caller

    def __init__(self) -> None:
        self._defaults: dict[str, Any] = {}

    def defaults(self, *, model: str | None = None, hive: str | None = None) -> Self:
        """What `infer` uses where it is not told: a model, a hive. Returns this handle."""
        self._defaults = {name: value for name, value in {"model": model, "hive_id": hive}.items() if value is not None}
        return self

    @spelled(Infer, InferParameters.__annotations__)
    def infer(
        self,
        prompt: str | Iterable[ChatMessage | Mapping[str, str]],
        *,
        model: str | None = None,
        hive: str | None = None,
        worker: str | None = None,
        key: str | None = None,
        retry: int = 0,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
        on_interrupt: Literal["cancel", "detach"] = "cancel",
        **parameters: Unpack[InferParameters],
    ) -> Job[InferResult]:
        """Ask a model. On a fresh machine this one call starts the hive, fetches the model, starts a worker, and streams.

        Args:
            prompt: What to ask, or the messages of a conversation (`{"role": …, "content": …}`).
            model: By default that of `defaults()`, then `QUEENLIB_MODEL`, then the demo model (a plumbing demo).
            hive: Only on this hive.
            worker: Only on this worker.
            key: Your own name for the job: asked again with it, the same is not generated twice; see `Jobs.create`.
            retry: How often it is run again where its worker or the queen dies under it; unsaid, it never runs twice.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended, all waiting included.
            on_interrupt: Of the cell that waits for it: by default it is cancelled; with `"detach"` it goes on, also where
                that cell is run again.
            parameters: What else `queenlib.messages.infer.Infer` has.

        Raises:
            InvalidOperation: A parameter does not fit; every one is named, and no job was made.
            KeyConflict: A job with this key was created with another payload.
        """
        check_interrupt(on_interrupt)
        where = {"model": model, "hive_id": hive, "worker_id": worker}
        operation = infer_operation(prompt, self._defaults, where, parameters)
        job = self._caller.call(operation, InferResult, parse_terms("now", key, retry, tags, timeout))
        if on_interrupt == "cancel":
            asked_for(job)
        return job

    @spelled(InferBatch, BatchParameters.__annotations__)
    def infer_batch(
        self,
        columns: Columns,
        prompt: str | Iterable[ChatMessage | Mapping[str, str]] | None = None,
        *,
        model: str | None = None,
        hive: str | None = None,
        worker: str | None = None,
        key: str | None = None,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
        json_schema: Mapping[str, Any] | None = None,
        **parameters: Unpack[BatchParameters],
    ) -> Job[BatchResult]:
        """Ask a model about each row of a table. What is answered stays so: asked again, only the rest is asked.

        The rows are in the log: `await job.frame(of="rows")`.

        Args:
            columns: The texts of each column, all of one length; `None` where nothing is in a cell.
            prompt: A template that names columns in braces, or messages with such templates; without it `messages_from`
                names the column of the conversations.
            model: By default that of `defaults()`, then `QUEENLIB_MODEL`, then the demo model (a plumbing demo).
            hive: Only on this hive.
            worker: Only on this worker.
            key: Your own name for the job: created again with it, it is this one.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended, all waiting included.
            json_schema: Each answer is JSON of this JSON Schema.
            parameters: What else `queenlib.messages.batch.InferBatch` has.

        Raises:
            InvalidOperation: A parameter does not fit; every one is named, and no job was made.
        """
        where = {**self._defaults, **_said(model=model, hive_id=hive, worker_id=worker)}
        operation = batch_operation(columns, prompt, **where, json_schema=json_schema, **parameters)
        return self._caller.call(operation, BatchResult, parse_terms("now", key, 0, tags, timeout))

    @spelled(InferBatch, BatchParameters.__annotations__)
    def infer_frame(
        self,
        frame: pd.DataFrame,
        prompt: Question,
        *,
        schema: Schema | None = None,
        choices: Sequence[str] | None = None,
        regex: str | None = None,
        schema_in_prompt: bool = True,
        stats: bool = False,
        prefix: str = "",
        model: str | None = None,
        hive: str | None = None,
        worker: str | None = None,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
        **parameters: Unpack[BatchParameters],
    ) -> FrameJob:
        """Ask a model about each row of a DataFrame: `await` gives the new columns, aligned with it. It is not touched.

        Args:
            frame: Any DataFrame, with any index.
            prompt: A template that names columns in braces, messages with such templates, or a function: see `Question`.
            schema: What each answer looks like, as a pydantic model or a JSON Schema: each field becomes a column.
            choices: Each answer is one of these texts.
            regex: Each answer matches this pattern.
            schema_in_prompt: Tell the model the schema too, with what it says of its fields.
            stats: Columns for what each row took, and who answered it.
            prefix: What stands before the name of each new column.
            model: By default that of `defaults()`, then `QUEENLIB_MODEL`, then the demo model (a plumbing demo).
            hive: Only on this hive.
            worker: Only on this worker.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended.
            parameters: What else `queenlib.messages.batch.InferBatch` has.

        Raises:
            Conflict: A new column would have the name of one that is there.
            InvalidOperation: A parameter does not fit, or the template names a column that is not there; no job was made.
        """
        form = answer_schema(schema, choices, regex)
        if form is not None and schema_in_prompt:
            parameters["system"] = told(parameters.get("system"), form)
        shape, where = Shape(frame.index, prefix, stats), _said(model=model, hive_id=hive, worker_id=worker)
        operation = frame_operation(frame, prompt, shape, json_schema=form, **{**self._defaults, **where}, **parameters)

        def ask(asked: InferBatch) -> Job[BatchResult]:
            return self._caller.call(asked, BatchResult, parse_terms("now", None, 0, tags, timeout))

        return FrameJob(ask(operation), operation, shape, ask)

    async def preview(self, frame: pd.DataFrame, prompt: Question, *, n: int = 3, **given: Any) -> Preview:
        """Look before you pay: some rows for real, each with what is asked, and an estimate for the whole.

        Args:
            frame: Any DataFrame.
            prompt: As for `infer_frame`; a function is called for some rows more than once.
            n: Rows that are looked at: the first that can be asked, and where those are fewer, some that cannot, with why.
                Their answers are kept, so that they are not asked again.
            given: As for `infer_frame`; `max_failures` ends no look.

        Raises:
            InvalidRequest: `n` is below 1, or a list of `by_row` is not as long as the frame.
            QueenError: As `infer_frame`.
        """
        asked = list(prompt) if isinstance(prompt, Iterator) else prompt
        given = {**given, "max_failures": None}
        rows = looked_at(frame, asked, n, given.get("system"))
        sample = self.infer_frame(frame.iloc[rows], asked, **{**of_rows(given, rows, len(frame)), "stats": True})
        questions = sample.questions()
        await sample.job
        whole = self.infer_frame(frame, asked, **{**given, "dry_run": True})
        return await preview(sample, await whole.job, questions)


def _said(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}
