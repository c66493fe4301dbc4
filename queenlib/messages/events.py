"""Events: the numbered records of a job's log, and the bodies that operations yield for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from queenlib.messages.base import Count, Message, Milliseconds, Result, Said, Utc
from queenlib.messages.body import Body as Body  # what becomes an event is asked for here
from queenlib.messages.body import Channel as Channel
from queenlib.messages.body import Log as Log
from queenlib.messages.body import Metrics as Metrics
from queenlib.messages.body import Progress as Progress
from queenlib.messages.body import Token as Token
from queenlib.messages.body import Waiting as Waiting
from queenlib.messages.body import Working as Working
from queenlib.messages.problem import Problem as Problem  # the end of a job tells it
from queenlib.messages.row import RowData as RowData  # it is a body, like those below
from queenlib.messages.state import State
from queenlib.messages.vectors import VectorsData as VectorsData

SAID = 100
"""So much of a row's answer its line for people says, in characters."""


class StateData(Message):
    """The job has come into a state."""

    state: State
    reason: str = ""


class TokenData(Message):
    """Pieces of an answer that came together."""

    i: Count
    """The number of the first of them in this attempt at the job, from 0."""
    text: str
    """All of them, joined."""
    cuts: tuple[Count, ...]
    """Where each ends in `text`, in code points."""
    dt_ms: tuple[Milliseconds, ...]
    """For each, the time since the one before, or for the first since the request, in milliseconds."""
    channel: Channel = "content"


class ResultData(Message):
    """The job's result."""

    result: dict[str, Any]


class AttemptData(Message):
    """The work begins anew: what came of an answer before this belongs to an attempt that was cut off."""

    n: Annotated[int, Field(ge=2)]
    """Which attempt begins."""
    reason: Said
    """Why the one before it was cut off."""
    epoch: Count
    """The start of the queen, counted from 1, that works on it now."""


class EndData(Message):
    """The job has ended. Nothing comes after."""

    state: State
    reason: str = ""
    error: Problem | None = None
    """Why, if it did not succeed."""
    epoch: Count | None = None
    """The start of the queen that ended it, where that is not the one that worked on it."""


class _Event(Message):
    job_id: str
    seq: Annotated[int, Field(ge=1)]
    """Its number in the job's log: 1, 2, 3, …"""
    at: Utc
    """When it was written, in UTC."""
    type: str

    @cached_property
    def line(self) -> bytes:
        """This event as one line of JSON, without its line end; made once, however many read it."""
        return self.model_dump_json().encode()

    @property
    def first(self) -> int:
        """The number of the first event that this one stands for: its own, but for joined ones."""
        return self.seq

    @cached_property
    def frame(self) -> bytes:
        """This event as it stands in a stream of server-sent events; made once, however many read it.

        Its line of JSON holds no raw CR or LF, so that nothing in it can end it.
        """
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.seq, self.type.encode(), self.line)


class StateEvent(_Event):
    """The job has come into a state."""

    type: Literal["state"] = "state"
    data: StateData

    def __str__(self) -> str:
        reason = f" ({self.data.reason})" if self.data.reason else ""
        return f"· {self.data.state}{reason}\n"


class LogEvent(_Event):
    """A line for people."""

    type: Literal["log"] = "log"
    data: Log

    def __str__(self) -> str:
        return f"{self.data.text}\n"


class ProgressEvent(_Event):
    """How far something has come."""

    type: Literal["progress"] = "progress"
    data: Progress

    def __str__(self) -> str:
        total = f" of {self.data.total:,}" if self.data.total is not None else ""
        return f"· {self.data.what}: {self.data.done:,}{total} {self.data.unit}\n"


class TokenEvent(_Event):
    """Pieces of an answer."""

    type: Literal["token"] = "token"
    data: TokenData
    joins: Annotated[int, Field(ge=1, exclude_if=lambda count: count == 1)] = 1
    """How many events of the log this one stands for, `seq` being the last: in streams that are paced, more than one."""

    @property
    def first(self) -> int:
        """The number of the first event that this one stands for."""
        return self.seq - self.joins + 1

    def __str__(self) -> str:
        return self.data.text


class RowEvent(_Event):
    """A row of a batch has ended."""

    type: Literal["row"] = "row"
    data: RowData

    def __str__(self) -> str:
        said = self.data.error.what if self.data.error else " ".join(self.data.text.split())
        return f"· row {self.data.i}: {said if len(said) <= SAID else f'{said[: SAID - 1]}…'}\n"


class VectorsEvent(_Event):
    """Some texts have their vectors."""

    type: Literal["vectors"] = "vectors"
    data: VectorsData

    def __str__(self) -> str:
        rows, error = self.data.rows, self.data.error
        which = f"texts {rows[0]:,} to {rows[-1]:,}" if len(rows) > 1 else f"text {rows[0]:,}"
        return f"· {which}: {error.what if error else f'{self.data.dimensions:,} numbers each'}\n"


class MetricsEvent(_Event):
    """Numbers about the work."""

    type: Literal["metrics"] = "metrics"
    data: Metrics

    def __str__(self) -> str:
        return ""  # for programs


class AttemptEvent(_Event):
    """The work begins anew."""

    type: Literal["attempt"] = "attempt"
    data: AttemptData

    def __str__(self) -> str:
        return f"\n· attempt {self.data.n}: {self.data.reason}\n"  # an answer that broke off has not ended its line


class ResultEvent(_Event):
    """The job's result; the end is next."""

    type: Literal["result"] = "result"
    data: ResultData

    def __str__(self) -> str:
        return "\n" if self.data.result.get("text") else ""  # the last line of an answer ends with it


class EndEvent(_Event):
    """The end of the job's log."""

    type: Literal["end"] = "end"
    data: EndData

    def __str__(self) -> str:
        if self.data.error is None:
            return f"· {self.data.state}\n"
        return f"\n· {self.data.state}: {self.data.error.what}\n"  # an answer that broke off has not ended its line


Event = Annotated[
    StateEvent
    | LogEvent
    | ProgressEvent
    | TokenEvent
    | RowEvent
    | VectorsEvent
    | MetricsEvent
    | AttemptEvent
    | ResultEvent
    | EndEvent,
    Field(discriminator="type"),
]
"""One record in a job's log. `str(event)` is its text with its own line end; pieces of an answer have none, so that
`print(event, end="")` reads well."""

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event: `EVENT.validate_json(line)`."""

EVENT_OF: Mapping[type[Message], type[Any]] = {
    Log: LogEvent,
    Progress: ProgressEvent,
    RowData: RowEvent,
    VectorsData: VectorsEvent,
    Metrics: MetricsEvent,
}
"""The event that tells of a body, where it is that body and no more."""

Yielded = Body | Result
"""What an operation yields: bodies, and last its result."""
