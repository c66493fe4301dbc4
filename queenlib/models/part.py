"""What is here of a file that is being fetched: its bytes, and beside them whose bytes they are."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from queenlib.messages.base import Bytes, Message, Sha256
from queenlib.models.files import write_whole


class Version(Message):
    """Which bytes an address gave. Bytes of different versions are never put together."""

    address: Sha256
    """The SHA-256 of the address itself, which may hold secrets."""
    promised: Sha256 | None
    """What the bytes must be, where that is known."""
    validator: str | None
    """A strong `ETag`, or a `Last-Modified`; without one, nothing can be resumed."""
    total: Bytes | None
    """How many bytes there are in all."""

    @classmethod
    def of(cls, url: str, promised: str | None, validator: str | None, total: int | None) -> Version:
        """The version that this address gives now."""
        address = hashlib.sha256(url.encode()).hexdigest()
        return cls(address=address, promised=promised, validator=validator, total=total)


class Part:
    """The bytes of one version, as far as they have come."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._beside = target.with_name(f"{target.name}.part.json")

    @property
    def done(self) -> int:
        """How many bytes are here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def version(self) -> Version | None:
        """Whose bytes they are; `None` if there are none or it is not known."""
        try:
            return Version.model_validate_json(self._beside.read_bytes()) if self.done else None
        except (OSError, ValidationError):
            return None

    def resumable(self, url: str, promised: str | None) -> Version | None:
        """The version that can be gone on with, if what is here came from this address and promised the same."""
        here = self.version
        same = here is not None and here == Version.of(url, promised, here.validator, here.total)
        return here if same and here is not None and here.validator is not None else None

    def restart(self, version: Version) -> None:
        """Throw away what is here and begin with this version."""
        self.path.write_bytes(b"")  # first: no byte may ever lie beside the name of another version
        write_whole(self._beside, version.model_dump_json())

    def append(self, block: bytes) -> None:
        """Add the bytes that come next."""
        with self.path.open("ab") as file:
            file.write(block)

    def discard(self) -> None:
        """Throw everything away."""
        self.path.unlink(missing_ok=True)
        self._beside.unlink(missing_ok=True)

    def rename(self, target: Path) -> None:
        """The bytes are whole and on the disk: give them their final name."""
        self.path.replace(target)
        self._beside.unlink(missing_ok=True)
