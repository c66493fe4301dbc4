"""Errors that end a job: its work ended without its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from queenlib.errors.base import QueenError


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
    """A deadline passed. `deadline` is `queue`, `run`, `wait` or `job`, its own `timeout=`; `limit_s` is in seconds."""

    deadline: str
    limit_s: float


class QueenClosed(JobFailed):
    """The queen was closed under the job."""


class JobCancelled(JobFailed):
    """Somebody cancelled the job; its partial output stays in its log."""


class JobLost(JobFailed):
    """The job's queen died; whether the work finished cannot be known."""


class StoreFailed(JobFailed):
    """The store could not keep something: a new job, then none was made; or what happened to one, then it was stopped."""


class StoreFull(StoreFailed):
    """The disk that the store is on is full; `free` bytes were left when this was noticed. It goes on when there is room."""

    free: int


class StoreBusy(StoreFailed):
    """Another program keeps the store locked; `waited_s` seconds were waited for it. It may be asked again."""

    waited_s: float


class StaleEpoch(StoreFailed):
    """A newer queen has opened the same store: this one, of `epoch`, writes nothing any more; `newest` is the other's."""

    epoch: int
    newest: int


class NoRoom(JobFailed):
    """The machine has not what was asked for; `needed` and `free`, in the unit that the text names."""

    needed: int
    free: int


class MissingExtra(JobFailed, ImportError):
    """An optional dependency is not installed; `extra` is the one that holds it. An `ImportError` too."""

    extra: str


class EngineError(JobFailed):
    """The engine refused or broke off a request."""


class PromptTooLong(EngineError):
    """The prompt and the answer do not fit in a slot; nothing was generated. All counts in tokens."""

    prompt_tokens: int
    max_tokens: int
    context: int


class NoEmbeddings(EngineError):
    """A worker, or its model, makes no vectors of texts."""


class WorkerDied(EngineError):
    """A worker's process ended, or the line to it broke. `exit_code` or `signal` (a name such as `SIGKILL`) say how.

    `out_of_memory`, where its process is known to have ended: whether it looks as if memory ran out.
    """

    exit_code: int | None
    signal: str | None


class WorkerStalled(EngineError):
    """A worker is alive and gave nothing for `silent_s` seconds. `stopped`: whether its slot is provably idle since."""

    silent_s: float
    stopped: bool


class WorkerProtocol(EngineError):
    """A worker answered something that is not its protocol."""


class NotAsked(EngineError):
    """No connection to a worker could be opened, for want of something on the queen's own side; it says nothing of it."""


class NotStopped(EngineError):
    """A worker was told to stop a generation and had not after `waited_s` seconds."""

    waited_s: float


class MissingCell(JobFailed):
    """A row of a batch has nothing in a cell that its question needs: that of `column`. It was not asked."""

    column: str


class InvalidAnswer(JobFailed):
    """An answer is not of the schema that was asked for, or was cut off before it could be."""


class TooManyFailures(JobFailed):
    """More rows of a batch failed than were allowed: `failures` says how many, by the class of their error."""

    failures: Mapping[str, int]


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
