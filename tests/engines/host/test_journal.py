"""The journal of simulated workers: whole lines from several processes at once, and never a prompt."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib import Queen
from queenlib.engines.host.journal import DIGITS, Journal, digest
from queenlib.errors import PromptTooLong
from queenlib.home import Home
from queenlib.messages.state import State

LONG_S = 20.0
"""No test waits for so long."""
WRITERS, LINES = 4, 400
SECRET = "what nobody else is to read"

WRITER = """
import sys
from queenlib.engines.host.journal import Journal
journal = Journal(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
for n in range(int(sys.argv[2])):
    journal.note("start", [{"role": "user", "content": f"{n} " + "long " * 1000}])
"""
"""Notes many requests as soon as its input ends."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the queen whose workers these are."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def queen(home: Path) -> Iterator[Queen]:
    """A queen whose simulated workers keep a journal."""
    with Queen(home) as made:
        yield made


def asked(content: Any) -> list[dict[str, Any]]:
    """The messages of a request."""
    return [{"role": "system", "content": "be brief"}, {"role": "user", "content": content}]


def noted(path: Path) -> list[dict[str, Any]]:
    """All lines of a journal."""
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def noted_of(home: Path, prompt: str, count: int) -> list[dict[str, Any]]:
    """What is noted of a prompt, as soon as there are so many lines; a worker writes the last when the answer has gone."""
    path, end = Home.open(home).journal, time.monotonic() + LONG_S
    while True:
        found = [line for line in noted(path) if line["prompt"] == digest(prompt)] if path.exists() else []
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.01)


def test_a_line_says_when_who_what_and_of_which_prompt(tmp_path: Path) -> None:
    """Four things and no more; the file is its owner's alone."""
    path = tmp_path / "journal.jsonl"
    before = time.time()
    Journal(str(path)).note("start", asked(SECRET))
    (line,) = noted(path)
    assert before <= line.pop("at") <= time.time()
    assert line == {"pid": os.getpid(), "what": "start", "prompt": digest(SECRET)}
    assert SECRET not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_of_several_processes_are_whole(tmp_path: Path) -> None:
    """Workers that write at the same time do not write into each other's lines, and lose none."""
    path = tmp_path / "journal.jsonl"
    command = [sys.executable, "-c", WRITER, str(path), str(LINES)]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(WRITERS)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    for writer in writers:
        with writer:
            assert writer.wait(LONG_S) == 0
    lines = noted(path)
    assert Counter(line["pid"] for line in lines) == {writer.pid: LINES for writer in writers}
    assert Counter(Counter(line["prompt"] for line in lines).values()) == {WRITERS: LINES}
    assert all(set(line) == {"at", "pid", "what", "prompt"} for line in lines)


def test_without_a_path_nothing_is_written() -> None:
    """No file is opened."""
    before = [file.path for file in psutil.Process().open_files()]
    Journal(None).note("start", asked("x"))
    assert [file.path for file in psutil.Process().open_files()] == before


def test_what_is_there_stays(tmp_path: Path) -> None:
    """A worker that begins adds to the journal of those before it."""
    path = tmp_path / "journal.jsonl"
    for what in ("start", "left", "end"):
        Journal(str(path)).note(what, asked("x"))
    assert [line["what"] for line in noted(path)] == ["start", "left", "end"]


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ([], ""),
        (asked("x"), "x"),
        (asked(""), ""),
        (asked("a\nb\u2028c\x00\U0001f41d"), "a\nb\u2028c\x00\U0001f41d"),
        (asked("\ud800"), "\ud800"),
    ],
)
def test_a_request_is_named_by_its_last_message(tmp_path: Path, messages: list[dict[str, Any]], prompt: str) -> None:
    """Whatever is in it: its line is one line."""
    path = tmp_path / "journal.jsonl"
    Journal(str(path)).note("start", messages)
    ((line,),) = [noted(path)]
    assert line["prompt"] == digest(prompt)
    assert path.read_bytes().count(b"\n") == 1


def test_a_name_is_the_same_for_ever() -> None:
    """In another process and in another version: it begins the SHA-256 of the text."""
    assert digest("") == "e3b0c44298fc1c14"
    assert digest("Hello") == hashlib.sha256(b"Hello").hexdigest()[:DIGITS] == "185f8db32271fe25"


@given(st.text(st.characters()), st.text(st.characters()))
def test_other_prompts_have_other_names(one: str, other: str) -> None:
    """Any text has one, also one with halves of surrogate pairs."""
    assert (digest(one) == digest(other)) == (one == other)
    assert len(digest(one)) == DIGITS
    assert set(digest(one)) <= set("0123456789abcdef")


def test_a_finished_request_has_a_start_and_an_end(queen: Queen, home: Path) -> None:
    """Both by the worker that answered, in this order; what was asked and what was answered is not in the journal."""
    prompt = f"{SECRET}: finished"
    job = queen.infer(prompt, model="sim:echo?tokens_per_s=1000", system=f"{SECRET}: system")
    assert job.wait().text == prompt
    start, end = noted_of(home, prompt, 2)
    assert (start["what"], end["what"]) == ("start", "end")
    assert start["pid"] == end["pid"] != os.getpid()
    assert start["at"] <= end["at"]
    assert SECRET not in Home.open(home).journal.read_text()


def test_a_cancelled_request_has_a_start_and_was_left(queen: Queen, home: Path) -> None:
    """The worker sees that nobody listens any more: when the job has ended, it has stopped."""
    prompt = f"{SECRET}: cancelled"
    job = queen.infer(prompt, model="sim:words?tokens=3000&tokens_per_s=20", max_tokens=3000)
    for event in job:
        if event.type == "token":
            break
    assert queen.sync.jobs.cancel(job.id).state is State.CANCELLED
    assert [line["what"] for line in noted_of(home, prompt, 2)] == ["start", "left"]
    assert SECRET not in Home.open(home).journal.read_text()


def test_each_of_many_requests_is_noted_once(queen: Queen, home: Path) -> None:
    """Also of a private one, of which nothing else is written down."""
    prompts = [f"{SECRET}: number {n}" for n in range(8)]
    model = "sim:words?tokens=5&tokens_per_s=1000"
    jobs = [queen.infer(prompt, model=model, private=n % 2 == 0) for n, prompt in enumerate(prompts)]
    for job in jobs:
        job.wait()
    for prompt in prompts:
        assert [line["what"] for line in noted_of(home, prompt, 2)] == ["start", "end"]
    assert SECRET not in Home.open(home).journal.read_text()


def test_a_request_that_is_refused_is_not_noted(queen: Queen, home: Path) -> None:
    """`start` says that an answer has begun: one that was too long for the model had none."""
    prompt = "word " * 200_000
    job = queen.infer(prompt, model="sim:words")
    with pytest.raises(PromptTooLong):
        job.wait()
    assert noted_of(home, prompt, 0) == []
