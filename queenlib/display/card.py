"""The picture of a job: as text, as Markdown, as HTML, and as data that `queenlib.read_notebook` reads back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from queenlib import tables
from queenlib.display import markup
from queenlib.display.facts import facts, head, how_far
from queenlib.display.prose import prose
from queenlib.display.stable import nameless
from queenlib.messages.events import Problem
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import OPERATIONS
from queenlib.messages.snapshot import Snapshot

JOB_TYPE = "application/vnd.queenlib.job+json"
"""The MIME type of the data."""
FORMAT = 1
"""Its form."""
FEW = 500
"""Characters of an answer that the text has."""

Bundle = dict[str, Any]
"""One thing in several forms, by MIME type; the front end takes the best that it can show."""


def card(snapshot: Snapshot, *, stable: bool = False) -> Bundle:
    """A job as it is now.

    Args:
        snapshot: The job.
        stable: Leave out what differs from run to run, such as ids and times; the data with it.
    """
    snapshot = _nameless(_whole(snapshot)) if stable else _whole(snapshot)
    said = f"{head(snapshot.job, stable=stable)}: {', '.join(facts(snapshot, stable=stable))}"
    bundle = {
        "text/plain": "\n".join([f"<{tables.plain(said)}>", *_few(snapshot)]),
        "text/markdown": "\n\n".join(_markdown(snapshot, said, stable)),
        "text/html": "".join(_html(snapshot, said, stable)),
    }
    return bundle if stable else {**bundle, JOB_TYPE: {"format": FORMAT, "job": snapshot.job.wire()}}


def data_of(jobs: Iterable[JobRecord]) -> Bundle:
    """The data of several jobs whose picture is one."""
    return {JOB_TYPE: {"format": FORMAT, "jobs": [job.wire() for job in jobs]}}


def _whole(snapshot: Snapshot) -> Snapshot:
    """With the answer, which the result of one that has ended has as well."""
    result = snapshot.job.result or {}
    if snapshot.text or not isinstance(result.get("text"), str):
        return snapshot
    return snapshot.model_copy(update={"text": result["text"], "reasoning": str(result.get("reasoning") or "")})


def _nameless(snapshot: Snapshot) -> Snapshot:
    if (error := snapshot.job.error) is None:
        return snapshot
    said = error.model_copy(update={name: nameless(part) for name, part in _parts(error)})
    return snapshot.model_copy(update={"job": snapshot.job.model_copy(update={"error": said})})


def _few(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.text:
        yield tables.printable(snapshot.text[:FEW]) + ("…" if len(snapshot.text) > FEW else "")
    if (error := snapshot.job.error) is not None:
        yield from (tables.plain(part if name == "what" else f"{name}: {part}") for name, part in _parts(error))


def _markdown(snapshot: Snapshot, said: str, stable: bool) -> Iterator[str]:
    yield markup.inline(said)
    if snapshot.text:
        yield markup.fenced(snapshot.text)
    if (error := snapshot.job.error) is not None:
        yield "\n".join(f"- {name}: {markup.inline(part)}" for name, part in _parts(error))
    elif not snapshot.text and (rows := _result(snapshot.job)):
        yield "\n".join(f"- {markup.inline(name)}: {markup.inline(value)}" for name, value in rows)
    if not stable and not snapshot.job.state.ended:
        yield markup.inline(_again(snapshot.job))


def _html(snapshot: Snapshot, said: str, stable: bool) -> Iterator[str]:
    job, body = snapshot.job, ""
    steps = [*(how_far(each) for each in snapshot.progress), *(line.text for line in snapshot.lines)]
    if steps and not stable:
        body += markup.folded(tables.counted(len(steps), "step"), markup.items(steps))
    if snapshot.reasoning:
        body += markup.folded("reasoning", markup.block(snapshot.reasoning))
    if snapshot.text:
        body += prose(snapshot.text) if job.state.ended else markup.block(snapshot.text)
    if job.error is not None:
        body += tables.html(job.error.kind, ("", ""), _parts(job.error))
    elif not snapshot.text and job.result is not None:
        body += _result_html(job)
    if not stable and not job.state.ended:
        body += f"<p><code>{markup.text(_again(job))}</code></p>"
    yield markup.folded(said, body, is_open=True) if body else f"<p>{markup.text(said)}</p>"


def _again(job: JobRecord) -> str:
    """What brings it back to the screen."""
    return f'jobs.attach("{job.id}")'


def _parts(error: Problem) -> list[tuple[str, str]]:
    parts = [("what", error.what), ("why", error.why), ("state", error.state), ("next", error.next)]
    return [(name, part) for name, part in parts if part]


def _result_html(job: JobRecord) -> str:
    """The result in its own form, if it has one."""
    operation = OPERATIONS.get(job.operation)
    try:
        result = operation.result_model.model_validate(job.result, strict=False) if operation else None
    except ValidationError:  # of another version
        result = None
    own = getattr(result, "_repr_html_", None)
    return str(own()) if own is not None else tables.html("result", ("", ""), _result(job))


def _result(job: JobRecord) -> list[tuple[str, str]]:
    found: Mapping[str, Any] = job.result or {}
    return [(name, str(value)[:FEW]) for name, value in found.items() if value not in (None, "", [], {})]
