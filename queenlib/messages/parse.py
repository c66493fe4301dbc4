"""From a payload to an operation, and the schemas of all that travels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from queenlib.errors import InvalidOperation, InvalidRequest
from queenlib.messages import batch, embed, hive, infer, model, status, worker
from queenlib.messages.base import Operation
from queenlib.messages.events import EVENT
from queenlib.messages.explain import by_field, describe, path_of, unknown
from queenlib.messages.explain import nearest as nearest  # others ask for it here
from queenlib.messages.job import RETRIES, TAGS, TIMEOUT_S, Start, Terms
from queenlib.messages.unfit import unfit

AnyHiveOperation = (
    hive.HiveList | hive.HiveGet | hive.HiveStatus | hive.HiveCreate | hive.HiveUpdate | hive.HiveDelete
    | hive.HiveStart | hive.HiveStop
)  # fmt: skip
AnyWorkerOperation = (
    worker.WorkerList | worker.WorkerGet | worker.WorkerSpawn | worker.WorkerDelete | worker.WorkerStopIdle
)  # fmt: skip
AnyModelOperation = model.ModelList | model.ModelGet | model.ModelDownload | model.ModelDelete
AnyStatusOperation = status.Status | status.QueenCheck | status.HiveCheck
AnyInferOperation = infer.Infer | batch.InferBatch | embed.Embed
AnyOperation = AnyHiveOperation | AnyWorkerOperation | AnyModelOperation | AnyInferOperation | AnyStatusOperation
"""Every operation that there is."""

OPERATIONS: Mapping[str, type[Operation]] = {each.model_fields["operation"].default: each for each in get_args(AnyOperation)}
"""Operations by their names on the wire."""

LISTED = 50
"""Bad fields that one error names at most; the rest is counted."""

_ANY: TypeAdapter[AnyOperation] = TypeAdapter(Annotated[AnyOperation, Field(discriminator="operation")])


def parse_operation(payload: Operation | Mapping[str, Any] | bytes | str) -> AnyOperation:
    """The operation that a payload is: an operation already, its plain dict, or its JSON.

    Raises:
        InvalidOperation: If it is none. Every bad field is named at once (of very many the first 50), with the nearest
            name for one that is unknown.
    """
    try:
        text = payload if isinstance(payload, bytes | str) else to_json(payload, inf_nan_mode="constants")
        return _ANY.validate_json(text)
    except ValidationError as error:
        raise _explain(error.errors(include_url=False, include_context=True)) from None
    except PydanticSerializationError:
        raise _unfit(payload) from None


def parse_terms(
    start: Start | str = "now",
    key: str | None = None,
    retry: int = 0,
    tags: Iterable[str] | str = (),
    timeout: float | None = None,
    repeats: str | None = None,
) -> Terms:
    """What is agreed about a job beside its operation; one tag may stand alone.

    Raises:
        InvalidRequest: One of them is not what it has to be.
    """
    try:
        said = (tags,) if isinstance(tags, str) else tuple(tags) if isinstance(tags, Iterable) else tags
        named = {"start": start, "key": key, "retry": retry, "tags": said, "timeout": timeout, "repeats": repeats}
        return Terms.model_validate(named)
    except ValidationError as error:
        bad = str(error.errors()[0]["loc"][0])
    must = {
        "start": "now, or on_stream to start when its stream is first asked for",
        "key": "1 to 255 visible ASCII characters",
        "retry": f"a whole number from 0 to {RETRIES}",
        "tags": f"at most {TAGS} texts of 1 to 64 characters, without commas, and without blanks at either end",
        "repeats": "the id of a job",
        "timeout": f"a number of seconds, from 0.001 to {TIMEOUT_S:,}",
    }
    raise InvalidRequest(
        f"{bad} is not what it has to be.",
        why=f"It is {must[bad]}.",
        state="No job was made.",
        next=f"Leave {bad} out, or mend it.",
    )


def _explain(errors: list[ErrorDetails]) -> InvalidOperation:
    # What has bad items counts as too short as well: said of the items is enough.
    loud = [each for each in errors if each["type"] != "too_short" or not _below(each, errors)]
    fields = by_field(loud)
    return _invalid([describe(each, _names) for each in fields[:LISTED]], len(fields))


def _unfit(payload: Any) -> InvalidOperation:
    operation = OPERATIONS.get(str(payload.get("operation"))) if isinstance(payload, Mapping) else None
    problems = list[dict[str, str]]()
    for place, problem in unfit(payload):
        extra = operation is not None and len(place) == 1 and place[0] not in operation.model_fields
        said = unknown(str(place[0]), operation.model_fields) if operation is not None and extra else problem
        problems.append({"field": path_of(place), "problem": said})
    return _invalid(problems[:LISTED], len(problems))


def _below(error: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    depth = len(error["loc"])
    return any(len(each["loc"]) > depth and each["loc"][:depth] == error["loc"] for each in errors)


def _names(location: list[int | str]) -> Collection[str]:
    if not location:
        return OPERATIONS
    found: Any = OPERATIONS[str(location[0])]
    for part in location[1:-1]:
        found = getattr(found.model_fields.get(part), "annotation", None) if hasattr(found, "model_fields") else None
    return list(found.model_fields) if hasattr(found, "model_fields") else []


def _invalid(problems: list[dict[str, str]], count: int = 1) -> InvalidOperation:
    listed = "; ".join(f"{each['field']} {each['problem']}" for each in problems)
    more = f"; and {count - len(problems):,} more" if count > len(problems) else ""
    unknown = any(each["field"] == "operation" for each in problems)
    return InvalidOperation(
        f"The payload is not an operation: {listed}{more}{'' if (listed + more).endswith('?') else '.'}",
        why=f"{count:,} {'fields do' if count != 1 else 'field does'} not fit.",
        state="No job was made.",
        next=f"Operations are {', '.join(OPERATIONS)}." if unknown else "Mend what is named and send it again.",
        problems=problems,
    )


def schemas() -> dict[str, Any]:
    """The JSON Schemas of all that travels: `operations` and `results` by operation, and `event`."""
    return {
        "operations": {name: each.model_json_schema() for name, each in OPERATIONS.items()},
        "results": {name: each.result_model.model_json_schema() for name, each in OPERATIONS.items()},
        "event": EVENT.json_schema(),
    }
