"""The router: creates each job once, and knows which function does which operation. It knows no HTTP.

It is also the queen in this process: it has the verbs of `queenlib.client.backend.Backend`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, assert_never, get_args

from queenlib.errors import InvalidRequest
from queenlib.messages import hive, infer, model, status, worker
from queenlib.messages.base import Operation
from queenlib.messages.events import Event, Yielded
from queenlib.messages.job import JobListing, JobRecord, JobTicket, QueenInfo, Start
from queenlib.messages.parse import OPERATIONS, AnyOperation, parse_operation
from queenlib.operations import hive as hive_operations
from queenlib.operations import infer as infer_operations
from queenlib.operations import model as model_operations
from queenlib.operations import status as status_operations
from queenlib.operations import worker as worker_operations
from queenlib.registry.run import Work
from queenlib.state import QueenState
from queenlib.version import __version__

STARTS = get_args(Start)
PAGE_LIMIT = 1000
"""Jobs in one page."""


class Router:
    """The verbs of a queen, over its one state."""

    def __init__(self, state: QueenState) -> None:
        self._state = state

    async def create_job(self, payload: Operation | Mapping[str, Any], *, start: Start = "now") -> JobTicket:
        """Parse the operation, create its job once, and start it."""
        if start not in STARTS:
            raise InvalidRequest(
                f"start is {str(start)[:80]!r}.",
                why=f"It is one of {', '.join(STARTS)}.",
                state="No job was made.",
                next="Leave it out, or say which.",
            )
        operation = parse_operation(payload)
        job_id = await self._state.registry.create(operation, self._work(operation) if start == "now" else None)
        return JobTicket(job_id=job_id, sse_url=f"/v1/jobs/{job_id}/stream")

    async def execute_job(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Get the job, start it if it has not started, follow it."""
        registry = self._state.registry
        record = await registry.get(job_id)
        events = await registry.follow(record.id, after)
        if not registry.started(record.id):
            registry.start(record.id, self._work(parse_operation(record.request)))
        return events

    async def get_job(self, job_id: str) -> JobRecord:
        """The job as it is now."""
        return await self._state.registry.get(job_id)

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None) -> JobListing:
        """A page of 1 to 1,000 jobs, newest first."""
        if not 1 <= limit <= PAGE_LIMIT:
            raise InvalidRequest(
                f"limit is {limit:,}; it goes from 1 to {PAGE_LIMIT:,}.",
                state="Nothing was done.",
                next="Follow the pages: jobs.list(cursor=listing.next)",
            )
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

    def _work(self, operation: AnyOperation) -> Work:
        return lambda: route_operation(operation, self._state)


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
