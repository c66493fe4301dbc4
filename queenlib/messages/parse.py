"""From a payload to an operation, and the schemas of all that travels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from queenlib.errors import InvalidOperation
from queenlib.messages import hive, infer, model, status, worker
from queenlib.messages.base import Operation
from queenlib.messages.events import EVENT

AnyHiveOperation = (
    hive.HiveList | hive.HiveGet | hive.HiveStatus | hive.HiveCreate | hive.HiveUpdate | hive.HiveDelete
    | hive.HiveStart | hive.HiveStop
)  # fmt: skip
AnyWorkerOperation = worker.WorkerList | worker.WorkerGet | worker.WorkerSpawn | worker.WorkerDelete
AnyModelOperation = model.ModelList | model.ModelGet | model.ModelDownload | model.ModelDelete
AnyStatusOperation = status.Status | status.QueenCheck | status.HiveCheck
AnyOperation = AnyHiveOperation | AnyWorkerOperation | AnyModelOperation | infer.Infer | AnyStatusOperation
"""Every operation that there is."""

OPERATIONS: Mapping[str, type[Operation]] = {each.model_fields["operation"].default: each for each in get_args(AnyOperation)}
"""Operations by their names on the wire."""

_ANY: TypeAdapter[AnyOperation] = TypeAdapter(Annotated[AnyOperation, Field(discriminator="operation")])


def parse_operation(payload: Operation | Mapping[str, Any] | bytes | str) -> AnyOperation:
    """The operation that a payload is: an operation already, its plain dict, or its JSON.

    Raises:
        InvalidOperation: If it is none. Every bad field is named at once, with the nearest name for one that is unknown.
    """
    try:
        text = payload if isinstance(payload, bytes | str) else to_json(payload, inf_nan_mode="constants")
        return _ANY.validate_json(text)
    except ValidationError as error:
        raise _explain(error.errors(include_url=False, include_context=True)) from None
    except PydanticSerializationError as error:
        raise _invalid([{"field": "(payload)", "problem": f"is not plain JSON data: {error}"}]) from None


def _explain(errors: Iterable[ErrorDetails]) -> InvalidOperation:
    return _invalid([_describe(each) for each in errors])


def _describe(error: ErrorDetails) -> dict[str, str]:
    match error["type"]:
        case "union_tag_not_found":
            return {"field": "operation", "problem": "is missing"}
        case "union_tag_invalid":
            name = str(error.get("ctx", {}).get("tag", ""))[:80]
            return {"field": "operation", "problem": f"{name!r} is unknown{nearest(name, OPERATIONS)}"}
        case "json_invalid":
            return {"field": "(payload)", "problem": f"is not JSON: {error['msg']}"}
        case "extra_forbidden":
            operation, *path = error["loc"]
            return {"field": _path(path), "problem": f"is unknown{nearest(str(path[-1]), _fields(str(operation), path))}"}
        case "value_error":
            return {"field": "(payload)", "problem": error["msg"].removeprefix("Value error, ")}
    field = _path(error["loc"][1:]) or "(payload)"
    got = "" if error["type"] == "missing" else f"; got {str(error['input'])[:80]!r}"
    return {"field": field, "problem": f"{error['msg'][:1].lower()}{error['msg'][1:]}{got}"}


def _path(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location)


def _fields(operation: str, path: list[int | str]) -> Iterable[str]:
    found: Any = OPERATIONS[operation]
    for part in path[:-1]:
        found = getattr(found.model_fields.get(part), "annotation", None) if hasattr(found, "model_fields") else None
    return list(found.model_fields) if hasattr(found, "model_fields") else []


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint such as `; did you mean 'hive_list'?`, or nothing if no known name is near."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def _invalid(problems: list[dict[str, str]]) -> InvalidOperation:
    listed = "; ".join(f"{each['field']} {each['problem']}" for each in problems)
    unknown = any(each["field"] == "operation" for each in problems)
    return InvalidOperation(
        f"The payload is not an operation: {listed}{'' if listed.endswith('?') else '.'}",
        why=f"{len(problems)} field{'s' if len(problems) != 1 else ''} {'do' if len(problems) != 1 else 'does'} not fit.",
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
