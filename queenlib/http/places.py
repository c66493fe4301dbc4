"""Reads which jobs a reader wants in one stream, and from where."""

from __future__ import annotations

from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.http.reading import read_number, read_query
from queenlib.messages.place import Place


def read_places(request: Request) -> list[Place]:
    """Each `job=ID` or `job=ID:AFTER` of the query.

    `Last-Event-ID` and `Queen-Epoch` have a number for each, in that order, with dots between them; the first of them goes
    before what the query says.

    Raises:
        InvalidRequest: There is something else, or a number is none.
    """
    read_query(request, several=("job",))
    said = [job.partition(":") for job in request.query_params.getlist("job")]
    afters: list[int] = [read_number(after, "after") if colon else 0 for _, colon, after in said]
    last = _dotted(request, "Last-Event-ID", len(said))
    epochs = _dotted(request, "Queen-Epoch", len(said))
    return [
        Place(job_id, last[index] if last else afters[index], epochs[index] if epochs else None)
        for index, (job_id, _, _) in enumerate(said)
    ]


def _dotted(request: Request, name: str, count: int) -> list[int] | None:
    """The numbers in a header; `None` if it is not there."""
    values = request.headers.getlist(name)
    if not values:
        return None
    parts = values[0].split(".")
    if len(values) > 1 or len(parts) != count:
        raise InvalidRequest(
            f"{name} has {len(parts)} numbers, or is there twice; the query has {count} jobs.",
            why="It has one for each job, in the order of the query, with dots between them.",
            state="Nothing was sent.",
            next=f"Send it as the stream gave it, or leave {name} out.",
        )
    return [read_number(part, name) for part in parts]
