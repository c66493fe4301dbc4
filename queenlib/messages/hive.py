"""Operations on hives, and what they result in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from queenlib import tables
from queenlib.messages.base import HIVE_ALIASES, Bytes, Deleted, Message, Name, Operation, Recovery, Result, Seconds, Utc
from queenlib.messages.listing import Listing
from queenlib.messages.worker import KeepAlive, WorkerInfo

HiveId = Annotated[Name, Field(validation_alias=HIVE_ALIASES, description="which hive; `id` is accepted as well")]


class HiveKind(StrEnum):
    """What a hive is."""

    LOCAL = "local"
    """The machine that the queen runs on."""
    SIMULATED = "simulated"
    """A made-up machine that runs `sim:` models only; for tests, examples and demonstrations."""


class HiveState(StrEnum):
    """What a hive does."""

    STOPPED = "stopped"
    """It runs no workers; the first that needs it starts it, unless it was stopped by hand."""
    STARTING = "starting"
    """Its guardian is being started."""
    READY = "ready"
    """It can run workers."""
    STOPPING = "stopping"
    """Its workers are being stopped."""
    FAILED = "failed"
    """Its guardian could not be started or died; the reason is beside it."""


class Device(Message):
    """Something that a hive computes with."""

    id: str
    """Unique in its hive: `cpu`, `cuda:0`, `metal`."""
    kind: Literal["cpu", "cuda", "metal", "simulated"]
    name: str
    """As its maker calls it."""
    cores: Annotated[int, Field(ge=1)] | None = None
    """Cores that this process may use; for processors."""
    memory: Bytes | None = None
    """All of its memory, in bytes; `None` if it cannot be told."""
    memory_free: Bytes | None = None
    """The memory that is free now, in bytes."""
    problem: str = ""
    """Why it could not be looked at whole, if so."""


class HiveInfo(Result):
    """One hive."""

    id: str
    kind: HiveKind
    address: str = ""
    """Where it is; empty for hives on this machine."""
    state: HiveState
    reason: str = ""
    """Why it is in this state."""
    since: Utc
    """When it came into this state."""
    keep_alive: KeepAlive
    """How long it keeps idle workers that do not say otherwise, in seconds."""
    devices: tuple[str, ...] = ()
    """What it computes with, by id, as far as it was looked at: `hive_status` tells more of them."""
    workers: tuple[WorkerInfo, ...] = ()


class HiveListing(Listing):
    """All hives."""

    _noun = "hive"
    _columns = ("hive", "kind or worker", "state", "reason", "model", "slots busy", "memory")
    hives: tuple[HiveInfo, ...]

    def _count(self) -> int:
        return len(self.hives)

    def _rows(self) -> Iterator[tables.Row]:
        for hive in self.hives:
            yield hive.id, hive.kind, hive.state, hive.reason, "", "", ""
            for worker in hive.workers:
                slots = f"{worker.slots_busy} of {worker.slots}"
                yield "", worker.id, worker.state, worker.reason, worker.model, slots, tables.size(worker.memory)


class Load(Message):
    """How busy a machine is."""

    cpu_percent: Annotated[float, Field(ge=0)]
    """Use of all processors together, 0 to 100."""
    memory: Bytes
    """All main memory, in bytes."""
    memory_free: Bytes
    """Main memory that can be had without swapping, in bytes."""


class HiveStatusReport(Result):
    """One hive, its devices and its load."""

    hive: HiveInfo
    devices: tuple[Device, ...]
    load: Load | None
    """`None` where it could not be measured."""
    probe_s: Seconds
    """How long looking took, in seconds."""


class HiveList(Operation):
    """List the hives."""

    operation: Literal["hive_list"] = "hive_list"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = HiveListing
    run_limit_s: ClassVar = 30.0


class HiveGet(Operation):
    """Look at one hive and its workers."""

    operation: Literal["hive_get"] = "hive_get"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = HiveInfo
    run_limit_s: ClassVar = 30.0


class HiveStatus(Operation):
    """Look at one hive's devices, load and workers; each probe has a time limit."""

    operation: Literal["hive_status"] = "hive_status"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = HiveStatusReport
    run_limit_s: ClassVar = 60.0


class HiveCreate(Operation):
    """Add a hive. It is there when the job has succeeded; it starts when it is needed or told to."""

    operation: Literal["hive_create"] = "hive_create"
    hive_id: Annotated[Name, Field(validation_alias=HIVE_ALIASES)]
    """The new hive's id."""
    kind: HiveKind
    """What it is: `simulated`; the one `local` is always there."""
    address: Annotated[str, Field(max_length=256)] = ""
    """Where it is; empty for kinds that are on this machine."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = HiveInfo
    run_limit_s: ClassVar = 60.0


class HiveUpdate(Operation):
    """Change a hive's address, or how long it keeps idle workers; what is not given stays as it is."""

    operation: Literal["hive_update"] = "hive_update"
    hive_id: HiveId = "local"
    address: Annotated[str, Field(max_length=256)] | None = None
    """Where it is from now on."""
    keep_alive: KeepAlive | None = None
    """How long it keeps idle workers that do not say otherwise, in seconds, or `never`; at first 600."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = HiveInfo
    run_limit_s: ClassVar = 60.0


class HiveDelete(Operation):
    """Remove a hive: it is stopped first. The hive `local` cannot be removed."""

    operation: Literal["hive_delete"] = "hive_delete"
    hive_id: Annotated[Name, Field(validation_alias=HIVE_ALIASES)]
    """Which hive."""
    force: bool = False
    """Do not wait for the generations under way."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = Deleted
    run_limit_s: ClassVar = 3600.0


class HiveStart(Operation):
    """Start a hive; does nothing to one that is ready."""

    operation: Literal["hive_start"] = "hive_start"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = HiveInfo
    run_limit_s: ClassVar = 60.0


class HiveStop(Operation):
    """Stop a hive and its workers; it stays stopped until it is started."""

    operation: Literal["hive_stop"] = "hive_stop"
    hive_id: HiveId = "local"
    force: bool = False
    """Do not wait for the generations under way."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = HiveInfo
    run_limit_s: ClassVar = 3600.0
