"""A job on a terminal: its answer on standard output, all else beside it on standard error."""

from __future__ import annotations

import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from queenlib import tables
from queenlib.client.job import Job
from queenlib.errors import QueenError
from queenlib.messages import events
from queenlib.messages.infer import InferResult
from queenlib.messages.state import State
from queenlib.messages.status import CheckReport


class Terminal:
    """Shows jobs as they happen. Whatever a model or a hive says is text: its escapes never reach the terminal."""

    def __init__(self) -> None:
        self.out = sys.stdout
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._inside_answer = False

    def follow(self, job: Job[Any]) -> Any:
        """Show a job until it ends, and return its result.

        Raises:
            QueenError: What it ended with, if it did not succeed.
        """
        try:
            for event in job:
                self._show(event)
        finally:
            self._close_bar()
            if self._inside_answer:
                self.out.write("\n")
                self.out.flush()
                self._inside_answer = False
        return job.wait()

    def _show(self, event: events.Event) -> None:
        match event:
            case events.TokenEvent(data=data):
                self._close_bar()
                self._inside_answer = True
                self.out.write(tables.printable(data.text))
                self.out.flush()
            case events.ProgressEvent(data=data) if data.unit == "bytes" and not data.what.startswith("load "):
                self._progress(data)
            case events.LogEvent(data=data) if data.level != "debug":
                self._say(data.text)
            case events.StateEvent(data=data) if data.state is State.WAITING:
                self._say(f"waits for {data.reason}")

    def _say(self, text: str) -> None:
        self._close_bar()
        self.err.print(f"· {tables.plain(text)}", style="dim", markup=False)

    def _progress(self, data: events.Progress) -> None:
        if self._bar is None:
            columns = (TextColumn("· {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._bar = Progress(*columns, console=self.err)
            self._bar.start()
        what = tables.plain(data.what)
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=data.total)
        self._bar.update(self._tasks[what], completed=data.done, total=data.total)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar, self._tasks = None, {}

    def error(self, error: QueenError) -> None:
        """Show an error in its four parts."""
        self.err.print(f"{error.kind}: {tables.plain(error.what)}", style="bold red", markup=False)
        for name, said in (("why", error.why), ("state", error.state), ("next", error.next)):
            if said:
                self.err.print(f"  {name}: {tables.plain(said)}", markup=False)
        for line in error.fields.get("last_lines", ())[-10:]:
            self.err.print(f"  | {tables.plain(line)}", style="dim", markup=False)

    def timings(self, result: InferResult) -> None:
        """Show where an answer's time went."""
        table = Table(f"{result.model.name} · {result.job_id}", "", box=box.SIMPLE_HEAD)
        times = result.timings
        rate = f"{times.tokens_per_s:,.1f} tokens/s" if times.tokens_per_s else "no rate"
        for name, value in (
            ("hive, model and worker made ready", f"{times.load_ms:,.0f} ms"),
            ("waited for a slot", f"{times.queue_ms:,.0f} ms"),
            ("prompt read", f"{times.prefill_ms:,.0f} ms for {result.usage.prompt_tokens} tokens"),
            ("time to first token", f"{times.ttft_ms:,.0f} ms"),
            ("answer", f"{result.usage.completion_tokens} tokens at {rate}, ended by {result.finish_reason}"),
            ("all", f"{times.total_ms:,.0f} ms"),
        ):
            table.add_row(name, value)
        self.err.print(table)

    def report(self, about: str, report: CheckReport) -> None:
        """Show what a self-test found."""
        for check in report.checks:
            mark, style = ("ok", "green") if check.ok else ("NOT OK", "bold red")
            self.err.print(f"{mark:>6}  {about} {check.name}: {tables.plain(check.detail)}", style=style, markup=False)
            if check.remedy:
                self.err.print(f"        {tables.plain(check.remedy)}", markup=False)
