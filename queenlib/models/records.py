"""What a home knows of models: one small file for each, written in one step, so that processes need no lock for it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from queenlib.errors import UnknownModel
from queenlib.home import Home
from queenlib.messages.base import Bytes, Message, Sha256, Utc
from queenlib.messages.model import Alias
from queenlib.models.files import write_whole
from queenlib.models.source import FileSource, Source, parse_source


@dataclass(frozen=True)
class ModelFile:
    """A model that is here, whole and verified."""

    name: str
    """Its alias if it has one, else its source."""
    source: str
    path: Path
    size: int
    """In bytes."""
    sha256: str


class Record(Message):
    """What is known of one model that was brought."""

    source: str
    sha256: Sha256
    size: Bytes
    mtime_ns: int
    """When its file was last changed, as the file system says it."""
    fetched_at: Utc
    alias: Alias | None = None


def key_of(source: object) -> str:
    """A name for files about a source: nothing of the source is in it, so it is safe in a path."""
    return hashlib.sha256(str(source).encode()).hexdigest()[:32]


class Records:
    """The records of one home."""

    def __init__(self, home: Home) -> None:
        self._models = home.models

    def all(self) -> list[Record]:
        """All that can be read, in the order of their sources."""
        found = (self._read(path) for path in self._models.glob("*.json"))
        return sorted((record for record in found if record), key=lambda record: record.source)

    def find(self, source: Source) -> Record | None:
        """The record of a source, if there is one."""
        return self._read(self._place(source))

    def write(self, record: Record) -> None:
        """Write a record in place of the one before."""
        write_whole(self._place(record.source), record.model_dump_json())

    def path(self, record: Record) -> Path:
        """Where the model's file is: the user's own, or named for its SHA-256."""
        source = parse_source(record.source)
        return source.path if isinstance(source, FileSource) else self.place_of(record.sha256)

    def place_of(self, sha256: str) -> Path:
        """Where bytes that were fetched lie."""
        return self._models / sha256 / "model.gguf"

    def intact(self, record: Record) -> bool:
        """Whether the file is there and, as far as its size (and for the user's own, its time) tells, as it was."""
        try:
            status = self.path(record).stat()
        except OSError:
            return False
        ours = not isinstance(parse_source(record.source), FileSource)
        return status.st_size == record.size and (ours or status.st_mtime_ns == record.mtime_ns)

    def forget(self, record: Record) -> None:
        """Remove the record, and bytes that were fetched unless another record has the same."""
        self._place(record.source).unlink(missing_ok=True)
        ours = not isinstance(parse_source(record.source), FileSource)
        if ours and not any(each.sha256 == record.sha256 and self.path(each) == self.path(record) for each in self.all()):
            shutil.rmtree(self.place_of(record.sha256).parent, ignore_errors=True)

    def _place(self, source: object) -> Path:
        return self._models / f"{key_of(source)}.json"

    @staticmethod
    def _read(path: Path) -> Record | None:
        try:
            record = Record.model_validate_json(path.read_bytes())
            parse_source(record.source)
        except (OSError, ValidationError, UnknownModel):
            return None
        return record if path.stem == key_of(record.source) else None
