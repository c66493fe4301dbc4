"""The root of all errors, and their way over the wire and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queenlib.errors.shown import lines


class QueenError(Exception):
    """The root of all errors of queenlib.

    Args:
        what: What happened, to what, with numbers.
        why: The cause, as far as it is known.
        state: What state things are in now: what was done, kept, lost.
        next: What to do, as a line that one can paste where there is one.
        fields: Further plain-data facts (`str`, numbers, `bool`, lists and dicts of them); each is an attribute.
    """

    what: str
    why: str
    state: str
    next: str
    job_id: str | None
    """The job that ended with this error, or that it is about, where there is one."""

    def __init__(self, what: str, *, why: str = "", state: str = "", next: str = "", **fields: Any) -> None:
        super().__init__(what)
        self.what, self.why, self.state, self.next = what, why, state, next
        self.fields: dict[str, Any] = fields

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        if name == "job_id":
            return None
        raise AttributeError(f"{type(self).__name__!r} has no field {name!r}")

    def __str__(self) -> str:
        *before, last = [part for part in (self.what, self.why, self.state, self.next) if part] or [""]
        return " ".join([*map(_sentence, before), last])

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows; IPython asks for it."""
        parts = {"why": self.why, "state": self.state, "next": self.next}
        return lines(self.kind, self.what, parts, self.__traceback__)

    def __reduce__(self) -> tuple[Any, ...]:
        return revive, (self.problem(),)

    @property
    def kind(self) -> str:
        """The name of the class: the same near and far."""
        return type(self).__name__

    def problem(self) -> dict[str, Any]:
        """This error as plain data, for the log and the wire; `revive` is the way back."""
        parts = {"kind": self.kind, "what": self.what, "why": self.why, "state": self.state, "next": self.next}
        return {**parts, "fields": dict(self.fields)}

    def about_job(self, job_id: str) -> QueenError:
        """The same error, with the job that it ended; a new one, for one error may end several jobs."""
        return revive({**self.problem(), "fields": {**self.fields, "job_id": job_id}})


def revive(problem: Mapping[str, Any]) -> QueenError:
    """The error that `QueenError.problem` wrote; of a class that this version does not know, a plain `QueenError`."""
    found = _classes(QueenError).get(str(problem.get("kind")), QueenError)
    error = found.__new__(found)
    QueenError.__init__(error, **{part: str(problem.get(part) or "") for part in ("what", "why", "state", "next")})
    fields = problem.get("fields")
    error.fields = dict(fields) if isinstance(fields, Mapping) else {}
    return error


def _sentence(part: str) -> str:
    """With its full stop: what follows it here is another one."""
    said = part.rstrip()
    return said if said.rstrip("\"'`)]").endswith((".", "!", "?", "…", ":", ";")) else f"{said}."


def _classes(root: type[QueenError]) -> dict[str, type[QueenError]]:
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found.update(_classes(child))
    return found
