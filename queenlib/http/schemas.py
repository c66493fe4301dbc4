"""The schemas of what is sent and answered over HTTP, made from the messages themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from queenlib.http.describing import REF, ref
from queenlib.messages.base import Deleted, Message
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import FORMS
from queenlib.messages.events import EVENT, Problem
from queenlib.messages.job import CreatedJob, JobListing, JobRecord, JobTicket, Pruned, QueenInfo
from queenlib.messages.parse import OPERATIONS, AnyOperation
from queenlib.messages.snapshot import Snapshot

_OPERATION: TypeAdapter[AnyOperation] = TypeAdapter(Annotated[AnyOperation, Field(discriminator="operation")])

_SPOKEN: tuple[type[Message], ...] = (
    JobTicket,
    CreatedJob,
    JobRecord,
    JobListing,
    QueenInfo,
    Problem,
    Deleted,
    Pruned,
    Snapshot,
    Cancelled,
)


def schemas() -> dict[str, Any]:
    """All, by their names."""
    named: dict[str, TypeAdapter[Any]] = {"Operation": _OPERATION, "Event": EVENT}
    results: list[type[Message]] = [each.result_model for each in OPERATIONS.values()]
    named |= {f"{kind.capitalize()}Change": TypeAdapter(form) for kind, form in FORMS.items()}
    wanted = named | {model.__name__: TypeAdapter(model) for model in (*_SPOKEN, *results)}
    found, shared = TypeAdapter.json_schemas([(name, "validation", each) for name, each in wanted.items()], ref_template=REF)
    made = dict(shared["$defs"])
    made |= {name: found[name, "validation"] for name in named}
    made["ProblemAnswer"] = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "problem"],
        "properties": {
            "type": {"type": "string", "description": "The class of the error."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "problem": ref("Problem"),
        },
    }
    return made
