"""Many streams on which nothing happens: the memory of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from benchmarks.readers.fanout import PEERS
from benchmarks.readers.side import idle_bytes


def figures(folder: Path, *, readers: int = 1000, rounds: int = 3) -> Iterator[Figure]:
    """Both sides in turns."""
    ours, bare = list[float](), {http: list[float]() for http in PEERS}
    for number in range(rounds):
        for http, taken in bare.items():
            taken.append(idle_bytes("bare", http, readers=readers))
        ours.append(idle_bytes("ours", str(folder / f"idle-{number}"), readers=readers))
    for http, taken in bare.items():
        name = f"memory of one of {readers:,} idle streams, bare uvicorn ({http})"
        yield Figure(name, median(ours), "bytes", 1.2, median(taken), most=True)
