"""Which function does which operation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import assert_never

from queenlib.messages import batch, embed, hive, infer, model, status, worker
from queenlib.messages.events import Yielded
from queenlib.messages.parse import AnyHiveOperation, AnyOperation, AnyWorkerOperation
from queenlib.operations import embed as embed_operations
from queenlib.operations import hive as hive_operations
from queenlib.operations import infer as infer_operations
from queenlib.operations import infer_batch as batch_operations
from queenlib.operations import model as model_operations
from queenlib.operations import status as status_operations
from queenlib.operations import worker as worker_operations
from queenlib.operations.tally import Tallying
from queenlib.state import QueenState


def route_operation(operation: AnyOperation, state: QueenState, rows: Tallying | None = None) -> AsyncGenerator[Yielded]:
    """The generator that does an operation; it has not begun.

    Args:
        operation: What is asked for.
        state: What there is.
        rows: The rows that have ended in earlier attempts at its job; those that end now are noted in it.
    """
    match operation:
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
        case batch.InferBatch():
            around = batch_operations.Around(
                state.hives, state.world, state.default_model, state.claims, state.registry.batches.answers
            )
            return batch_operations.infer_batch(operation, around, rows or Tallying(operation.count))
        case embed.Embed():
            before = rows or Tallying(operation.count)
            return embed_operations.embed(operation, state.hives, state.world, state.default_model, before)
        case status.Status():
            return status_operations.status(operation, state.hives)
        case status.QueenCheck():
            return status_operations.queen_check(operation, state.hives, state.home, state.world, state.default_model)
        case status.HiveCheck():
            return status_operations.hive_check(operation, state.hives, state.world)
        case _:
            return _route_fleet(operation, state)


def _route_fleet(operation: AnyHiveOperation | AnyWorkerOperation, state: QueenState) -> AsyncGenerator[Yielded]:
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
        case worker.WorkerStopIdle():
            return worker_operations.worker_stop_idle(operation, state.hives)
        case _:
            assert_never(operation)
