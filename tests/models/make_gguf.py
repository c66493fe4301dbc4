"""Makes small GGUF files and wheels that hold them."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

DISTRIBUTION, VERSION, MEMBER = "tiny-model", "1.0", "tiny_model/tiny.gguf"
SOURCE = f"package:{DISTRIBUTION}=={VERSION}/{MEMBER}"
WHEEL = "tiny_model-1.0-py3-none-any.whl"
METADATA = f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: {VERSION}\n".encode()


def text(value: str) -> bytes:
    """A text as GGUF has it, behind its length."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(key: str, value: Any) -> bytes:
    """A key and its value: a text, a whole number, or a list of texts or of whole numbers."""
    if isinstance(value, list):
        kind = 8 if value and isinstance(value[0], str) else 4
        items = b"".join(text(item) if kind == 8 else struct.pack("<I", item) for item in value)
        return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + items
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    return text(key) + struct.pack("<II", 4, value)


def tensor(name: str, shape: list[int], kind: int, offset: int) -> bytes:
    """What the header says of a tensor."""
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


FACTS: Mapping[str, Any] = {
    "general.architecture": "llama",
    "llama.context_length": 128,
    "tokenizer.ggml.tokens": ["<s>", "a", "é"],
    "tokenizer.ggml.token_type": [3, 1, 1],
}


def make_gguf(numbers: int = 64, facts: Mapping[str, Any] = FACTS, version: int = 3, seed: int = 0) -> bytes:
    """A whole GGUF file with one tensor of `numbers` 32-bit floats that cannot be compressed."""
    pairs = b"".join(pair(key, value) for key, value in facts.items())
    header = b"GGUF" + struct.pack("<IQQ", version, 1, len(facts)) + pairs + tensor("output.weight", [numbers], 0, 0)
    return header + bytes(-len(header) % 32) + random.Random(seed).randbytes(numbers * 4)


def make_wheel(model: bytes, member: str = MEMBER) -> bytes:
    """A wheel that holds a model, not compressed."""
    dist_info = "tiny_model-1.0.dist-info"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as wheel:
        wheel.writestr(zipfile.ZipInfo(member), model)
        wheel.writestr(zipfile.ZipInfo("tiny_model/__init__.py"), b"")
        wheel.writestr(zipfile.ZipInfo(f"{dist_info}/METADATA"), METADATA)
        wheel.writestr(
            zipfile.ZipInfo(f"{dist_info}/WHEEL"), b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(zipfile.ZipInfo(f"{dist_info}/RECORD"), b"")
    return made.getvalue()
