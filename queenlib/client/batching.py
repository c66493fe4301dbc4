"""What a batch asks for, from loose arguments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import Enum
from typing import Any

from pydantic import BaseModel

from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.batch import InferBatch
from queenlib.messages.conversation import read
from queenlib.messages.infer import ChatMessage
from queenlib.messages.parse import parse_operation
from queenlib.messages.template import Template
from queenlib.operations.questions import Questions

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
                next="For example: queen.infer_batch({'review': df['review'].tolist()}, 'Classify: {review}'); "
                "of a DataFrame as it is: queen.infer_frame(df, 'Classify: {review}')",
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
    if choices is not None:
        return {"type": "string", "enum": _texts(choices)}
    if regex is not None:
        return {"type": "string", "pattern": f"^(?:{regex})$"}
    if isinstance(schema, type) and isinstance(schema, type(BaseModel)):
        return schema.model_json_schema()
    if schema is not None and not isinstance(schema, Mapping):
        raise _no_form(f"schema is {schema!r:.60}, which is no pydantic model.", "schema=MyModel, or a JSON Schema")
    return None if schema is None else dict(schema)


def _texts(choices: Iterable[Any]) -> list[str]:
    """Those to choose from, in an order that is the same in each process: that of a set is not."""
    found = [] if isinstance(choices, str) or not isinstance(choices, Iterable) else list(choices)
    found = [each.value if isinstance(each, Enum) else each for each in found]
    if not found:
        raise _no_form("choices has no texts to choose from.", "choices=['good', 'bad']")
    if no_text := [each for each in found if not isinstance(each, str)]:
        raise _no_form(f"choices has {no_text[0]!r:.60}, which is no text.", "choices=['1', '2']")
    return sorted(map(str, found)) if isinstance(choices, Set) else list(map(str, found))


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
    if form := sorted({"schema", "json_schema", "choices", "regex"} & changes.keys()):
        raise Conflict(
            f"{form[0]} cannot be another one for some of the rows.",
            why="Their answers come in the same columns as those of the others.",
            state="No job was made.",
            next=f"Leave it out, or ask all of them: queen.infer_frame(df, …, {form[0]}=…)",
        )
    if not rows:
        raise Conflict("No row has failed.", state="No job was made.", next="Look at what there is: await batch.frame()")
    kept = operation.wire()
    for table in ("columns", "by_row"):
        kept[table] = {name: [cells[i] for i in rows] for name, cells in kept[table].items()}
    questions = Questions(operation)
    if not questions.equal_alike:
        numbers = questions.equal_before()
        kept["equal_before"] = [numbers[i] for i in rows]
    if operation.cache == "refresh":
        kept["cache"] = "read"
    made = parse_operation({**kept, "rows": len(rows), **changes})
    assert isinstance(made, InferBatch)
    return made
