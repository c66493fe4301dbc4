"""A job on a terminal: its answer on standard output, all else beside it on standard error."""

from __future__ import annotations

import io
import sys
from typing import TextIO, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table

from queenlib import bars, tables
from queenlib.client.job import Job
from queenlib.errors import QueenError
from queenlib.messages import events
from queenlib.messages.base import Result
from queenlib.messages.infer import InferResult
from queenlib.messages.state import State
from queenlib.messages.status import CheckReport
from queenlib.world import World

R = TypeVar("R", bound=Result)


class Terminal:
    """Shows jobs as they happen. Whatever a model or a hive says is text: its escapes never reach the terminal."""

    def __init__(self, world: World | None = None) -> None:
        self._world = world or World()
        self._out = sys.stdout
        if isinstance(self._out, io.TextIOWrapper):  # a character that it does not have is written as its number
            self._out.reconfigure(errors="backslashreplace")
        self._err = _console(sys.stderr)
        self._bars = bars.Bars(self._err, self._world)
        self._speaking: events.Channel | None = None
        self._last = "\n"
        self.first_token: float | None = None
        """When the first piece of an answer was shown, on the world's `monotonic` clock."""

    def follow(self, job: Job[R]) -> R:
        """Show a job until it ends, and return its result.

        Raises:
            QueenError: What it ended with, if it did not succeed.
        """
        try:
            for event in job:
                self._show(event)
        finally:
            self._bars.close()
            self._speak(None)
        return job.wait()

    def _show(self, event: events.Event) -> None:
        match event:
            case events.TokenEvent(data=data):
                self._piece(data)
            case events.ProgressEvent(data=data) if bars.worth_it(data):
                self._speak(None)
                self._bars.show(data)
            case events.LogEvent(data=data) if data.level != "debug":
                self._say(data.text)
            case events.StateEvent(data=data) if data.state is State.WAITING:
                self._say(f"waits for {data.reason}")

    def _piece(self, data: events.TokenData) -> None:
        self._bars.close()
        self._speak(data.channel)
        if self.first_token is None:
            self.first_token = self._world.monotonic()
        text = tables.printable(data.text)
        if data.channel == "reasoning":
            self._err.print(text, style="dim", end="")
        else:
            self._out.write(text)
            self._out.flush()
        self._last = text[-1:] or self._last

    def _speak(self, channel: events.Channel | None) -> None:
        """From now on the answer, the thoughts or neither: what was on its way before ends its line."""
        if channel == self._speaking:
            return
        if self._speaking and self._last != "\n":
            if self._speaking == "reasoning":
                self._err.print()
            else:
                self._out.write("\n")
                self._out.flush()
        self._speaking, self._last = channel, "\n"

    def _say(self, text: str) -> None:
        self._bars.close()
        self._speak(None)
        self._err.print(f"· {tables.plain(text)}", style="dim")

    def error(self, error: QueenError) -> None:
        """Show an error in its four parts, and what a process said last."""
        self._err.print(f"{error.kind}: {tables.plain(error.what)}", style="bold red")
        for name, said in (("why", error.why), ("state", error.state), ("next", error.next)):
            if said:
                self._err.print(f"  {name}: {tables.plain(said)}")
        for line in (*error.fields.get("last_lines", ())[-10:], *error.fields.get("remote_traceback", "").splitlines()):
            self._err.print(f"  | {tables.plain(line)}", style="dim")

    def timings(self, result: InferResult, *, started: float | None = None) -> None:
        """Show where an answer's time went.

        Args:
            result: The answer.
            started: When the command was given, on the world's `monotonic` clock.
        """
        table = Table("where the time went", box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("ms", justify="right")
        table.add_column("")
        for name, milliseconds, note in _times(result):
            table.add_row(name, f"{milliseconds:,.0f}", note)
        if started is not None and self.first_token is not None:
            table.add_row("command to first token", f"{1000 * (self.first_token - started):,.0f}", style="bold")
        self._err.print(table)

    def report(self, about: str, report: CheckReport) -> None:
        """Show what a self-test found, on standard output."""
        console = _console(self._out)
        for check in report.checks:
            mark, style = ("ok", "green") if check.ok else ("NOT OK", "bold red")
            name = f"{about}: {tables.plain(check.name)}"
            console.print(f"{mark:<6}  {name:<20}  {tables.plain(check.detail)}", style=style)
            if check.remedy:
                console.print(f"{'':<6}  {'':<20}  {tables.plain(check.remedy)}")


class _Console(Console):
    def on_broken_pipe(self) -> None:  # rich would end the program, with an exit code of its own
        raise BrokenPipeError


def _console(file: TextIO) -> Console:
    """One that takes text as it is: no markup, no emoji by name, no colours by guess, and lines as long as they are."""
    return _Console(file=file, markup=False, emoji=False, highlight=False, soft_wrap=True)


def _times(result: InferResult) -> list[tuple[str, float, str]]:
    """What took how many milliseconds, and more about it."""
    times, usage = result.timings, result.usage
    read = f"{usage.prompt_tokens:,} prompt tokens read in {times.prefill_ms:,.0f} ms"
    rate = f", {times.tokens_per_s:,.1f} a second" if times.tokens_per_s else ""
    return [
        ("hive, model and worker ready", times.load_ms, tables.plain(result.model.name)),
        ("slot free", times.queue_ms, ""),
        ("first token", times.ttft_ms, read),
        ("last token", times.decode_ms, f"{usage.completion_tokens:,} tokens{rate}"),
        ("the whole job", times.total_ms, f"{result.job_id}, ended by {result.finish_reason}"),
    ]
