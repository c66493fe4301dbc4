"""One event to many readers: the CPU time of each delivery, with the log on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from benchmarks.readers.side import delivery_s

PEERS = ("httptools", "h11")
"""The parsers that the peer may have: ours is the first of them."""


def figures(folder: Path, *, readers: int = 1000, events: int = 60, rounds: int = 3) -> Iterator[Figure]:
    """Both sides in turns."""
    gap_s = readers * 6e-5  # no side is ever behind, so that none may send several events at once
    ours, bare = list[float](), {http: list[float]() for http in PEERS}
    for number in range(rounds):
        for http, spent in bare.items():
            spent.append(delivery_s("bare", http, readers=readers, events=events, gap_s=gap_s))
        ours.append(delivery_s("ours", str(folder / f"fanout-{number}"), readers=readers, events=events, gap_s=gap_s))
    for http, spent in bare.items():
        name = f"CPU of a delivery to {readers:,} readers, bare uvicorn ({http})"
        yield Figure(name, 1e6 * median(ours), "µs", 1.0, 1e6 * median(spent), most=True)
