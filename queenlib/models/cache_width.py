"""How much a model keeps of each token that it has read: its cache of keys and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BYTES: Mapping[str, float] = {"f32": 4, "f16": 2, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes that one number takes, by how it is kept. Source: the block sizes of ggml's types."""
_OTHERWISE = (".ssm.", ".attention.kv_lora_rank", ".attention.sliding_window", ".recurrent", ".wkv.")
"""In the keys of models that keep less of a token, or nothing: what it takes is not told from their header alone."""


@dataclass(frozen=True)
class CacheWidth:
    """Numbers that are kept of one token, in all layers together."""

    keys: int
    values: int

    def size(self, tokens: int, keys: str = "f16", values: str = "f16") -> int:
        """What so many tokens take, in bytes, where keys and values are kept as these types."""
        return int(tokens * (self.keys * BYTES[keys] + self.values * BYTES[values]))


def cache_width(architecture: str, facts: Mapping[str, Any]) -> CacheWidth | None:
    """What a header tells of it; `None` where it does not, or where this would be more than what is kept.

    Args:
        architecture: The header's `general.architecture`.
        facts: Its numbers and short lists of numbers, by key. Source of the keys: the specification of GGUF.
    """
    if any(part in key for key in facts for part in _OTHERWISE):
        return None

    def fact(key: str) -> Any:
        return facts.get(f"{architecture}.{key}")

    layers, width, heads = fact("block_count"), fact("embedding_length"), fact("attention.head_count")
    kept_heads = fact("attention.head_count_kv") or heads
    if not all(isinstance(each, int) and 0 < each <= 2**20 for each in (layers, width)):
        return None
    widest = max(heads) if isinstance(heads, tuple) and heads else heads
    if not isinstance(widest, int) or widest <= 0:
        return None
    key_width, value_width = (fact(f"attention.{each}_length") or width // widest for each in ("key", "value"))
    in_all = sum(kept_heads) if isinstance(kept_heads, tuple) else kept_heads * layers
    if not all(isinstance(each, int) and 0 < each <= 2**20 for each in (key_width, value_width, in_all)):
        return None
    return CacheWidth(in_all * key_width, in_all * value_width)
