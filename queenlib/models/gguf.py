"""Reads the header of a GGUF file and refuses one that is cut off or malformed, before any engine sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from queenlib.errors import ModelFileError
from queenlib.models.cache_width import CacheWidth, cache_width
from queenlib.models.gguf_cursor import Cursor, Malformed
from queenlib.models.gguf_types import ARRAY, BOOL, SCALARS, STRING, TENSORS

MAX_KEYS, MAX_TENSORS, MAX_STRINGS = 4_096, 8_192, 2**20
_MAX_KEY, _MAX_KEPT, _MAX_LISTED, _MAX_DIMENSIONS = 1_024, 256, 512, 4
_ARCHITECTURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class GgufInfo:
    """What a model's header says of it."""

    version: int
    """Of the format: 2 or 3."""
    tensor_count: int
    architecture: str
    """Such as `llama`."""
    context_length: int | None
    """Tokens that the model was made for; `None` if it does not say."""
    parameters: int
    """Numbers in all its tensors."""
    alignment: int
    """Of its tensors' data, in bytes."""
    cache: CacheWidth | None = None
    """What it keeps of each token; `None` if it does not say."""
    pools: bool = False
    """Whether it says how the vectors of a text's tokens become one."""


@dataclass(frozen=True)
class _Tensor:
    field: str
    offset: int
    size: int
    elements: int


def read_gguf(path: Path) -> GgufInfo:
    """The header of a GGUF file. The work is bounded whatever the file holds: it reads the header once, in pieces.

    Raises:
        ModelFileError: The file is missing, cut off or malformed; the text names the field.
    """
    try:
        with path.open("rb") as file:
            cursor = Cursor(file)
            return _read(cursor)
    except Malformed as malformed:
        raise ModelFileError(
            f"{path.name[:80]!a} is no whole GGUF file ({cursor.size:,} bytes).",
            why=f"{malformed}.",
            state="It was not loaded.",
            next="Fetch it again, or give the path of another file.",
        ) from None
    except OSError as error:
        if path.is_dir():
            raise ModelFileError(
                f"{str(path)!a} is a folder, and no model.",
                why="A model is one file, whose name ends in .gguf.",
                state="Nothing was loaded.",
                next="Give the path of such a file, perhaps of one in it: file:/path/to/it.gguf",
            ) from None
        raise ModelFileError(
            f"The model file {str(path)!a} cannot be read: {error.strerror}.",
            why="The file was moved, or belongs to somebody else.",
            state="Nothing was loaded.",
            next="Give the path of a GGUF file that is there: file:/path/to/it.gguf",
        ) from error


def _read(cursor: Cursor) -> GgufInfo:
    if (magic := cursor.take(4, "magic")) != b"GGUF":
        raise Malformed(f"magic: {magic!r} in place of b'GGUF'")
    version = cursor.number("I", "version")
    if version not in (2, 3):
        raise Malformed(f"version: {version}, where 2 and 3 are known")
    tensor_count = _count(cursor, "tensor_count", MAX_TENSORS)
    key_count = _count(cursor, "metadata_kv_count", MAX_KEYS)
    facts = _facts(cursor, key_count)
    alignment = _alignment(facts)
    tensors = [_tensor(cursor, number, alignment) for number in range(tensor_count)]
    _check_layout(tensors, -(-cursor.position // alignment) * alignment, cursor.size)
    architecture = _architecture(facts)
    context = facts.get(f"{architecture}.context_length")
    return GgufInfo(
        version=version,
        tensor_count=tensor_count,
        architecture=architecture,
        context_length=context if isinstance(context, int) and context > 0 else None,
        parameters=sum(tensor.elements for tensor in tensors),
        alignment=alignment,
        cache=cache_width(architecture, facts),
        pools=bool(facts.get(f"{architecture}.pooling_type")),  # 0 is not at all
    )


def _count(cursor: Cursor, field: str, limit: int) -> int:
    found: int = cursor.number("Q", field)
    if found > limit:
        raise Malformed(f"{field}: {found:,}, where {limit:,} is the most")
    return found


def _facts(cursor: Cursor, count: int) -> Mapping[str, Any]:
    """The numbers, the short texts and the short lists of numbers among the metadata; all else is passed over."""
    facts: dict[str, Any] = {}
    seen: set[str] = set()
    strings = MAX_STRINGS
    for number in range(count):
        key = cursor.text(_MAX_KEY, f"key {number}")
        if key in seen:
            raise Malformed(f"key {number}: {key[:80]!a} is there twice")
        seen.add(key)
        kind = cursor.number("I", f"type of {key[:80]!a}")
        if kind == ARRAY:
            strings, facts[key] = _array(cursor, f"{key[:80]!a}", strings)
        else:
            facts[key] = _value(cursor, kind, f"{key[:80]!a}")
    return facts


def _value(cursor: Cursor, kind: int, field: str) -> Any:
    if kind == STRING:
        length = cursor.number("Q", f"length of {field}")
        if length > _MAX_KEPT:
            cursor.skip(length, field)
            return None
        return cursor.take(length, field).decode("utf-8", "replace")
    if kind not in SCALARS:
        raise Malformed(f"type of {field}: {kind} is no type")
    value = cursor.number(SCALARS[kind], field)
    if kind == BOOL and value > 1:
        raise Malformed(f"{field}: {value} is neither true nor false")
    return value


def _array(cursor: Cursor, field: str, strings: int) -> tuple[int, tuple[Any, ...] | None]:
    """How many strings may still come in this file, and the numbers of a short array; others are passed over."""
    kind = cursor.number("I", f"element type of {field}")
    count: int = cursor.number("Q", f"length of {field}")
    if kind == STRING:
        if count > strings:
            raise Malformed(f"length of {field}: {count:,} strings, where {MAX_STRINGS:,} in a file is the most")
        cursor.skip_strings(count, field)
        return strings - count, None
    if kind not in SCALARS:
        raise Malformed(f"element type of {field}: {kind} is no type of an element")
    if count <= _MAX_LISTED:
        return strings, tuple(cursor.number(SCALARS[kind], field) for _ in range(count))
    cursor.skip(count * Cursor.width(SCALARS[kind]), field)
    return strings, None


def _alignment(facts: Mapping[str, Any]) -> int:
    found: object = facts.get("general.alignment", 32)
    if not isinstance(found, int) or not 8 <= found <= 65_536 or found & (found - 1):
        raise Malformed(f"general.alignment: {found!a} is no power of two from 8 to 65,536")
    return found


def _architecture(facts: Mapping[str, Any]) -> str:
    found = facts.get("general.architecture")
    if not isinstance(found, str) or not _ARCHITECTURE.fullmatch(found):
        raise Malformed(f"general.architecture: {found!a} is no name")
    return found


def _tensor(cursor: Cursor, number: int, alignment: int) -> _Tensor:
    field = f"tensor {number}"
    name = cursor.text(_MAX_KEY, f"name of {field}")
    field = f"tensor {number} ({name[:80]!a})"
    dimensions = cursor.number("I", f"dimensions of {field}")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise Malformed(f"dimensions of {field}: {dimensions}, where 1 to {_MAX_DIMENSIONS} is possible")
    shape = [cursor.number("Q", f"shape of {field}") for _ in range(dimensions)]
    kind = cursor.number("I", f"type of {field}")
    offset = cursor.number("Q", f"offset of {field}")
    if offset % alignment:
        raise Malformed(f"offset of {field}: {offset:,} is no multiple of {alignment}")
    # A type that came after this was written is taken to need a bit for each number at least.
    block, width = TENSORS.get(kind, (8, 1))
    if kind in TENSORS and shape[0] % block:
        raise Malformed(f"shape of {field}: rows of {shape[0]:,} do not divide into blocks of {block}")
    elements = prod(shape)
    return _Tensor(field, offset, elements // block * width, elements)


def _check_layout(tensors: list[_Tensor], start: int, size: int) -> None:
    end = 0
    for tensor in sorted(tensors, key=lambda each: (each.offset, each.size)):
        if tensor.offset < end:
            raise Malformed(f"offset of {tensor.field}: {tensor.offset:,} is inside the tensor before it")
        end = tensor.offset + tensor.size
        if start + end > size:
            raise Malformed(f"data of {tensor.field}: ends at byte {start + end:,} of a file of {size:,} bytes")
