"""Operations on workers, and what they result in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from queenlib import tables
from queenlib.messages.base import Bytes, Count, Deleted, Message, ModelName, Name, Operation, Recovery, Result, Seconds, Utc
from queenlib.messages.listing import Listing


class WorkerState(StrEnum):
    """What a worker does."""

    STARTING = "starting"
    """Its process is being started."""
    LOADING = "loading"
    """It reads its model."""
    READY = "ready"
    """It is loaded and all its slots are free."""
    BUSY = "busy"
    """At least one of its slots generates."""
    DRAINING = "draining"
    """It finishes what it has and takes nothing new."""
    STOPPED = "stopped"
    """Its process has ended as it was told to."""
    FAILED = "failed"
    """Its process has ended or never got ready; the reason is beside it."""


KeepAlive = Annotated[float, Field(ge=0, le=1e9)] | Literal["never"]
"""How long an idle worker is kept, in seconds, until it is stopped; `never` stops one because it is idle."""


class EngineArgs(Message):
    """How a worker's engine is started, beyond what every engine has. Each is left to the engine if it is not given."""

    prompt_chunk: Annotated[int, Field(ge=1, le=8192)] | None = None
    """Tokens of a prompt that are read in one step. A cancel waits for one step at most."""
    flash_attention: bool | None = None
    """Use flash attention."""
    cache_type_k: Literal["f32", "f16", "q8_0", "q4_0"] | None = None
    """How the keys of the context are kept."""
    cache_type_v: Literal["f32", "f16", "q8_0", "q4_0"] | None = None
    """How the values of the context are kept."""
    embeddings: Literal["model", "mean", "cls", "last"] | None = None
    """Make vectors of texts in place of answers: how those of a text's tokens become one. `model` is as the model's file
    says, and their mean where it says nothing. A text is read in one step, so that a long `context` takes memory."""
    prompt_cache_mib: Annotated[int, Field(ge=0, le=1_048_576)] | None = None
    """Main memory for prompts read before, in MiB; by default 256."""


class WorkerInfo(Result):
    """One worker."""

    id: str
    hive_id: str
    model: str
    """The name that the model was asked for by."""
    engine: str
    """What does the inference: `llama_cpp` or `simulated`."""
    state: WorkerState
    reason: str = ""
    """Why it is in this state; for a failed one, what its end was."""
    since: Utc
    """When it came into this state."""
    device: str
    """The device it runs on, such as `cpu`."""
    slots: Count
    """Generations that it can run at once."""
    slots_busy: Count
    """Generations that it runs now."""
    waiting: Count = 0
    """Jobs that wait for one of its slots."""
    tokens_per_s: Annotated[float, Field(ge=0)] | None = None
    """Tokens a second that all its slots together gave over the last 3 s; `None` where they gave none."""
    context: Count
    """Tokens that fit in one slot, prompt and answer together; 0 until it is loaded."""
    threads: Count
    """Processor threads it computes with."""
    pid: Count | None = None
    """Its process, while there is one."""
    load_s: Seconds | None = None
    """How long it took from its start to ready, in seconds."""
    idle_since: Utc | None = None
    """When it was last used, or got ready; only while it is ready."""
    memory: Bytes | None = None
    """Main memory that its process holds, in bytes."""
    last_lines: tuple[str, ...] = ()
    """The end of its log; for a failed one."""


class WorkerListing(Listing):
    """All workers of one hive."""

    _noun = "worker"
    _columns = ("worker", "state", "reason", "model", "device", "slots busy", "tokens/s", "memory")
    workers: tuple[WorkerInfo, ...]

    def _count(self) -> int:
        return len(self.workers)

    def _rows(self) -> Iterator[tables.Row]:
        for each in self.workers:
            rate = "" if each.tokens_per_s is None else f"{each.tokens_per_s:g}"
            slots, memory = f"{each.slots_busy} of {each.slots}", tables.size(each.memory)
            yield each.id, each.state, each.reason, each.model, each.device, slots, rate, memory


HiveId = Annotated[Name, Field(description="which hive")]


class WorkerList(Operation):
    """List a hive's workers, failed ones included."""

    operation: Literal["worker_list"] = "worker_list"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = WorkerListing
    run_limit_s: ClassVar = 30.0


class WorkerGet(Operation):
    """Look at one worker."""

    operation: Literal["worker_get"] = "worker_get"
    worker_id: Name
    """Which worker."""
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = WorkerInfo
    run_limit_s: ClassVar = 30.0


class WorkerSpawn(Operation):
    """Put a model on a hive: a worker is started and loaded.

    With a `name`, it converges: a worker of that name that serves the same model with the same options is the result.
    """

    operation: Literal["worker_spawn"] = "worker_spawn"
    model: ModelName
    """An alias, a source, or a simulated model."""
    name: Name | None = None
    """The worker's id; made up if it is not given."""
    hive_id: HiveId = "local"
    device: Annotated[str, Field(max_length=64)] | None = None
    """The device to run on, such as `cpu` or `cuda:0`; by default the best that there is."""
    context: Annotated[int, Field(ge=64, le=10_485_760)] = 4096
    """Tokens in one slot, prompt and answer together; never more than the model was made for."""
    slots: Annotated[int, Field(ge=1, le=256)] = 2
    """Generations at once."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Processor threads; by default the free cores. Never more than there are cores."""
    gpu_layers: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Layers to put on a GPU; by default as many as fit, on `cpu` none."""
    engine_args: EngineArgs = EngineArgs()
    """What only this engine has."""
    keep_alive: KeepAlive | None = None
    """How long it is kept idle, in seconds, or `never`; by default as long as its hive says. After that it is stopped, and
    the next use loads it again."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = WorkerInfo
    run_limit_s: ClassVar = 86_400.0

    @property
    def embeds(self) -> bool:
        """Whether the worker makes vectors of texts in place of answers."""
        return self.engine_args.embeddings is not None

    def same(self, other: WorkerSpawn) -> bool:
        """Whether this asks for the same worker as `other`; how long it is kept idle does not matter."""
        return self.model_copy(update={"keep_alive": other.keep_alive}) == other


class WorkerDelete(Operation):
    """Stop a worker. It finishes its generations first, unless it is forced."""

    operation: Literal["worker_delete"] = "worker_delete"
    worker_id: Name
    """Which worker."""
    hive_id: HiveId = "local"
    force: bool = False
    """Do not wait for the generations under way."""
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = Deleted
    run_limit_s: ClassVar = 3600.0


class IdleStopped(Result):
    """Idle workers were stopped."""

    workers: tuple[str, ...]
    """Which, by id."""
    freed: Bytes
    """Main memory that their processes held, in bytes; shared parts count for each."""


class WorkerStopIdle(Operation):
    """Stop all workers of a hive that nobody uses. The next use of one loads it again."""

    operation: Literal["worker_stop_idle"] = "worker_stop_idle"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = IdleStopped
    run_limit_s: ClassVar = 600.0
