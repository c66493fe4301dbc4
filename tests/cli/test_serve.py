"""`queenlib serve`: a queen for others, on loopback, who leaves nothing behind."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from queenlib import Queen, errors
from queenlib.messages.events import EndEvent
from queenlib.messages.state import State
from tests.cli.program import PROGRAM, environment, family, left, read_until, run, started

SLACK = 4
"""A busy machine may take so many times as long as a promise says."""
LONG = "sim:words?tokens=2000&tokens_per_s=10"


@contextmanager
def serving(home: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A queen that serves, and what she said when she was ready."""
    with started(home, "serve", "--json", *more) as process:
        assert process.stdout
        yield process, json.loads(process.stdout.readline())


@contextmanager
def busy(ready: dict[str, Any]) -> Iterator[Queen]:
    """A handle on her, while one of her workers answers."""
    with Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
        for event in queen.infer("x", model=LONG, max_tokens=2000):
            if event.type == "token":
                break
        yield queen


def test_json_is_one_line(tmp_path: Path) -> None:
    """`--json` prints one line with url, token_file and pid; the token file is its owner's alone; SIGTERM ends with 0."""
    with serving(tmp_path) as (process, ready):
        assert set(ready) == {"url", "token_file", "pid"}
        assert ready["pid"] == process.pid
        token_file = Path(ready["token_file"])
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        process.terminate()
        more, said = process.communicate(timeout=20)
    assert (process.returncode, more) == (0, "")
    assert token_file.read_text() not in said


def test_all_sockets_are_on_loopback(tmp_path: Path) -> None:
    """Whatever she and her processes listen on is on loopback, also while a worker answers."""
    with serving(tmp_path, "--grace", "0") as (process, ready), busy(ready):
        tree = [psutil.Process(process.pid), *family(process)]
        listening = [
            each.laddr.ip for one in tree for each in one.net_connections("all") if each.status == psutil.CONN_LISTEN
        ]
        process.terminate()
        process.communicate(timeout=20)
    assert len(listening) >= 2  # hers, and her worker's
    assert set(listening) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_she_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends her with 0: her workers first, so that no process is left, and readers hear how their jobs ended."""
    with serving(tmp_path, "--grace", "0.5") as (process, ready), busy(ready) as queen:
        children = family(process)
        assert len(children) >= 2
        job = queen.infer("y", model=LONG, max_tokens=2000)
        events = queen.jobs.stream(job.id)
        await anext(events)
        process.send_signal(number)
        *_, last = [event async for event in events]
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert isinstance(last, EndEvent)
    assert last.data.error.kind == "QueenClosed"
    assert "Traceback" not in said
    assert left(children) == []


def test_a_queen_who_is_told_to_end_lets_jobs_end(tmp_path: Path) -> None:
    """SIGTERM: what runs ends by itself, another job is refused with a time to come again, and then she ends with 0."""
    with serving(tmp_path) as (process, ready), Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
        job = queen.infer("x", model="sim:words?tokens=60&tokens_per_s=30", max_tokens=60)
        next(event for event in job if event.type == "token")
        process.terminate()
        read_until(process.stderr, "letting her jobs end")
        with pytest.raises(errors.QueenDraining) as caught:
            queen.infer("y", model="sim:echo")
        assert 1 <= caught.value.retry_after_s <= 30
        assert queen.sync.info().draining
        assert job.wait(20).usage.completion_tokens == 60
        assert process.wait(20) == 0


def test_of_eight_jobs_each_ends_once(tmp_path: Path) -> None:
    """SIGTERM: what can end in its time does, the rest is closed; readers see each log whole, with one end; then 0."""
    with serving(tmp_path, "--grace", "3") as (process, ready), busy(ready) as queen:
        long = [queen.infer(f"{number}", model=f"{LONG}&seed={number}", max_tokens=2000) for number in range(6)]
        for job in long:
            next(event for event in job if event.type == "token")
        short = [queen.infer("x", model="sim:words?tokens=30&tokens_per_s=20", max_tokens=30) for _ in range(2)]
        for job in short:
            next(event for event in job if event.type == "token")
        children = family(process)
        seen: dict[str, list[Any]] = {}
        readers = [threading.Thread(target=lambda job=job: seen.update({job.id: list(job)})) for job in (*short, *long)]
        for reader in readers:
            reader.start()
        process.terminate()
        assert process.wait(3 + 2 * SLACK) == 0
        for reader in readers:
            reader.join(20)
    assert left(children) == []
    for job in (*short, *long):
        assert [event.seq for event in seen[job.id]] == list(range(1, len(seen[job.id]) + 1))
        assert [event.type for event in seen[job.id]].count("end") == 1
    ends = {job.id: seen[job.id][-1].data for job in (*short, *long)}
    assert {ends[job.id].state for job in short} == {State.SUCCEEDED}
    assert {ends[job.id].error.kind for job in long} == {"QueenClosed"}


def test_jobs_have_no_longer_than_the_grace(tmp_path: Path) -> None:
    """Who takes longer fails with `queen_closed`, its reader is told, and she ends with 0, 2 s later at the latest."""
    with serving(tmp_path, "--grace", "1") as (process, ready), busy(ready) as queen:
        job = queen.infer("y", model=LONG, max_tokens=2000)
        process.terminate()
        began = time.monotonic()
        with pytest.raises(errors.QueenClosed):
            job.wait(20)
        assert process.wait(20) == 0
        assert 1.0 <= time.monotonic() - began < 1.0 + 2.0 * SLACK
    with serving(tmp_path) as (_, ready), Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
        record = queen.sync.jobs.get(job.id)
        assert (record.state, record.reason) == (State.FAILED, "queen_closed")


def test_she_ends_when_there_is_nothing_to_do(tmp_path: Path) -> None:
    """With `--idle-exit`, and not before: not while a job runs; she says why, and leaves nothing."""
    with serving(tmp_path, "--idle-exit", "1") as (process, ready):
        with Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
            job = queen.infer("x", model="sim:words?tokens=60&tokens_per_s=30", max_tokens=60)
        children = family(process)
        assert process.wait(20) == 0
        assert "nothing to do" in (process.stderr.read() if process.stderr else "")
        assert left(children) == []
    with Queen(tmp_path) as queen:
        assert queen.sync.jobs.get(job.id).state is State.SUCCEEDED


def test_while_jobs_end_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    """SIGTERM, and again: the process ends there and then, and its workers with it."""
    with serving(tmp_path) as (process, ready), busy(ready):
        children = family(process)
        process.terminate()
        read_until(process.stderr, "once more ends at once")
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert left(children) == []


def test_an_interrupt_cuts_short_what_jobs_have(tmp_path: Path) -> None:
    """SIGTERM, and then Ctrl-C: what has not ended is closed and its reader is told; she ends with 0."""
    with serving(tmp_path) as (process, ready), busy(ready) as queen:
        children = family(process)
        job = queen.infer("y", model=LONG, max_tokens=2000)
        process.terminate()
        read_until(process.stderr, "Ctrl-C cuts it short")
        process.send_signal(signal.SIGINT)
        with pytest.raises(errors.QueenClosed):
            job.wait(20)
        assert process.wait(20) == 0
    assert left(children) == []


def test_she_ends_with_whoever_holds_her_lifeline(tmp_path: Path) -> None:
    """`--lifeline`: the end of her standard input is hers, however it came; her jobs are closed and no process is left."""
    command = [*PROGRAM, "serve", "--json", "--lifeline"]
    with subprocess.Popen(
        command, env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        with busy(ready):
            children = family(process)  # type: ignore[arg-type]  # it is bytes that are said here
            process.stdin.close()
            assert process.wait(20) == 0
    assert left(children) == []


def test_a_second_signal_ends_her_at_once(tmp_path: Path) -> None:
    """Whoever does not want to wait for her to end her workers tells her twice; they end all the same."""
    with serving(tmp_path) as (process, ready), busy(ready):
        children = family(process)
        guardian = psutil.Process(process.pid).children()[0]
        guardian.suspend()  # so that ending takes long
        try:
            process.terminate()
            read_until(process.stderr, "once more ends at once")
            process.terminate()
            assert process.wait(20) == -signal.SIGTERM
        finally:
            with suppress(psutil.NoSuchProcess):  # a system may do that itself, when its parent is gone
                guardian.resume()
    assert left(children) == []


def test_text_is_to_be_pasted(tmp_path: Path) -> None:
    """Without `--json` it says how to reach her, from a shell by a line that works."""
    with started(tmp_path, "serve") as process:
        told = read_until(process.stdout, "in a shell:")
        line = told.partition("in a shell:")[2].replace("queenlib infer", "$PROGRAM infer")
        shell = f'PROGRAM="{sys.executable} -m queenlib"; {line.strip()} --model sim:echo'
        done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
        process.terminate()
    assert done.stdout == "Hello!\n", done.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """A port that somebody else has is an error in parts, and no line of JSON."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "serve", "--json", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {port}" in done.stderr
    assert "  next: " in done.stderr


def test_a_home_that_has_a_queen_is_told(tmp_path: Path) -> None:
    """A second one on a home ends with 1 and an error in parts, and no line of JSON; the first is not disturbed."""
    with (
        serving(tmp_path, "--grace", "0") as (process, ready),
        Queen.connect(ready["url"], token_file=ready["token_file"]) as queen,
    ):
        job = queen.infer("x", model=LONG, max_tokens=2000)
        next(event for event in job if event.type == "token")
        address = (tmp_path / "queen.json").read_bytes()
        for how in ([], ["--json"]):
            done = run(tmp_path, "serve", *how)
            assert (done.returncode, done.stdout) == (1, "")
            assert f"HomeTaken: Another queen has {tmp_path}." in done.stderr
            assert all(part in done.stderr for part in ("why: ", "state: She was not disturbed.", "next: Join her: "))
            assert "Traceback" not in done.stderr
        assert (tmp_path / "queen.json").read_bytes() == address
        assert queen.sync.jobs.get(job.id).state is State.RUNNING
        assert run(tmp_path, "infer", "--model", "sim:echo", "hello").stdout == "hello\n"  # who asks is her client
        assert job.id in [each.id for each in queen.sync.jobs.list().jobs]
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_her_home_is_free_when_she_is_gone(tmp_path: Path, number: signal.Signals) -> None:
    """Killed or told to end: the next one has the home at once, and all jobs."""
    with serving(tmp_path) as (process, ready):
        with Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
            job_id = queen.hives.list().id
        process.send_signal(number)
        process.wait(20)
        with serving(tmp_path) as (_, after), Queen.connect(after["url"], token_file=after["token_file"]) as queen:
            assert [each.id for each in queen.sync.jobs.list().jobs] == [job_id]


def test_a_wide_address_is_refused(tmp_path: Path) -> None:
    """She does not listen where other machines could reach her, unless told twice."""
    done = run(tmp_path, "serve", "--host", "0.0.0.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "can be reached by other machines" in done.stderr
