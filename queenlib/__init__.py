"""queenlib: run language models on your own machines, from a notebook. Everything is a job.

    from queenlib import jobs

    job = await jobs.create({"operation": "infer", "prompt": "Hello!"})
    async for event in jobs.stream(job.id):
        print(event, end="")

The names below are the public face; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queenlib import errors, jobs
    from queenlib.client.chat import Chat
    from queenlib.client.default import default_queen
    from queenlib.client.job import Job
    from queenlib.client.queen import Queen
    from queenlib.errors import (
        InvalidOperation,
        JobCancelled,
        JobFailed,
        JobLost,
        NotFound,
        PromptTooLong,
        QueenError,
        WorkerDied,
    )
    from queenlib.messages.events import Event
    from queenlib.messages.hive import HiveList
    from queenlib.messages.infer import Infer
    from queenlib.messages.model import ModelDownload
    from queenlib.messages.parse import parse_operation, schemas
    from queenlib.messages.state import State
    from queenlib.messages.worker import WorkerSpawn
    from queenlib.nested import allow_nested_run
    from queenlib.saved import read_notebook
    from queenlib.version import __version__

__all__ = [
    "Chat",
    "Event",
    "HiveList",
    "Infer",
    "InvalidOperation",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobLost",
    "ModelDownload",
    "NotFound",
    "PromptTooLong",
    "Queen",
    "QueenError",
    "State",
    "WorkerDied",
    "WorkerSpawn",
    "__version__",
    "allow_nested_run",
    "default_queen",
    "errors",
    "jobs",
    "parse_operation",
    "read_notebook",
    "schemas",
]

_HOMES = {
    "Chat": "client.chat",
    "Event": "messages.events",
    "HiveList": "messages.hive",
    "Infer": "messages.infer",
    "Job": "client.job",
    "ModelDownload": "messages.model",
    "Queen": "client.queen",
    "State": "messages.state",
    "WorkerSpawn": "messages.worker",
    "__version__": "version",
    "allow_nested_run": "nested",
    "default_queen": "client.default",
    "parse_operation": "messages.parse",
    "read_notebook": "saved",
    "schemas": "messages.parse",
}
"""Where each name lives; the others are modules, or errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'queenlib' has no attribute {name!r}")
    if name in ("errors", "jobs"):
        return import_module(f"queenlib.{name}")
    return getattr(import_module(f"queenlib.{_HOMES.get(name, 'errors')}"), name)


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext queenlib` calls."""
    shell.register_magics(import_module("queenlib.magics").QueenMagics)


def __dir__() -> list[str]:
    return sorted(__all__)
