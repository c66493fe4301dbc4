"""Parameters that differ from row to row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from queenlib.messages.infer import Sampling

WHOLE = ("max_tokens", "top_k", "seed")
"""Those that are whole numbers."""
NAMES = (*WHOLE, "temperature", "top_p", "min_p", "repetition_penalty")
"""What may differ."""


def check(name: str, values: tuple[Any, ...]) -> None:
    """See to it that these are values of this parameter; `None` stands for that of the batch.

    Raises:
        ValueError: One of them is not, or there is no such parameter.
    """
    if name not in NAMES:
        raise ValueError(f"by_row has {name!r}; what may differ from row to row is {', '.join(NAMES)}")
    adapter = _ADAPTERS[name]
    for number, value in enumerate(values):
        if value is not None:
            try:
                adapter.validate_python(value, strict=True)
            except ValidationError as error:
                raise ValueError(f"{name} of row {number} is {value!r}: {error.errors()[0]['msg']}") from None


_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    name: TypeAdapter(Annotated[(field.annotation, *field.metadata, None)])  # type: ignore[arg-type]
    for name, field in Sampling.model_fields.items()
}
