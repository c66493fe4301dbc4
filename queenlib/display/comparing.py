"""Showing a comparison: the answers as they come, side by side, and in the end as a picture that stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from queenlib.display import markup
from queenlib.display.card import Bundle
from queenlib.display.cells import current_run
from queenlib.display.facts import facts
from queenlib.display.interrupt import Listening
from queenlib.display.mode import Mode, current_mode, is_stable
from queenlib.display.prose import prose
from queenlib.display.screen import publish, replace
from queenlib.display.show import ended, park
from queenlib.display.shown import Shown
from queenlib.display.views import Beside, view_of
from queenlib.messages.snapshot import Snapshot
from queenlib.tables import left
from queenlib.world import World

_world = World()


class Compared(Protocol):
    """Several sides of the same questions; `queenlib.client.comparison.Comparison` is one."""

    prompts: tuple[str, ...]
    """What is asked; empty for batches."""

    @property
    def names(self) -> tuple[str, ...]:
        """How the sides are called."""
        ...

    @property
    def jobs(self) -> Sequence[Sequence[Shown]]:
        """Of each prompt, or of all of a batch, a job for each side."""
        ...

    @property
    def portal(self) -> Any:
        """Where they are followed; see `Shown`."""
        ...


def attend(comparison: Compared) -> None:
    """The running cell waits for it: who sits before it may watch, unless the cell has shown it."""
    run = current_run()
    if run is None:
        return
    for job in _all(comparison):
        Listening(job.id, job).begin()
    if current_mode() is Mode.LIVE and not all(job.id in run.shown for job in _all(comparison)):
        show(comparison)


def show(comparison: Compared) -> None:
    """Show it in the running cell. Where there are no views, this returns when all has ended."""
    if (run := current_run()) is not None:
        run.shown.update(job.id for job in _all(comparison))
    found = view_of("comparison") if current_mode() is Mode.LIVE else None
    if found is None:
        publish(comparison.portal.wait(_picture(comparison)))
        return
    place = _world.new_id("view")
    view: Beside = found(comparison)
    publish({"text/plain": f"<comparison of {', '.join(comparison.names)}>"} | view.bundle(), place)
    comparison.portal.submit(_freeze(comparison, view, place))


async def _freeze(comparison: Compared, view: Beside, place: str) -> None:
    replace(await _picture(comparison), place)
    park(view)


async def _picture(comparison: Compared) -> Bundle:
    """All of it, once it has ended."""
    rows = [await asyncio.gather(*map(ended, jobs)) for jobs in comparison.jobs]
    lines = list(_text(comparison, rows))
    return {
        "text/plain": "\n".join(lines),
        "text/markdown": "\n".join(f"- {markup.inline(line)}" for line in lines),
        "text/html": "".join(_html(comparison, rows)),
    }


def _text(comparison: Compared, rows: Sequence[Sequence[Snapshot]]) -> Iterator[str]:
    for prompt, answers in zip(comparison.prompts or ("",), rows, strict=True):
        if prompt:
            yield f"> {prompt}"
        for name, snapshot in zip(comparison.names, answers, strict=True):
            yield f"{name}: {_said(snapshot)} ({', '.join(_few(snapshot))})"


def _html(comparison: Compared, rows: Sequence[Sequence[Snapshot]]) -> Iterator[str]:
    asked = bool(comparison.prompts)
    heads = ("prompt", *comparison.names) if asked else comparison.names
    columns = "".join(f'<th scope="col">{left(markup.text(each))}</th>' for each in heads)
    yield f"<table><thead><tr>{columns}</tr></thead>"
    for prompt, answers in zip(comparison.prompts or ("",), rows, strict=True):
        title = f'<th scope="row">{left(markup.text(prompt))}</th>' if asked else ""
        yield f"<tr>{title}{''.join(map(_cell, answers))}</tr>"
    yield "</table>"


def _cell(snapshot: Snapshot) -> str:
    said = prose(snapshot.text) if snapshot.job.error is None and snapshot.text else f"<p>{markup.text(_said(snapshot))}</p>"
    few = markup.text(", ".join(_few(snapshot)))
    return f"<td>{left(f'{said}<p>{few}</p>')}</td>"


def _said(snapshot: Snapshot) -> str:
    if snapshot.job.error is not None:
        return snapshot.job.error.what
    tally = snapshot.tally
    return f"{tally.answered:,} of {tally.rows:,} rows answered" if tally is not None else snapshot.text


def _few(snapshot: Snapshot) -> list[str]:
    """Its state, and what is known of its answer."""
    return facts(snapshot, stable=is_stable())[1:]


def _all(comparison: Compared) -> Iterator[Shown]:
    return (job for jobs in comparison.jobs for job in jobs)
