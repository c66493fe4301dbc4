"""What `infer` and its like may be asked with beside the prompt, for those who check types and complete names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict

from queenlib.messages.infer import EngineParams


class _Parameters(TypedDict, total=False):
    """What one question and a table of them are asked with alike."""

    system: str | None
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    stop: tuple[str, ...] | list[str]
    seed: int | None
    engine_params: EngineParams | Mapping[str, Any]
    device: str | None
    keep_alive: float | Literal["never"] | None


class InferParameters(_Parameters, total=False):
    """Fields of `Infer` by name: what each means, and what it is when it is left out, stands there."""

    json_schema: dict[str, Any] | None
    private: bool


class BatchParameters(_Parameters, total=False):
    """Fields of `InferBatch` by name: what each means, and what it is when it is left out, stands there."""

    messages_from: str | None
    by_row: Mapping[str, Iterable[float | None]]
    concurrency: int | None
    max_failures: float | None
    cache: Literal["read", "refresh", "off"]
    dry_run: bool
    dedupe: bool
    pieces: bool
    probabilities: bool
