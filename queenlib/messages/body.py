"""Bodies: what an operation yields while it works."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from queenlib.messages.base import Count, Message, Milliseconds, Said, Seconds
from queenlib.messages.row import RowData
from queenlib.messages.vectors import VectorsData

Channel = Literal["content", "reasoning"]
"""What a token belongs to: the answer, or the thoughts before it."""


class Log(Message):
    """A line for people."""

    text: Said
    """One line, without its line end."""
    level: Literal["debug", "info", "warning", "error"] = "info"


class Progress(Message):
    """How far something has come."""

    what: Said
    """What is under way, such as `download smollm2-135m`."""
    done: Count
    total: Count | None
    """`None` while it is not known."""
    unit: Literal["bytes", "steps", "tokens", "rows"]
    per_s: Annotated[float, Field(ge=0)] | None = None
    """How fast it goes on, where whoever does it says so."""
    left_s: Seconds | None = None
    """How long it will still take at that rate, in seconds; `None` where nobody can say."""


class Token(Message):
    """One piece of an answer, as the engine sent it."""

    text: Said
    dt_ms: Milliseconds
    """Since the piece before, or for the first since the request, in milliseconds; taken where it left the socket."""
    channel: Channel = "content"


class Metrics(Message):
    """Numbers about the work, by name; the unit is in the name."""

    values: dict[str, float]


class Waiting(Message):
    """The work is blocked by something outside it, until it says that it goes on: `Working`."""

    reason: Said
    """What it waits for, such as `slot: 2 ahead on worker-a1`."""


class Working(Message):
    """What the work waited for is there: it goes on."""


Body = Log | Progress | Token | RowData | VectorsData | Metrics | Waiting | Working
"""What an operation yields while it works; last comes its result."""
