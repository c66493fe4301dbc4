"""What has changed since somebody last looked: a list first, then what differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, ValidationError

from queenlib.errors import InvalidRequest
from queenlib.messages.base import Message, Name
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.hive import HiveInfo
from queenlib.messages.job import JobRecord
from queenlib.messages.model import ModelInfo
from queenlib.messages.worker import WorkerInfo

T = TypeVar("T")

MOST = 1000
"""Jobs that a watch begins with at most."""


class Kind(StrEnum):
    """What can be watched."""

    JOBS = "jobs"
    HIVES = "hives"
    WORKERS = "workers"
    MODELS = "models"


class Watch(Message):
    """What somebody watches."""

    kind: Kind
    wanted: JobFilter = ALL
    """Which jobs."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    """How many jobs it begins with at most, the newest; whichever of the others changes later is told as well."""
    hive: Name | None = None
    """Whose workers; `None` for those of all hives."""


def parse_watch(kind: Kind, **said: Any) -> Watch:
    """A watch from loose arguments.

    Raises:
        InvalidRequest: One of them is not what it has to be.
    """
    try:
        return Watch.model_validate({"kind": kind, **said})
    except ValidationError as error:
        bad = str(error.errors()[0]["loc"][0])
    must = {"limit": f"limit is a whole number from 1 to {MOST:,}.", "hive": "hive is the id of one."}
    raise InvalidRequest(
        f"This cannot be watched: {bad} is {said.get(bad)!r}.",
        why=must.get(bad, f"What can be said is {', '.join(Watch.model_fields)}."),
        state="Nothing is watched.",
        next=f"Leave {bad} out, or mend it.",
    )


class Change(Message, Generic[T]):
    """What is different now. Only the newest state of each thing is told: what it was in between is not."""

    revision: str
    """Where the reader is with this; who comes back with it is told only what has changed since."""
    reset: bool = False
    """Whether `items` is the whole list, in place of all that the reader had: at first, and for who came back too late."""
    items: tuple[T, ...] = ()
    """What is new or different, as it is now."""
    gone: tuple[str, ...] = ()
    """The names of what is there no more, or is not wanted any more."""


FORMS: Mapping[Kind, type[Change[Any]]] = {
    Kind.JOBS: Change[JobRecord],
    Kind.HIVES: Change[HiveInfo],
    Kind.WORKERS: Change[WorkerInfo],
    Kind.MODELS: Change[ModelInfo],
}
"""What a change is made of."""


def name_of(item: JobRecord | HiveInfo | WorkerInfo | ModelInfo) -> str:
    """What tells a thing from others of its kind: an id, `hive/worker`, or where a model comes from."""
    match item:
        case WorkerInfo():
            return f"{item.hive_id}/{item.id}"
        case ModelInfo():
            return item.source
        case JobRecord() | HiveInfo():
            return item.id


class Watched(Generic[T]):
    """The list as it is now, put together from changes.

    Args:
        revision: Where it is at first; empty for nowhere.
    """

    def __init__(self, revision: str = "") -> None:
        self.items: dict[str, T] = {}
        """What there is, by name; what is new comes last."""
        self.revision = revision

    def take(self, change: Change[T]) -> None:
        """Go on to this change."""
        if change.reset:
            self.items.clear()
        for name in change.gone:
            self.items.pop(name, None)
        self.items |= {name_of(item): item for item in change.items}  # type: ignore[arg-type]
        self.revision = change.revision
