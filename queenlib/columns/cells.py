"""A DataFrame as the cells of a batch: texts by column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages import conversation
from queenlib.messages.explain import nearest
from queenlib.messages.infer import ChatMessage
from queenlib.messages.template import Template

Cells = dict[str, tuple[str | None, ...]]
"""Texts by column; `None` where nothing is in a cell."""
ASKED = "question"
"""The column of what a function asks of each row."""


def cells(frame: pd.DataFrame, wanted: Collection[str]) -> Cells:
    """The texts of those columns that are wanted, in the order of the rows; the frame is not touched.

    A text is as it is, however long; anything else is what `str` makes of it. What pandas calls missing (`None`, `NaN`,
    `NaT`, `pd.NA`) is `None`, an empty text is not.

    Raises:
        Conflict: Two columns have one name.
    """
    found = [name for name in frame.columns if str(name) in wanted]
    names = [str(name) for name in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Conflict(
            f"The frame has {len([name for name in names if name in twice])} columns of the name {twice[0]!r}.",
            why="The template cannot say which of them is meant.",
            state="Nothing was asked.",
            next="Give them names of their own: df.columns = […]",
        )
    return {str(name): tuple(map(_text, frame[name].array)) for name in found}


def check_frame(frame: Any) -> None:
    """See to it that this is a DataFrame.

    Raises:
        InvalidRequest: It is something else.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidRequest(
            f"What is asked about is a {type(frame).__name__}, not a DataFrame.",
            why="Each row is asked about, and the columns have the names that the template puts in.",
            state="Nothing was asked.",
            next="Make it one: series.to_frame('text'), or pandas.DataFrame({'text': […]})",
        )


def questions(frame: pd.DataFrame, prompt: Any, system: Any = None) -> tuple[dict[str, Any], Cells]:
    """What is asked, as fields of the batch, and the cells that it needs.

    Args:
        frame: What is asked about.
        prompt: A template, messages, or a function: that is given each row as a mapping from columns to values, and what it
            gives is what is asked, a text or a list of messages.
        system: What the model is told before all else, a template too; or nothing.

    Raises:
        InvalidRequest: It is none of these, it names a column that is not there, or the function gives a lone message.
        Conflict: Two columns have the name that is meant.
        Exception: What the function raises; a note says at which row.
    """
    if not callable(prompt) and not isinstance(prompt, Iterable):
        raise InvalidRequest(
            f"What is to be asked is {prompt!r:.60}.",
            why="It is a template that names columns in braces, a list of messages, or a function of a row.",
            state="Nothing was asked.",
            next="For example: queen.infer_frame(df, 'Classify the sentiment: {review}')",
        )
    messages = prompt if isinstance(prompt, str) or callable(prompt) else list(prompt)
    texts = [messages] if isinstance(messages, str) else [] if callable(messages) else map(_content, messages)
    wanted = [name for text in (*texts, system) if isinstance(text, str) for name in _named(text)]
    _check_known(wanted, [str(name) for name in frame.columns])
    found = cells(frame, wanted)
    if callable(messages):
        return _given_by(messages, frame, found)
    return {"prompt": messages}, found


def _given_by(function: Any, frame: pd.DataFrame, beside: Cells) -> tuple[dict[str, Any], Cells]:
    """What a function asks of each row: texts, or as soon as it gives messages for one of them, conversations."""
    said, name = (
        [_asked_by(function, frame, i, row) for i, row in enumerate(frame.itertuples(index=False, name=None))],
        ASKED,
    )
    while name in beside:
        name = f"{name}_"
    if not any(isinstance(each, list) for each in said):
        return {"prompt": f"{{{name}}}"}, {**beside, name: tuple(said)}
    talks = ([{"role": "user", "content": each}] if isinstance(each, str) else each for each in said)
    made = tuple(None if talk is None else conversation.write(talk) for talk in talks)
    return {"prompt": None, "messages_from": name}, {**beside, name: made}


def _asked_by(function: Any, frame: pd.DataFrame, i: int, row: tuple[Any, ...]) -> Any:
    try:
        given = function(dict(zip(frame.columns, row, strict=True)))
    except Exception as error:
        error.add_note(f"That was at row {i:,} of the frame, whose index is {frame.index[i]!s:.60}; nothing was asked.")
        raise
    return _messages(given)


def _messages(given: Any) -> Any:
    """A list of messages, or the text of anything else, as that of a cell."""
    if isinstance(given, Mapping | ChatMessage):
        raise InvalidRequest(
            f"The function gave a lone {type(given).__name__} for a row.",
            why="It gives a text, or a list of messages.",
            state="Nothing was asked.",
            next="Give a list: [{'role': 'user', 'content': '…'}]",
        )
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else _text(given)


def _check_known(wanted: Iterable[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            raise InvalidRequest(
                f"The frame has no column {name!r}{nearest(name, known) or '.'}",
                why=f"The template puts it into the question; the columns are {', '.join(map(repr, known[:20])) or 'none'}.",
                state="Nothing was asked.",
                next="Mend its name; a brace that is meant as one is written twice: {{ or }}",
            )


def _content(message: Any) -> str:
    """The text of a message; of what is none, whoever reads the operation says so."""
    found = message.get("content") if isinstance(message, Mapping) else getattr(message, "content", "")
    return found if isinstance(found, str) else ""


def _named(text: str) -> Iterable[str]:
    try:
        return Template(text).columns
    except ValueError:
        return ()  # whoever reads the operation says what is wrong with it


def check_collisions(frame: pd.DataFrame, new: Iterable[str]) -> None:
    """See to it that no new column has the name of one that is there.

    Raises:
        Conflict: One has.
    """
    there = {str(name) for name in frame.columns}
    if taken := [name for name in new if name in there]:
        raise Conflict(
            f"The frame has a column {taken[0]!r} already.",
            why=f"The answers would come in columns of the same name: {', '.join(taken)}.",
            state="Nothing was asked.",
            next=f"Give the new ones a prefix: prefix='model_' makes model_{taken[0]}",
        )


def plain_values(values: Any, *, whole: bool = False) -> Any:
    """A column of a frame, an array or a list as plain values: `None` where pandas has nothing.

    Args:
        values: Which; what is none of these comes back as it is, and whoever reads the operation says what is wrong with it.
        whole: Make whole numbers of those that are.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        return values
    plain = (each.item() if hasattr(each, "item") else each for each in values)
    return [None if _missing(each) else int(each) if whole and _is_whole(each) else each for each in plain]


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) or not _missing(value) else None


def _missing(value: Any) -> bool:
    missing = pd.isna(value)
    return isinstance(missing, bool) and missing
