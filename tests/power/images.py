"""What is on the disk when the power comes back: a seeded image, from a recording and the moment when it went.

A file is as it was at its last sync, plus whatever of the writes since has happened to arrive: each was lost, or came in
another order, or was torn between sectors. Which files there are is as it was at the last sync of the folder; each file that
was made or deleted since is there or not. The mark is as it was at any moment since it was last synced, or is not there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.power.disk import Act, Cut, FolderSync, Gone, Made, Marked, Recording, Sync, Write

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
MARK = "jobs.mark"
"""The file of the mark."""
SILENT = bytes(32)
"""A mark that begins like this says nothing, and was synced."""


@dataclass(frozen=True)
class Weather:
    """What may happen to what was not synced."""

    kept: Sequence[float] = (0.0, 0.2, 0.5, 0.8, 1.0)
    """Parts of a file's writes that arrive: one of them for each file of an image."""
    torn: Sequence[float] = (0.0, 0.2, 0.6)
    """Parts of those that arrive torn: the same."""
    shuffled: float = 0.3
    """The part of files whose writes arrive in another order."""
    undone: float = 0.5
    """The part of files that were made or deleted, and were not after all."""
    old: float = 0.5
    """The part of marks that may be older than the newest."""
    missing: float = 0.1
    """The part of marks that are not there."""


ANY = Weather()
"""Whatever may happen."""
CALM = Weather((1.0,), (0.0,), 0.0, 0.0, 0.0, 0.0)
"""Nothing is lost."""
BLACK = Weather((0.0,), (0.0,), 0.0, 1.0, 0.0, 0.0)
"""All is lost that may be, but for the mark."""


@dataclass
class Losses:
    """What became of writes that were not synced."""

    kept: int = 0
    dropped: int = 0
    torn: int = 0

    def add(self, other: Losses) -> None:
        """These too."""
        self.kept += other.kept
        self.dropped += other.dropped
        self.torn += other.torn


@dataclass(eq=False)
class _Lying:
    """A file on the disk: what it is for certain, and what was done to it since."""

    content: bytearray = field(default_factory=bytearray)
    since: list[Write | Cut] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk."""
        for act in self.since:
            _do(self.content, act)
        self.since.clear()


@dataclass
class _Folder:
    """The folder at a moment."""

    names: dict[str, _Lying]
    """The files that there are."""
    certain: dict[str, _Lying]
    """Those of them, and those of before, that are there for certain."""
    marks: list[bytes]
    """What the mark may say: the last is the newest."""


def build(recording: Recording, moment: int, chance: random.Random, folder: Path, weather: Weather = ANY) -> Losses:
    """Write into an empty folder what is left of a recorded one when the power goes after its first `moment` acts."""
    left, losses = _replay(recording, recording.acts[:moment]), Losses()
    for name in {**left.certain, **left.names}:
        before, after = left.certain.get(name), left.names.get(name)
        if lying := before if before is not after and chance.random() < weather.undone else after:
            content = bytearray(lying.content)
            losses.add(_arrive(content, lying.since, chance, weather))
            (folder / name).write_bytes(content)
    said = chance.choice(left.marks) if chance.random() < weather.old else left.marks[-1]
    if said and chance.random() >= weather.missing:
        (folder / MARK).write_bytes(said)
    return losses


def _replay(recording: Recording, acts: Iterable[Act]) -> _Folder:
    names = {name: _Lying(bytearray(data)) for name, data in recording.before.items() if name != MARK}
    folder = _Folder(names, dict(names), [recording.before.get(MARK, b"")])
    for act in acts:
        match act:
            case Write() | Cut():
                names[act.file].since.append(act)
            case Sync():
                names[act.file].sync()
            case Made():
                names[act.file] = _Lying()
            case Gone():
                names.pop(act.file, None)
            case FolderSync():
                folder.certain = dict(names)
            case Marked():
                if act.data.startswith(SILENT):
                    folder.marks.clear()
                folder.marks.append(act.data)
    return folder


def _arrive(content: bytearray, acts: Iterable[Write | Cut], chance: random.Random, weather: Weather) -> Losses:
    """Do to a file whatever of these acts arrives."""
    losses, arriving = Losses(), list(acts)
    kept, torn = chance.choice(weather.kept), chance.choice(weather.torn)
    if chance.random() < weather.shuffled:
        chance.shuffle(arriving)
    for act in arriving:
        if chance.random() >= kept:
            losses.dropped += 1
        elif isinstance(act, Write) and chance.random() < torn:
            losses.torn += 1
            for part in _sectors(act):
                if chance.random() < 0.5:
                    _do(content, part)
        else:
            losses.kept += 1
            _do(content, act)
    return losses


def _sectors(write: Write) -> Iterable[Write]:
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        until = min(end, (start // SECTOR + 1) * SECTOR)
        yield Write(write.file, start, write.data[start - write.offset : until - write.offset])
        start = until


def _do(content: bytearray, act: Write | Cut) -> None:
    size = act.size if isinstance(act, Cut) else act.offset
    if len(content) < size:
        content.extend(bytes(size - len(content)))
    if isinstance(act, Cut):
        del content[size:]
    else:
        content[size : size + len(act.data)] = act.data
