"""Which jobs are meant: by state, operation, what they were asked for, tags and time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, TypedDict

from pydantic import AwareDatetime, StringConstraints, ValidationError

from queenlib.errors import InvalidRequest
from queenlib.messages.base import ID_PATTERN, MODEL_PATTERN, Message, Recovery
from queenlib.messages.job import TAGS, JobRecord, Tags
from queenlib.messages.parse import OPERATIONS, nearest
from queenlib.messages.state import State

READS = frozenset(name for name, operation in OPERATIONS.items() if operation.recovery is Recovery.READ)
"""The operations that only look at something."""

Aspect = tuple[str, str]
"""Something that a job is found by: what it is, and its value, such as `("tag", "evaluation")`."""


class Filters(TypedDict, total=False):
    """What jobs may be chosen by; all that is said has to hold. Without any of it, all jobs are meant.

    `hive`, `worker` and `model` are those that the job was asked to use; where it names no model, the queen's default is
    meant. Times have to say their time zone.
    """

    state: State | str | Iterable[State | str]
    """Those in one of these states."""
    operation: str | Iterable[str]
    """Those of one of these operations, by their names on the wire."""
    hive: str
    worker: str
    model: str
    tags: str | Iterable[str]
    """Those that have all of these tags."""
    created_after: datetime
    """Those created then or later."""
    created_before: datetime
    """Those created earlier."""
    ended_after: datetime
    """Those that ended then or later."""
    ended_before: datetime
    """Those that ended earlier."""
    reads: bool
    """Whether those are meant too that only look at something, such as lists."""


class JobFilter(Message):
    """Which jobs are meant; see `Filters`."""

    state: tuple[State, ...] = ()
    operation: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")], ...] = ()
    hive: Annotated[str, StringConstraints(pattern=ID_PATTERN)] | None = None
    worker: Annotated[str, StringConstraints(pattern=ID_PATTERN)] | None = None
    model: Annotated[str, StringConstraints(pattern=MODEL_PATTERN, max_length=512)] | None = None
    tags: Tags = ()
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    ended_after: AwareDatetime | None = None
    ended_before: AwareDatetime | None = None
    reads: bool = True

    def groups(self) -> list[frozenset[Aspect]]:
        """What a job has to have: at least one of each group."""
        asked = [("hive", self.hive), ("worker", self.worker), ("model", self.model), *(("tag", tag) for tag in self.tags)]
        several = [("state", tuple(map(str, self.state))), ("operation", self.operation)]
        alternatives = [frozenset((name, each) for each in values) for name, values in several if values]
        return [*alternatives, *(frozenset({(name, value)}) for name, value in asked if value is not None)]

    def admits(self, record: JobRecord) -> bool:
        """Whether a job is meant."""
        return (
            all(
                group & aspects(record.operation, record.state, record.terms.tags, record.request) for group in self.groups()
            )
            and (self.reads or record.operation not in READS)
            and _within(record.created_at, self.created_after, self.created_before)
            and (not self.ends or _within(record.ended_at, self.ended_after, self.ended_before))
        )

    @property
    def chooses(self) -> bool:
        """Whether it says which jobs are meant; `reads` alone does not."""
        return self.model_copy(update={"reads": True}) != ALL

    @property
    def ends(self) -> bool:
        """Whether only jobs that have ended are meant, by when they have."""
        return self.ended_after is not None or self.ended_before is not None

    @property
    def lasting(self) -> JobFilter:
        """What of this does not change while a job lives."""
        return self.model_copy(update={"state": (), "ended_after": None, "ended_before": None})

    def query(self) -> dict[str, Any]:
        """This as the fields of a query; each may be there several times."""
        said = {name: value for name, value in self.wire().items() if value != type(self).model_fields[name].default}
        said = {name: value for name, value in said.items() if value not in (None, [])}
        if "tags" in said:
            said["tag"] = said.pop("tags")
        return said | ({} if self.reads else {"reads": "false"})


ALL = JobFilter()
"""Every job."""


def aspects(operation: str, state: str, tags: Collection[str], request: Mapping[str, Any]) -> frozenset[Aspect]:
    """All that a job is found by, but for times."""
    return frozenset(_aspects(operation, state, tags, request))


def _aspects(operation: str, state: str, tags: Collection[str], request: Mapping[str, Any]) -> Iterator[Aspect]:
    yield "operation", operation
    yield "state", str(state)
    yield from (("tag", tag) for tag in tags)
    named = (("hive", "hive_id"), ("worker", "worker_id"), ("worker", "name"), ("model", "model"))
    yield from ((name, value) for name, field in named if isinstance(value := request.get(field), str))


def _within(at: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    return at is not None and (after is None or at >= after) and (before is None or at < before)


def _known(wanted: JobFilter) -> JobFilter:
    """A filter whose operations there are: of a slip it would find nothing, as if there were no jobs.

    Raises:
        InvalidRequest: One of them is unknown.
    """
    for name in wanted.operation:
        if name not in OPERATIONS:
            raise InvalidRequest(
                f"operation {name!r} is unknown{nearest(name, OPERATIONS) or '.'}",
                why=f"It is one or several of {', '.join(OPERATIONS)}.",
                state="Nothing was done.",
                next="Leave operation out, or mend it.",
            )
    return wanted


def parse_filter(**said: Any) -> JobFilter:
    """The filter that loose arguments make: those of `Filters`; one state, operation or tag may stand alone.

    Raises:
        InvalidRequest: One of them is not what it has to be.
    """
    for name in ("state", "operation", "tags"):
        if isinstance(value := said.get(name), str):
            said[name] = (value,)
        elif isinstance(value, Iterable):
            said[name] = tuple(value)
    try:
        if "state" in said:
            said["state"] = tuple(State(each) for each in said["state"])
        return _known(JobFilter.model_validate(said))
    except ValidationError as error:
        bad = str(error.errors()[0]["loc"][0])
    except (ValueError, TypeError):
        bad = "state"
    time = "a date and time with its time zone, such as datetime.now(UTC) - timedelta(hours=1)"
    must = {
        "state": f"one of {', '.join(State)}, or several of them",
        "operation": f"one or several of {', '.join(OPERATIONS)}",
        "tags": f"at most {TAGS} texts of 1 to 64 characters, without commas, and without blanks at either end",
        "reads": "True or False",
        **dict.fromkeys(("created_after", "created_before", "ended_after", "ended_before"), time),
        **dict.fromkeys(("hive", "worker", "model"), "the name of one"),
    }
    raise InvalidRequest(
        f"{bad} is not what jobs can be chosen by.",
        why=f"It is {must[bad]}." if bad in must else f"They are chosen by {', '.join(JobFilter.model_fields)}.",
        state="Nothing was done.",
        next=f"Leave {bad} out, or mend it.",
    )
