"""Every error that queenlib raises, near and far.

    QueenError
    ├─ InvalidOperation                the payload is not an operation; every bad field is named
    ├─ InvalidRequest                  a request that is not one: a body, a header or a cursor that cannot be read
    ├─ Forbidden                       no token, a wrong one, or a foreign Host or Origin
    ├─ TooLarge                        a body over its limit
    ├─ NotFound
    │  ├─ UnknownJob  UnknownHive  UnknownWorker  UnknownModel  UnknownDevice
    ├─ Conflict
    │  ├─ IllegalTransition            a step that the table of states does not have; nothing changed
    │  ├─ NameTaken                    a hive or a worker of that name exists already
    │  ├─ InUse                        it cannot be removed or changed while something uses it
    │  ├─ HiveStopped                  the hive was stopped by hand and starts only when told to
    │  └─ StreamBeyondEnd              a cursor past the last event of the log
    ├─ QueueFull                       no room for another job now; says when to come again
    ├─ QueenUnreachable                nothing answers at the queen's address, or not in time
    ├─ StreamInterrupted               a stream broke and could not be resumed; carries the last `seq` seen
    └─ JobFailed                       a job's work ended without its result
       ├─ InternalError                a defect of queenlib; carries the remote traceback as text
       ├─ JobTimeout                   a deadline passed: queue, run or wait
       ├─ QueenClosed                  the queen was closed under the job
       ├─ JobCancelled                 somebody cancelled it
       ├─ JobLost                      its queen died; whether the work finished cannot be known
       ├─ NoRoom                       the machine has not what was asked for
       ├─ MissingExtra                 an optional dependency is not installed
       ├─ EngineError                  the engine refused or broke off a request
       │  ├─ PromptTooLong             refused with the counts
       │  ├─ WorkerDied                its process ended; carries exit code, signal and last lines
       │  ├─ WorkerStalled             it is alive and gives nothing
       │  ├─ WorkerProtocol            it answered something that is not its protocol
       │  └─ NotStopped                it was told to stop and did not within its time
       └─ ModelError
          ├─ DownloadFailed            the source could not be reached or broke off
          ├─ WrongChecksum             the bytes are not the promised ones
          └─ ModelFileError            the file is missing, cut off or no GGUF

An error has four parts: *what* happened (with numbers), *why*, what *state* things are in now, and what to do *next*
(a line that one can paste). The same class with the same fields is raised near and far: `QueenError.problem` writes an
error as plain data, `revive` makes it the same error again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = [
    "Conflict", "DownloadFailed", "EngineError", "Forbidden", "HiveStopped", "IllegalTransition", "InUse", "InternalError",
    "InvalidOperation", "InvalidRequest", "JobCancelled", "JobFailed", "JobLost", "JobTimeout", "MissingExtra",
    "ModelError", "ModelFileError", "NameTaken", "NoRoom", "NotFound", "NotStopped", "PromptTooLong", "QueenClosed",
    "QueenError", "QueenUnreachable", "QueueFull", "StreamBeyondEnd", "StreamInterrupted", "TooLarge", "UnknownDevice",
    "UnknownHive", "UnknownJob", "UnknownModel", "UnknownWorker", "WorkerDied", "WorkerProtocol", "WorkerStalled",
    "WrongChecksum", "revive",
]  # fmt: skip


class QueenError(Exception):
    """The root of all errors of queenlib.

    Args:
        what: What happened, to what, with numbers.
        why: The cause, as far as it is known.
        state: What state things are in now: what was done, kept, lost.
        next: What to do, as a line that one can paste where there is one.
        fields: Further plain-data facts (`str`, numbers, `bool`, lists and dicts of them); each is an attribute.
    """

    what: str
    why: str
    state: str
    next: str
    job_id: str | None
    """The job that ended with this error, where there is one."""

    def __init__(self, what: str, *, why: str = "", state: str = "", next: str = "", **fields: Any) -> None:
        super().__init__(what)
        self.what, self.why, self.state, self.next = what, why, state, next
        self.fields: dict[str, Any] = fields

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        if name == "job_id":
            return None
        raise AttributeError(f"{type(self).__name__!r} has no field {name!r}")

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.state, self.next) if part)

    def __reduce__(self) -> tuple[Any, ...]:
        return revive, (self.problem(),)

    @property
    def kind(self) -> str:
        """The name of the class: the same near and far."""
        return type(self).__name__

    def problem(self) -> dict[str, Any]:
        """This error as plain data, for the log and the wire; `revive` is the way back."""
        parts = {"kind": self.kind, "what": self.what, "why": self.why, "state": self.state, "next": self.next}
        return {**parts, "fields": dict(self.fields)}

    def about_job(self, job_id: str) -> QueenError:
        """The same error, with the job that it ended."""
        self.fields["job_id"] = job_id
        return self


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


class StreamBeyondEnd(Conflict):
    """A cursor past the last event of the log; `last_seq` is where the log is."""

    last_seq: int


class QueueFull(QueenError):
    """No room for another job; come again in `retry_after_s` seconds."""

    retry_after_s: float


class QueenUnreachable(QueenError):
    """Nothing answers at the queen's address, or not in time."""


class StreamInterrupted(QueenError):
    """A stream broke and could not be resumed; `last_seq` is the last event that was seen."""

    last_seq: int


class JobFailed(QueenError):
    """A job's work ended without its result. `last_lines`: the end of the log that tells why, where there is one."""

    @property
    def last_lines(self) -> Sequence[str]:
        """The last lines of the process that failed; empty where there was none."""
        return cast("Sequence[str]", self.fields.get("last_lines", ()))


class InternalError(JobFailed):
    """A defect of queenlib. `remote_traceback` is the queen's traceback, as text."""

    remote_traceback: str


class JobTimeout(JobFailed):
    """A deadline passed. `deadline` is `queue`, `run` or `wait`; `limit_s` its length in seconds."""

    deadline: str
    limit_s: float


class QueenClosed(JobFailed):
    """The queen was closed under the job."""


class JobCancelled(JobFailed):
    """Somebody cancelled the job; its partial output stays in its log."""


class JobLost(JobFailed):
    """The job's queen died; whether the work finished cannot be known."""


class NoRoom(JobFailed):
    """The machine has not what was asked for; `needed` and `free`, in the unit that the text names."""

    needed: int
    free: int


class MissingExtra(JobFailed):
    """An optional dependency is not installed; `extra` is the one that holds it."""

    extra: str


class EngineError(JobFailed):
    """The engine refused or broke off a request."""


class PromptTooLong(EngineError):
    """The prompt and the answer do not fit in a slot; nothing was generated. All counts in tokens."""

    prompt_tokens: int
    max_tokens: int
    context: int


class WorkerDied(EngineError):
    """A worker's process ended, or the line to it broke. `exit_code` or `signal` (a name such as `SIGKILL`) say how."""

    exit_code: int | None
    signal: str | None


class WorkerStalled(EngineError):
    """A worker is alive and gave nothing for `silent_s` seconds. `stopped`: whether its slot is provably idle since."""

    silent_s: float
    stopped: bool


class WorkerProtocol(EngineError):
    """A worker answered something that is not its protocol."""


class NotStopped(EngineError):
    """A worker was told to stop a generation and had not after `waited_s` seconds."""

    waited_s: float


class ModelError(JobFailed):
    """A model could not be brought or read."""


class DownloadFailed(ModelError):
    """The source could not be reached or broke off; `done` bytes of `total` (or `None`) are kept for the next try."""

    done: int
    total: int | None


class WrongChecksum(ModelError):
    """The bytes are not the promised ones: `expected` and `found` are SHA-256 in hexadecimal."""

    expected: str
    found: str


class ModelFileError(ModelError):
    """The file is missing, cut off or no GGUF."""


def revive(problem: Mapping[str, Any]) -> QueenError:
    """The error that `QueenError.problem` wrote; of a class that this version does not know, a plain `QueenError`."""
    found = _classes(QueenError).get(str(problem.get("kind")), QueenError)
    error = found.__new__(found)
    parts = {name: str(problem.get(name, "")) for name in ("what", "why", "state", "next")}
    QueenError.__init__(error, **parts, **dict(problem.get("fields") or {}))
    return error


def _classes(root: type[QueenError]) -> dict[str, type[QueenError]]:
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found.update(_classes(child))
    return found
