"""What differs from run to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queenlib.display.stable import nameless
from queenlib.world import World
from tests.display.notebook import notebook

MAKE = """
from queenlib import default_queen, jobs
queen = default_queen()
%load_ext queenlib
queen.infer("x", model="sim:words?tokens=9&tokens_per_s=200").wait()
job = queen.infer("x", model="sim:words?crash_at_token=3")
talk = queen.chat()
async for event in job: pass
"""
CODES = ["await jobs.list()", "await queen.hives.list()", "found = await queen.workers.list()\nfound", "queen.watch()"]
CODES += ["%jobs", "%hives", "print(job, [job], repr(talk))", "job", "talk"]


def test_ids_that_were_made_up_have_no_rest() -> None:
    """Those of jobs, workers and chats; names that people gave stay as they are."""
    made = [World().new_id(kind) for kind in ("job", "worker", "chat")]
    assert nameless(" ".join(made)) == "job-… worker-… chat-…"
    assert nameless("worker-by-hand, chat-bees, job-1") == "worker-by-hand, chat-bees, job-1"


def test_two_runs_show_the_same(tmp_path: Path) -> None:
    """Lists of jobs, hives and workers, the tables of a queen, and the lines that stand for a job or a chat."""
    runs = list[list[list[dict[str, Any]]]]()
    for home in (tmp_path / "a", tmp_path / "b"):
        home.mkdir()
        with notebook(home, "static", QUEENLIB_STABLE="1") as made:
            made.run(MAKE)
            runs.append([made.run(code) for code in CODES])
    assert runs[0] == runs[1]
    said = [each[0]["text/plain"] for each in runs[0]]
    assert said[0] == "2 jobs, newest first\njob    operation  state\njob-…  infer      failed\njob-…  infer      succeeded"
    assert "worker-…  failed" in said[2]
    assert said[6] == "<Job: infer, failed> [<Job: infer, failed>] <Chat chat-…: 0 turns>\n"
