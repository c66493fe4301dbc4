"""Errors of what was refused: nothing was done, or nothing was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from queenlib.errors.base import QueenError


class InvalidOperation(QueenError):
    """The payload is not an operation. `problems`: one `{"field", "problem"}` for each bad field, all at once."""

    problems: Sequence[Mapping[str, str]]


class InvalidRequest(QueenError):
    """A request that cannot be read: a body that is no JSON, a cursor that is no number."""


class Forbidden(QueenError):
    """Refused by the guard: no token, a wrong one, or a foreign Host or Origin."""


class TooLarge(QueenError):
    """A body over its limit of `limit` bytes; nothing of it was kept."""

    limit: int


class NotFound(QueenError):
    """There is nothing of that name."""


class UnknownJob(NotFound):
    """No job has that id."""


class UnknownHive(NotFound):
    """No hive has that id; `known` names those that there are."""

    known: Sequence[str]


class UnknownWorker(NotFound):
    """No worker has that id; `known` names those that there are."""

    known: Sequence[str]


class UnknownModel(NotFound):
    """No model has that name; `known` names those that there are."""

    known: Sequence[str]


class UnknownDevice(NotFound):
    """The hive has no such device; `known` names those that it has."""

    known: Sequence[str]


class Conflict(QueenError):
    """The thing exists and is not in a state that allows this."""


class IllegalTransition(Conflict):
    """A step that the table of states does not have. Nothing was changed."""


class NameTaken(Conflict):
    """A hive, a worker or a model's alias of that name exists already."""


class InUse(Conflict):
    """It cannot be removed or changed while something uses it."""


class HiveStopped(Conflict):
    """The hive was stopped by hand and starts only when told to."""


class KeyConflict(Conflict):
    """A job with this key exists, and it was created with another payload; `key`, and `other_id`, the id of that job."""

    key: str
    other_id: str


class HomeTaken(Conflict):
    """Another queen has this home; `path` is the home. There is one queen to a home, and any number of clients."""

    path: str


class StoreUnusable(QueenError):
    """The store cannot be opened, and was not touched; `path` is its file, and `fault` says why in a word.

    `damaged` (bytes of it are wrong), `behind` (it lacks what this home has shown already), `newer` (a later version of
    queenlib made it), `foreign` (another program did), `read_only`, `network` (a file system of several machines), `io`.
    """

    path: str
    fault: str


class StreamReset(Conflict):
    """The log was set back by a power loss under its readers: after `last_seq` of epoch `epoch` it is another one."""

    last_seq: int
    epoch: int


class StreamBeyondEnd(Conflict):
    """A cursor past the last event of the log; `last_seq` is where the log is."""

    last_seq: int


class QueueFull(QueenError):
    """No room for another job; come again in `retry_after_s` seconds."""

    retry_after_s: float


class QueenDraining(QueueFull):
    """The queen lets her jobs end and takes no further one; she has ended in `retry_after_s` seconds at most."""


class ProtocolMismatch(QueenError):
    """This program and the queen are of versions that cannot speak with each other; `ours` and `hers` are protocols.

    `version` and `pid` are hers; `unfinished` is how many of her jobs have not ended, if that is known.
    """

    ours: int
    hers: int
    version: str
    pid: int
    unfinished: int | None

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: what to do, and not where in our code it was noticed."""
        parts = {"why": self.why, "state": self.state, "next": self.next}
        return [f"{self.kind}: {self.what}", *(f"  {name}: {said}" for name, said in parts.items() if said)]


class QueenUnreachable(QueenError):
    """Nothing answers at the queen's address, or not in time."""


class StreamInterrupted(QueenError):
    """A stream broke and could not be resumed; `last_seq` is the last event that was seen."""

    last_seq: int


class NotEnded(QueenError, TimeoutError):
    """A job had not ended when the `waited_s` seconds to wait for it were over; it goes on. A `TimeoutError` too."""

    waited_s: float
