"""`queenlib demo`: a real model answers, or it is said why not."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.program import read_until, run, started
from tests.conftest import CACHED_HOME


def test_a_real_model_answers(real_model_path: Path) -> None:
    """The real model's answer streams to standard output, its progress and a table of timings stand beside it."""
    assert real_model_path.is_relative_to(CACHED_HOME)
    with started(CACHED_HOME, "demo") as process:
        said = read_until(process.stderr, "ready after")
        assert process.stdout
        answer = process.stdout.read(1)  # it comes before the end
        assert process.poll() is None
        rest, table = process.communicate(timeout=60)
    assert process.returncode == 0, table
    assert len((answer + rest).split()) > 5
    assert "smollm2-135m is a plumbing demo" in said
    for row in ("hive, model and worker ready", "slot free", "first token", "last token", "the whole job"):
        assert row in table
    assert "command to first token" in table.splitlines()[-2]
    assert "Why do bees" not in answer + rest


def test_no_network_is_told(tmp_path: Path) -> None:
    """Without the model and without a network: a typed error in four parts, exit code 1, nothing on standard output."""
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    done = run(tmp_path, "demo", **nowhere)
    assert (done.returncode, done.stdout) == (1, "")
    parts = done.stderr[done.stderr.index("DownloadFailed: ") :].splitlines()
    assert [line.partition(":")[0] for line in parts] == ["DownloadFailed", "  why", "  state", "  next"]


def test_another_model_is_no_plumbing_demo(tmp_path: Path) -> None:
    """`--model` takes another model, and nothing is said about the demo model then."""
    done = run(tmp_path, "demo", "--model", "sim:echo?text=bees")
    assert (done.returncode, done.stdout) == (0, "bees\n")
    assert "plumbing" not in done.stderr
