"""Frames as they are kept in files: every column of a type that a file has, with a note that says what it was."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from queenlib.columns.named import check_names

FORMAT = 1
"""Of the note; a later one may say what cannot be read here."""
MARK = "$queenlib"
"""The only key of an object that stands for what JSON has no word for."""
_ESCAPED = re.compile(r"\$+queenlib")
_WORDS: Mapping[str, Any] = {
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "NA": pd.NA,
    "NaT": pd.NaT,
}


class Kind(BaseModel):
    """What a column, or a level of an index, was."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    dtype: str
    """Its name, as pandas has it; of categories, that of their texts or numbers."""
    categories: tuple[str | bool | int | float, ...] | None = None
    """Where they are categories: which, in their order."""
    ordered: bool = False
    """Whether their order says something."""


class Heads(BaseModel):
    """What the columns were called, where that had levels."""

    model_config = ConfigDict(frozen=True)

    levels: tuple[Kind, ...]
    names: tuple[str | None, ...]
    """The names of the levels."""
    of: Mapping[str, tuple[str, ...]]
    """For each column of the file what it was called, level by level."""


class Note(BaseModel):
    """What a frame was; it travels in the file."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    columns: Mapping[str, Kind]
    levels: tuple[Kind, ...]
    """Those of the index."""
    names: tuple[str | None, ...]
    """The names of the levels."""
    heads: Heads | None = None
    """Where the columns have levels as well."""


def keep(frame: pd.DataFrame) -> tuple[pd.DataFrame, Note]:
    """The frame as it goes into a file, and what it was; the frame itself is not touched.

    Raises:
        ValueError: Something of it would not come back as it is; it says what.
    """
    check_names(frame)
    columns = [str(name) for name in frame.columns]
    kept = {name: _keep(frame.iloc[:, at], f"column {frame.columns[at]!r}") for at, name in enumerate(columns)}
    made = pd.DataFrame({name: each for name, (each, _) in kept.items()}, index=frame.index)
    made.columns = _plain_heads(frame.columns)
    index = [_keep(level, f"level {at} of the index") for at, level in enumerate(_levels(frame.index))]
    made.index = _index(frame.index, [level for level, _ in index], _told_apart(columns, frame.index.names))
    note = Note(
        columns={name: kind for name, (_, kind) in kept.items()},
        levels=tuple(kind for _, kind in index),
        names=tuple(frame.index.names),
        heads=_heads(frame.columns),
    )
    return made, note


def restore(frame: pd.DataFrame, note: Note) -> pd.DataFrame:
    """The frame that was kept; what another program has added since stays as it is, and what it took away is not missed.

    Raises:
        ValueError: Something in it is not what the note says.
    """
    made = frame.copy(deep=False)
    if note.heads is not None:
        made.columns = pd.Index([str(name) for name in frame.columns], dtype="object")
    for name in [name for name in made.columns if name in note.columns]:
        made[name] = _restore(made[name], note.columns[name])
    if made.index.nlevels == len(note.levels):
        levels = [_restore(level, kind) for level, kind in zip(_levels(made.index), note.levels, strict=True)]
        made.index = _index(made.index, levels, note.names)
    if note.heads is not None:
        made.columns = _headed(frame.columns, note.heads)
    return made


def _plain_heads(columns: pd.Index[Any]) -> pd.Index[Any]:
    """As a file can have them: levels of categories are none of its types."""
    if not isinstance(columns, pd.MultiIndex):
        return columns
    return pd.MultiIndex.from_arrays([level.astype("object") for level in _levels(columns)], names=columns.names)


def _heads(columns: pd.Index[Any]) -> Heads | None:
    if not isinstance(columns, pd.MultiIndex):
        return None
    levels = [_keep(level, f"level {at} of the columns")[1] for at, level in enumerate(_levels(columns))]
    return Heads(levels=tuple(levels), names=tuple(columns.names), of={str(name): name for name in columns})


def _headed(found: pd.Index[Any], heads: Heads) -> pd.MultiIndex:
    """What the columns were called; one that was added has nothing below its name, as pandas has it."""
    depth = len(heads.levels)
    inorder = [
        heads.of.get(str(name)) or (name if isinstance(name, tuple) else (name, *[""] * (depth - 1))) for name in found
    ]
    if any(len(name) != depth for name in inorder):
        raise ValueError(f"a column has not {depth} names")
    parts = [pd.Series([name[at] for name in inorder], dtype="object") for at in range(depth)]
    levels = [
        part if kind.dtype == "object" and kind.categories is None else _restore(part, kind)
        for part, kind in zip(parts, heads.levels, strict=True)
    ]
    return pd.MultiIndex.from_arrays(levels, names=heads.names)


def _levels(index: pd.Index[Any]) -> list[pd.Series[Any]]:
    """Each level of an index, with its type: nothing is guessed anew."""
    levels = [index.get_level_values(at) for at in range(index.nlevels)]
    return [pd.Series(level.array, dtype=level.dtype) for level in levels]


def _index(before: pd.Index[Any], levels: list[pd.Series[Any]], names: tuple[str | None, ...]) -> pd.Index[Any]:
    if isinstance(before, pd.RangeIndex):
        return pd.RangeIndex(before.start, before.stop, before.step, name=names[0])
    if isinstance(before, pd.MultiIndex):
        return pd.MultiIndex.from_arrays(levels, names=names)
    made: pd.Index[Any] = pd.Index(levels[0], name=names[0], dtype=levels[0].dtype)
    return made


def _told_apart(columns: list[str], names: Any) -> tuple[str | None, ...]:
    """The names of the levels, without those that something else has as well: a file has each name once."""
    taken = [*columns, *names]
    return tuple(name if taken.count(name) == 1 else None for name in names)


def _keep(values: pd.Series[Any], place: str) -> tuple[pd.Series[Any], Kind]:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        found = dtype.categories
        if any(not isinstance(each, str | bool | int | float) for each in found.tolist()):
            raise ValueError(f"{place} has categories that are neither texts nor numbers")
        kind = Kind(dtype=str(found.dtype), categories=tuple(found.tolist()), ordered=bool(dtype.ordered))
        is_text = all(isinstance(each, str) for each in kind.categories or ())
        return (values.astype("string") if is_text else values), kind
    if str(dtype) == "object":
        texts = [_written(value, f"row {at} of {place}") for at, value in enumerate(values)]
        return pd.Series(texts, index=values.index, dtype="string"), Kind(dtype="object")
    name = f"string[{dtype.storage}]" if str(dtype) == "string" else str(dtype)  # type: ignore[union-attr]
    return values, Kind(dtype=name)


def _restore(values: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    if kind.categories is not None:
        categories = pd.Index(kind.categories, dtype=kind.dtype)
        return values.astype(pd.CategoricalDtype(categories, ordered=kind.ordered))
    if kind.dtype == "object":
        read = [_read(value) for value in values.array]
        return pd.Series(read, index=values.index, dtype="object")
    return values if values.dtype == kind.dtype else values.astype(kind.dtype)  # type: ignore[call-overload]


def _written(value: Any, place: str) -> str | None:
    if value is None:
        return None
    try:
        return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"{place} holds {error if isinstance(error, TypeError) else 'what is too deep'}") from None


def _plain(value: Any) -> Any:
    """A value in the words of JSON; another type than comes back is not one of them."""
    match value:
        case None | bool():
            return value
        case str() | int():
            return value
        case float():
            return value if math.isfinite(value) else {MARK: str(float(value))}
        case list():
            return [_plain(each) for each in value]
        case dict() if all(isinstance(name, str) for name in value):
            return {f"${name}" if _ESCAPED.fullmatch(name) else name: _plain(each) for name, each in value.items()}
    if value is pd.NA or value is pd.NaT:
        return {MARK: "NA" if value is pd.NA else "NaT"}
    raise TypeError(f"a {type(value).__name__}, for which JSON has no word")


def _read(text: Any) -> Any:
    if not isinstance(text, str):
        return None
    return json.loads(text, object_hook=_unmarked)


def _unmarked(found: dict[str, Any]) -> Any:
    if found.keys() == {MARK}:
        if not isinstance(found[MARK], str) or found[MARK] not in _WORDS:
            raise ValueError(f"{found} stands for nothing")
        return _WORDS[found[MARK]]
    return {name[1:] if _ESCAPED.fullmatch(name) else name: each for name, each in found.items()}
