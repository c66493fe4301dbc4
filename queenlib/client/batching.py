"""What a batch asks for, from loose arguments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.batch import InferBatch
from queenlib.messages.conversation import read
from queenlib.messages.infer import ChatMessage
from queenlib.messages.parse import parse_operation
from queenlib.messages.template import Template

Columns = Mapping[str, Sequence[str | None]]
"""The texts of each column; `None` where nothing is in a cell."""
Schema = type[BaseModel] | Mapping[str, Any]
"""A pydantic model, or a JSON Schema."""


def batch_operation(
    columns: Columns, prompt: str | Iterable[ChatMessage | Mapping[str, str]] | None, **given: Any
) -> InferBatch:
    """The operation that asks about these columns; `None` in what is given stands for what was not said.

    Raises:
        InvalidRequest: These are no columns.
        InvalidOperation: Something does not fit; every field that does not is named.
    """
    for name, texts in columns.items() if isinstance(columns, Mapping) else [("", columns)]:
        if not name or isinstance(texts, str) or not isinstance(texts, Sequence):
            raise InvalidRequest(
                f"The texts of column {name!r} are {type(texts).__name__}." if name else "There are no columns.",
                why="Columns are a mapping from names to lists of texts, all of one length.",
                state="No job was made.",
                next="For example: queen.infer_batch({'review': ['…', '…']}, 'Classify: {review}')",
            )
    asked = {"prompt": prompt} if prompt is None or isinstance(prompt, str) else {"messages": list(prompt)}
    said = {name: value for name, value in given.items() if value is not None}
    cells = {name: list(texts) for name, texts in columns.items()}
    operation = parse_operation({**said, **asked, "columns": cells, "operation": "infer_batch"})
    assert isinstance(operation, InferBatch)
    return operation


def answer_schema(schema: Schema | None, choices: Sequence[str] | None, regex: str | None) -> dict[str, Any] | None:
    """The JSON Schema of the answers: that of a model, of some texts to choose from, or of texts that match a pattern.

    Raises:
        InvalidRequest: More than one of them is given, or one is not what it has to be.
    """
    if sum(each is not None for each in (schema, choices, regex)) > 1:
        raise InvalidRequest(
            "More than one form of answer is asked for.",
            why="Each of schema, choices and regex says what an answer looks like.",
            state="No job was made.",
            next="Leave in one of them.",
        )
    if isinstance(schema, type) and not issubclass(schema, BaseModel):
        raise _no_form(f"schema is {schema.__name__}, which is no pydantic model.", "schema=MyModel, or a JSON Schema")
    if choices is not None and (isinstance(choices, str) or not choices):
        raise _no_form("choices has no texts to choose from.", "choices=['good', 'bad']")
    if choices is not None:
        return {"type": "string", "enum": list(choices)}
    if regex is not None:
        return {"type": "string", "pattern": f"^(?:{regex})$"}
    if isinstance(schema, type):
        return schema.model_json_schema()
    return None if schema is None else dict(schema)


def _no_form(what: str, example: str) -> InvalidRequest:
    return InvalidRequest(
        what,
        why="It says what an answer looks like.",
        state="No job was made.",
        next=f"For example: {example}",
    )


def told(system: str | None, schema: Mapping[str, Any]) -> str:
    """What the model is told before all else, with the form of its answers: a grammar alone would explain nothing.

    Braces in it are doubled: it is a template.
    """
    said = json.dumps(schema, ensure_ascii=False).replace("{", "{{").replace("}", "}}")
    form = f"Answer in JSON that fits this JSON Schema, and say nothing else:\n{said}"
    return f"{system}\n\n{form}" if system else form


def question(operation: InferBatch, i: int) -> str:
    """What is asked of row number `i`: the last text of the conversation; empty where a cell is missing."""
    row = {name: cells[i] for name, cells in operation.columns.items()}
    if operation.messages_from is not None:
        cell = row[operation.messages_from]
        return "" if cell is None else read(cell)[-1].content
    template = Template(operation.texts()[-1])
    cells = {name: cell for name, cell in row.items() if cell is not None}
    return template.render(cells) if set(template.columns) <= set(cells) else ""


def only(operation: InferBatch, rows: Sequence[int], changes: Mapping[str, Any]) -> InferBatch:
    """The operation for some of its rows, with what is different.

    Raises:
        Conflict: There are no such rows.
        InvalidOperation: A change does not fit.
    """
    if not rows:
        raise Conflict("No row has failed.", state="No job was made.", next="Look at what there is: await batch.frame()")
    kept = operation.wire()
    for table in ("columns", "by_row"):
        kept[table] = {name: [cells[i] for i in rows] for name, cells in kept[table].items()}
    made = parse_operation({**kept, "rows": len(rows), "cache": "read", **changes})
    assert isinstance(made, InferBatch)
    return made
