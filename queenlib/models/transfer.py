"""Fetches one file, whole and verified or not at all, and goes on from where it was cut off."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from queenlib.errors import DownloadFailed, WrongChecksum
from queenlib.messages.events import Log, Progress
from queenlib.models.files import Pace, hash_file, off_loop, sync, sync_folder
from queenlib.models.part import Part
from queenlib.models.pip_settings import NetSettings
from queenlib.models.remote_file import Broken, Stale, ask
from queenlib.world import World

ATTEMPTS = 5
"""How often a broken line is taken up again, as long as each time brought bytes."""


@dataclass(frozen=True)
class Parcel:
    """A file to be fetched."""

    label: str
    """What it is called in progress and errors."""
    url: str = field(repr=False)
    """Where it is; never shown, for it may hold secrets."""
    sha256: str | None
    """What its bytes must be, where that is known."""
    target: Path
    """Where it comes to lie; beside it, until it is whole, lies its part."""


async def fetch(parcel: Parcel, settings: NetSettings, world: World) -> AsyncGenerator[Progress | Log]:
    """Fetch it: progress in bytes; afterwards it lies at `parcel.target`, whole and verified.

    Whoever leaves this early leaves the part, for the next one to go on with.

    Raises:
        DownloadFailed: It could not be reached, broke off or stalled; the part is kept.
        WrongChecksum: The bytes are not the promised ones; they were thrown away.
        OnlyPip: It is refused to everybody but pip.
    """
    part = Part(parcel.target)
    for attempt in range(1, ATTEMPTS + 1):
        before = part.done
        try:
            async with aclosing(_pull(parcel, part, settings, world)) as steps:
                async for step in steps:
                    yield step
            break
        except Stale:
            part.discard()
        except Broken as broken:
            if not broken.again or part.done <= before or attempt == ATTEMPTS:
                raise _failed(parcel, part, str(broken)) from None
            yield Log(text=f"{parcel.label}: {broken} at byte {part.done:,}; going on from there.", level="warning")
        except OSError as error:
            raise _failed(parcel, part, f"It cannot be written: {error.strerror}") from error
    else:
        raise _failed(parcel, part, "What is here does not fit what is there")
    async with aclosing(_verify(parcel, part, world)) as checks:
        async for check in checks:
            yield check
    await off_loop(_finish, part, parcel.target)


async def _pull(parcel: Parcel, part: Part, settings: NetSettings, world: World) -> AsyncGenerator[Progress]:
    what = f"download {parcel.label}"
    resume = part.resumable(parcel.url, parcel.sha256)
    done, total = part.done if resume else 0, resume.total if resume else None
    if total is not None and done == total:  # its process ended between the last byte and the check
        yield Progress(what=what, done=done, total=total, unit="bytes")
        return
    pace = Pace(world)
    async with ask(parcel.url, parcel.sha256, resume, done, settings) as reply:
        done, total = reply.start, reply.version.total
        if not done:
            await off_loop(part.restart, reply.version)
        yield Progress(what=what, done=done, total=total, unit="bytes")
        async for chunk in reply.chunks:
            await off_loop(part.append, chunk)
            done += len(chunk)
            if pace.due() and done != total:
                yield Progress(what=what, done=done, total=total, unit="bytes")
    if total is not None and done != total:
        raise Broken(f"{done:,} bytes came in place of {total:,}", again=True)
    yield Progress(what=what, done=done, total=total or done, unit="bytes")


async def _verify(parcel: Parcel, part: Part, world: World) -> AsyncGenerator[Progress]:
    if parcel.sha256 is None:
        return
    async with aclosing(hash_file(part.path, f"verify {parcel.label}", world)) as steps:
        async for step in steps:
            if isinstance(step, Progress):
                yield step
            elif step != parcel.sha256:
                part.discard()
                raise WrongChecksum(
                    f"{parcel.label}: the bytes that came have the SHA-256 {step[:12]}…, not {parcel.sha256[:12]}….",
                    why="They were changed or damaged on their way, or the index is wrong.",
                    state="They were thrown away.",
                    next="Run it again; if it is the same again, ask who keeps the index.",
                    expected=parcel.sha256,
                    found=step,
                )


def _finish(part: Part, target: Path) -> None:
    sync(part.path)
    part.rename(target)
    sync_folder(target.parent)


def _failed(parcel: Parcel, part: Part, why: str) -> DownloadFailed:
    came, version = part.done, part.version
    total = version.total if version else None
    kept = came if part.resumable(parcel.url, parcel.sha256) else 0
    return DownloadFailed(
        f"{parcel.label}: {came:,} of {f'{total:,}' if total is not None else 'an unknown number of'} bytes came.",
        why=f"{why}.",
        state="They are kept." if kept else "Nothing was kept.",
        next="Run it again: it goes on from there." if kept else "Look at the network, and run it again.",
        done=kept,
        total=total,
    )
