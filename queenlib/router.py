"""The router: creates each job once, and knows which function does which operation. It knows no HTTP.

It is also the queen in this process: it has the verbs of `queenlib.client.backend.Backend`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Literal, assert_never

from queenlib.messages import hive, infer, model, status, worker
from queenlib.messages.base import Operation
from queenlib.messages.events import Event, Yielded
from queenlib.messages.job import JobListing, JobRecord, JobTicket, QueenInfo
from queenlib.messages.parse import OPERATIONS, AnyOperation, parse_operation
from queenlib.operations import hive as hive_operations
from queenlib.operations import infer as infer_operations
from queenlib.operations import model as model_operations
from queenlib.operations import status as status_operations
from queenlib.operations import worker as worker_operations
from queenlib.state import QueenState
from queenlib.version import __version__


class Router:
    """The verbs of a queen, over its one state."""

    def __init__(self, state: QueenState) -> None:
        self._state = state

    async def create_job(
        self, payload: Operation | Mapping[str, Any], *, start: Literal["now", "on_stream"] = "now"
    ) -> JobTicket:
        """Parse the operation, create its job once, and start it."""
        operation = parse_operation(payload)
        job_id = await self._state.registry.create(operation)
        if start == "now":
            self._start(job_id, operation)
        return JobTicket(job_id=job_id, sse_url=f"/v1/jobs/{job_id}/stream")

    async def execute_job(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Get the job, start it if it has not started, follow it."""
        record = await self._state.registry.get(job_id)
        if not self._state.registry.started(record.id):
            self._start(record.id, parse_operation(record.request))
        return await self._state.registry.follow(record.id, after)

    async def get_job(self, job_id: str) -> JobRecord:
        """The job as it is now."""
        return await self._state.registry.get(job_id)

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None) -> JobListing:
        """A page of jobs, newest first."""
        return await self._state.registry.page(limit, cursor)

    async def cancel_job(self, job_id: str) -> JobRecord:
        """Cancel the job; it has ended when this returns."""
        return await self._state.registry.cancel(job_id)

    async def info(self) -> QueenInfo:
        """Who answers."""
        return QueenInfo(
            version=__version__,
            pid=os.getpid(),
            started_at=self._state.started_at,
            operations=tuple(OPERATIONS),
            default_model=self._state.default_model,
        )

    async def close(self) -> None:
        """Close the queen: every job and every process of hers has ended when this returns."""
        await self._state.close()

    def _start(self, job_id: str, operation: AnyOperation) -> None:
        self._state.registry.start(job_id, operation, lambda: route_operation(operation, self._state))


def route_operation(operation: AnyOperation, state: QueenState) -> AsyncGenerator[Yielded]:
    """The generator that does an operation; it has not begun."""
    match operation:
        case hive.HiveList():
            return hive_operations.hive_list(operation, state.hives)
        case hive.HiveGet():
            return hive_operations.hive_get(operation, state.hives)
        case hive.HiveStatus():
            return hive_operations.hive_status(operation, state.hives)
        case hive.HiveCreate():
            return hive_operations.hive_create(operation, state.hives)
        case hive.HiveUpdate():
            return hive_operations.hive_update(operation, state.hives)
        case hive.HiveDelete():
            return hive_operations.hive_delete(operation, state.hives)
        case hive.HiveStart():
            return hive_operations.hive_start(operation, state.hives)
        case hive.HiveStop():
            return hive_operations.hive_stop(operation, state.hives)
        case worker.WorkerList():
            return worker_operations.worker_list(operation, state.hives)
        case worker.WorkerGet():
            return worker_operations.worker_get(operation, state.hives)
        case worker.WorkerSpawn():
            return worker_operations.worker_spawn(operation, state.hives)
        case worker.WorkerDelete():
            return worker_operations.worker_delete(operation, state.hives)
        case model.ModelList():
            return model_operations.model_list(operation, state.hives)
        case model.ModelGet():
            return model_operations.model_get(operation, state.hives)
        case model.ModelDownload():
            return model_operations.model_download(operation, state.hives)
        case model.ModelDelete():
            return model_operations.model_delete(operation, state.hives)
        case infer.Infer():
            return infer_operations.infer(operation, state.hives, state.world, state.default_model)
        case status.Status():
            return status_operations.status(operation, state.hives)
        case status.QueenCheck():
            return status_operations.queen_check(operation, state.hives, state.home, state.world, state.default_model)
        case status.HiveCheck():
            return status_operations.hive_check(operation, state.hives, state.world)
        case _:
            assert_never(operation)
