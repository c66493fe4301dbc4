"""The ground that all messages stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T")


def whole(text: str) -> str:
    """A text that can travel as UTF-8: pairs of surrogates are joined, and halves of them become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(value: Any) -> Any:
    """Data that is JSON for certain: what JSON has no word for becomes text, and numbers that are none become `None`."""
    match value:
        case str():
            return whole(str(value))
        case None | bool() | int():
            return value
        case float():
            return value if isfinite(value) else None
        case Mapping():
            return {whole(str(name)): plain(each) for name, each in value.items()}
        case Sequence() | Set() if not isinstance(value, bytes | bytearray | memoryview):
            return [plain(each) for each in value]
    return whole(str(value))


ID_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""Ids of hives and workers: lower-case letters, digits and inner hyphens, 1 to 63 of them."""

Name = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""The id of a hive or a worker."""

MODEL_PATTERN = r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
"""Names of models: no control characters, and no blank first."""

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=MODEL_PATTERN)]
"""How a model is called: an alias, a source (`package:…`, `file:…`) or a simulated one (`sim:…`)."""

SHA256_PATTERN = r"^[0-9a-f]{64}$"

Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
"""A SHA-256, in 64 lower-case hexadecimal digits."""

Said = Annotated[str, AfterValidator(whole)]
"""What somebody outside said, such as a model or a program: any text; halves of surrogate pairs in it become U+FFFD."""

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, description="seconds")]
Milliseconds = Annotated[float, Field(ge=0, description="milliseconds")]
Bytes = Annotated[int, Field(ge=0, description="bytes")]
Utc = datetime
"""A date and time, in UTC."""

HIVE_ALIASES = AliasChoices("hive_id", "id")


class Message(BaseModel):
    """Frozen, strict (no silent conversion), and closed: a field that is not declared is refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )

    def wire(self) -> dict[str, Any]:
        """This message as plain JSON data."""
        return self.model_dump(mode="json")


class Result(Message):
    """What a job came to."""


class Recovery(StrEnum):
    """What becomes of a job whose queen died under it."""

    READ = "read"
    """Changes nothing: runs again."""
    CONVERGE = "converge"
    """Brings something into a state: what is missing is done."""
    ONCE = "once"
    """May not be done twice unasked: ends as `lost`."""


class Operation(Message):
    """A typed request. `operation` is its name on the wire; its class says what it results in and how it recovers."""

    operation: str
    recovery: ClassVar[Recovery]
    result_model: ClassVar[type[Result]]
    run_limit_s: ClassVar[float]
    """How long its job may run at most, in seconds, unless the queen is set otherwise."""

    @property
    def forgets(self) -> bool:
        """Whether not all of this request is written down, so that nobody but the queen that took it can do it."""
        return False

    def kept(self) -> Operation:
        """What of this request is written down; all of it, unless the operation says otherwise."""
        return self

    def beside(self) -> Mapping[str, Any]:
        """Fields that are too much for a record: `kept` leaves them out, and they are written down beside it."""
        return {}

    def keeps(self, item: T) -> T | None:
        """What is written down of something that the operation yields; `None` for nothing."""
        return item


class Deleted(Result):
    """Something is gone."""

    kind: str
    """What it was: `hive`, `worker` or `model`."""
    id: str
    """Its id, or a model's name."""
