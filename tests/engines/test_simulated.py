"""The queen's half of the simulated engine: the names of its models."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.simulated import SimSpec, Simulated, parse_sim
from queenlib.errors import UnknownModel
from queenlib.world import World
from tests.engines.bench import sim_spec

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(0, 10**9 - 1),
    "float": st.floats(0.001, 1e9),
    "bool": st.booleans(),
    "str | None": st.text(st.characters(exclude_categories=["Cs"])),
}
PARTS = st.fixed_dictionaries(
    {}, optional={field.name: VALUES[str(field.type)] for field in fields(SimSpec) if field.name != "kind"}
)


def written(value: Any) -> str:
    """A value as it stands in a model's name."""
    return quote(str(int(value)) if isinstance(value, bool) else str(value), safe="")


@given(st.sampled_from(["words", "echo"]), PARTS)
def test_names_are_read(kind: Any, parts: dict[str, Any]) -> None:
    """Each part of a name, in any order and number, is read as it was written; the others have their defaults."""
    query = "&".join(f"{name}={written(value)}" for name, value in parts.items())
    assert parse_sim(f"sim:{kind}" + (f"?{query}" if query else "")) == SimSpec(kind, **parts)


@given(st.text())
def test_rubbish_is_a_typed_error(text: str) -> None:
    """Whatever the name, it is a simulated model or there is no such."""
    for model in (text, f"sim:{text}", f"sim:words?{text}", f"sim:words?tokens={text}", f"sim:echo?text={text}"):
        with suppress(UnknownModel):
            parse_sim(model)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("sim:word", "did you mean 'words'?"),
        ("sim:words?tokens_per_sec=5", "did you mean 'tokens_per_s'?"),
        ("sim:words?tokens=-1", "whole number"),
        ("sim:words?tokens=", "whole number"),
        ("sim:words?tokens_per_s=0", "more than 0"),
        ("sim:words?load_s=nan", "number from 0"),
        ("sim:words?oom=yes", "0 or 1"),
        ("sim:words?seed=1&seed=2", "twice"),
        ("sim:words?kind=echo", "no part 'kind'"),
        ("sim:echo?text=%ff", "%ff"),
        ("smollm2-135m", "no kind"),
    ],
)
def test_bad_names(model: str, why: str) -> None:
    """A bad name is refused with what is wrong in it, and the nearest good one."""
    with pytest.raises(UnknownModel) as refusal:
        parse_sim(model)
    assert why in refusal.value.why


def test_launch() -> None:
    """The whole model travels to the worker as plain data, the key with it and not among the arguments."""
    launch = Simulated(World()).launch(sim_spec("sim:echo?text=a%26b"), "a secret")
    assert "a secret" not in " ".join(launch.argv)
    config = json.loads(json.dumps(dict(launch.config)))
    assert config["sim"] == asdict(SimSpec("echo", text="a&b"))
    assert (config["context"], config["slots"]) == (1024, 2)
    assert Simulated(World()).available() == ""
