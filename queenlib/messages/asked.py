"""What `infer` and its like may be asked with beside the prompt, for those who check types and complete names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from queenlib.messages.infer import EngineParams


class InferParameters(TypedDict, total=False):
    """Fields of `Infer` by name: what each means, and what it is when it is left out, stands there."""

    system: str | None
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    stop: tuple[str, ...] | list[str]
    seed: int | None
    json_schema: dict[str, Any] | None
    engine_params: EngineParams | Mapping[str, Any]
    device: str | None
    keep_alive: float | Literal["never"] | None
    private: bool


class BatchParameters(TypedDict, total=False):
    """Fields of `InferBatch` by name: what each means, and what it is when it is left out, stands there."""

    system: str | None
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    stop: tuple[str, ...] | list[str]
    seed: int | None
    by_row: Mapping[str, Sequence[float | None]]
    engine_params: EngineParams | Mapping[str, Any]
    device: str | None
    keep_alive: float | Literal["never"] | None
    concurrency: int | None
    max_failures: float | None
    cache: Literal["read", "refresh", "off"]
    dry_run: bool
    dedupe: bool
