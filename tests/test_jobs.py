"""The short form: `from queenlib import jobs`, as somebody types it into a fresh program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.program import DEADLINE_S, environment

STORY = """
import asyncio, json
from queenlib import jobs

async def main():
    job = await jobs.create({"operation": "infer", "prompt": "x", "model": "sim:echo?text=one%0atwo"})
    told = {"id": job.id, "events": "", "types": []}
    async for event in jobs.stream(job.id):
        told["events"] += str(event)
        told["types"].append(event.type)
    told["lines"] = [line async for line in jobs.stream(job.id, lines=True)]
    told["later"] = [event.seq async for event in jobs.stream(job.id, after=3)]
    told["attached"] = (await jobs.attach(job.id)).text
    told["result"] = (await jobs.result(job.id)).text
    told["state"] = (await jobs.get(job.id)).state
    long = await jobs.create({"operation": "infer", "prompt": "x", "model": "sim:words?tokens=9000&tokens_per_s=10"})
    told["cancelled"] = (await jobs.cancel(long.id)).state
    waits = await jobs.create({"operation": "hive_list"}, start="on_stream")
    told["waits"] = (await jobs.get(waits.id)).state
    told["starts"] = [event.type async for event in jobs.stream(waits.id)]
    told["hives"] = [hive.id for hive in (await jobs.result(waits.id)).hives]
    told["listed"] = [record.id for record in (await jobs.list()).jobs] == [waits.id, long.id, job.id]
    frame = await jobs.frame()
    told["frame"] = sorted(frame["operation"])
    told["reads"] = len(await jobs.frame(reads=True))
    print(json.dumps(told))

asyncio.run(main())
"""

BREAKS_OFF = """
import asyncio
from queenlib import jobs

async def main():
    job = await jobs.create({"operation": "infer", "prompt": "x", "model": "sim:words?tokens=9000&tokens_per_s=10"})
    async for event in jobs.stream(job.id):
        if event.type == "token":
            raise SystemExit(7)

asyncio.run(main())
"""


def fresh(program: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, where a warning is an error."""
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_a_program_uses_all_of_it(tmp_path: Path) -> None:
    """Every verb works in a fresh program, which then ends by itself: exit code 0, and nothing on standard error."""
    done = fresh(STORY, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["id"].startswith("job-")
    assert "one\ntwo" in told["events"]
    assert (told["types"][0], told["types"][-1]) == ("state", "end")
    assert {"one", "two"} <= {line.rstrip("\n") for line in told["lines"]}
    assert told["later"] == list(range(4, len(told["types"]) + 1))
    assert told["attached"] == told["result"] == "one\ntwo"
    assert (told["state"], told["cancelled"], told["waits"]) == ("succeeded", "cancelled", "queued")
    assert told["starts"][-1] == "end"
    assert told["hives"] == ["local"]
    assert told["listed"]
    assert told["frame"] == ["infer", "infer"]
    assert told["reads"] == 3


def test_a_program_that_breaks_off_ends(tmp_path: Path) -> None:
    """A program that ends in the middle of a job ends, with its own error and no other."""
    done = fresh(BREAKS_OFF, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
