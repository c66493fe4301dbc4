"""Loose parameters, spelled out."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from queenlib import Queen
from queenlib.client.spelled import spelled
from queenlib.messages.asked import InferParameters
from queenlib.messages.infer import Infer
from tests.flow.kernels import SEEN, kernel

NAMED = {"operation", "prompt", "messages", "model", "hive_id", "worker_id"}
"""Fields of `infer` that a method names in its own way."""


def test_signature_and_docstring_name_each() -> None:
    """With what it is when it is left out, and what it means; the function is the same."""

    @spelled(Infer, ["max_tokens", "seed"])
    def ask(prompt: str, **parameters: Any) -> dict[str, Any]:
        """Ask.

        Args:
            prompt: What.
            parameters: More.

        Raises:
            ValueError: Never.
        """
        return {"prompt": prompt, **parameters}

    assert list(inspect.signature(ask).parameters) == ["prompt", "max_tokens", "seed"]
    assert inspect.signature(ask).parameters["max_tokens"].default == 256
    assert "            max_tokens: Tokens to generate at most.\n            seed: Same seed" in (ask.__doc__ or "")
    assert (ask.__doc__ or "").count("Raises:") == 1
    assert ask("x", other=1) == {"prompt": "x", "other": 1}


def test_every_parameter_is_spelled_out() -> None:
    """Types, signature and operation agree on what there is."""
    assert set(InferParameters.__annotations__) == set(Infer.model_fields) - NAMED
    assert set(InferParameters.__annotations__) <= set(inspect.signature(Queen.infer).parameters)


def test_a_notebook_shows_and_completes_them(tmp_path: Path) -> None:
    """By Tab and Shift-Tab, as the kernel answers the front end."""
    with kernel(tmp_path, **SEEN) as made:
        made.run("from queenlib import Queen")
        client, code = made.client, "Queen.infer"
        shown = client.inspect(code, len(code), reply=True, timeout=60)["content"]["data"]["text/plain"]
        assert "temperature: 0 takes the likeliest token always" in shown
        assert "'float' = 0.8" in shown or "temperature" in shown.partition("Docstring")[0]
        code = "Queen.infer(None, 'x', temp"
        assert "temperature=" in client.complete(code, len(code), reply=True, timeout=60)["content"]["matches"]
