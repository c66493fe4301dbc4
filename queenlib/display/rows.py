"""Lists as rows of text, for tables that stand still and for those that move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from queenlib import tables
from queenlib.display.stable import LEFT_OUT, nameless
from queenlib.messages.hive import HiveInfo
from queenlib.messages.job import JobRecord
from queenlib.messages.listing import Listing
from queenlib.messages.worker import WorkerInfo

HIVES = ("hive", "worker", "state", "model", "device", "slots busy", "waiting", "tokens/s", "memory")
JOBS = ("job", "operation", "state", "pieces", "created")


@dataclass(frozen=True)
class Line:
    """One row."""

    name: str
    """What tells it from others."""
    cells: tuple[str, ...]
    """Its texts."""
    ended: bool = True
    """Whether nothing can be done about it."""


@dataclass(frozen=True)
class Table:
    """A list."""

    caption: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    def text(self) -> str:
        """As lines of text."""
        return f"{self.caption}\n{tables.text(self.columns, (line.cells for line in self.lines))}"

    def html(self) -> str:
        """As HTML."""
        return tables.html(self.caption, self.columns, (line.cells for line in self.lines))

    def stable(self) -> Table:
        """Without what differs from run to run: ids, reasons, times, rates and memory."""
        columns = tuple(each for each in self.columns if each not in LEFT_OUT)
        lines = (replace(line, cells=tuple(self._stable_cells(line))) for line in self.lines)
        return Table(self.caption, columns, tuple(lines))

    def _stable_cells(self, line: Line) -> Iterator[str]:
        for column, cell in zip(self.columns, line.cells, strict=True):
            if column not in LEFT_OUT:
                yield cell.partition(" (")[0] if column == "state" else nameless(cell)


def hive_table(hives: Iterable[HiveInfo]) -> Table:
    """Hives, a line for each, and one for each worker below it."""
    found = list(hives)
    return Table(tables.counted(len(found), "hive"), HIVES, tuple(line for hive in found for line in _hive_lines(hive)))


def job_table(jobs: Iterable[JobRecord]) -> Table:
    """Jobs, the newest first."""
    newest = sorted(jobs, key=lambda job: (job.created_at, job.id), reverse=True)
    return Table(tables.counted(len(newest), "job"), JOBS, tuple(map(_job_line, newest)))


def listing_table(listing: Listing) -> Table:
    """What an operation listed, with its own columns."""
    caption = tables.counted(listing._count(), listing._noun) + listing._order
    return Table(caption, listing._columns, tuple(_line("", tuple(map(str, row))) for row in listing._rows()))


def _hive_lines(hive: HiveInfo) -> Iterator[Line]:
    busy, slots = (sum(getattr(each, name) for each in hive.workers) for name in ("slots_busy", "slots"))
    state = _said(hive.state, hive.reason)
    used, devices = f"{busy} of {slots}" if slots else "", ", ".join(hive.devices)
    yield _line(hive.id, (hive.id, f"({hive.kind})", state, "", devices, used, "", _rate(hive.workers), ""))
    for worker in hive.workers:
        yield _line(f"{hive.id}/{worker.id}", _worker(hive, worker))


def _worker(hive: HiveInfo, worker: WorkerInfo) -> tuple[str, ...]:
    slots = f"{worker.slots_busy} of {worker.slots}"
    rest = (worker.device, slots, str(worker.waiting or ""), _rate([worker]), tables.size(worker.memory))
    return (hive.id, worker.id, _said(worker.state, worker.reason), worker.model, *rest)


def _rate(workers: Iterable[WorkerInfo]) -> str:
    rates = [worker.tokens_per_s for worker in workers if worker.tokens_per_s is not None]
    return f"{sum(rates):g}" if rates else ""


def _job_line(job: JobRecord) -> Line:
    reason = job.reason or (job.error.kind if job.error else "")
    cells = (job.id, job.operation, _said(job.state, reason), str(job.tokens or ""), tables.moment(job.created_at))
    return _line(job.id, cells, ended=job.state.ended)


def _line(name: str, cells: tuple[str, ...], *, ended: bool = True) -> Line:
    return Line(name, tuple(tables.plain(cell) for cell in cells), ended)


def _said(state: object, reason: str) -> str:
    return f"{state} ({reason})" if reason else str(state)
