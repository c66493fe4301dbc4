"""How soon after an interrupt the prompt can be used, whatever the cell waits for, and what becomes of the job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from benchmarks.notebook.stage import Message, Stage, stage
from tests.flow.kernels import DEADLINE_S

USUAL_MS, LONGEST_MS = 200, 1000
WAITS_S = 0.5
"""From a cell's start to its interrupt: by then its job speaks."""
MANY = 8


@dataclass(frozen=True)
class Wait:
    """A way to wait for jobs."""

    code: str
    """A cell that waits for `waited`, a list of jobs."""
    fate: frozenset[str] = frozenset({"cancelled"})
    """The states in which they may be afterwards."""
    said: str = "cancelled"
    """How the one line names that."""


LONG = "2000, 50"
WAITS = {
    "await": Wait(f"waited = [ask({LONG})]\nawait waited[0]"),
    ".wait()": Wait(f"waited = [ask({LONG})]\nwaited[0].wait()"),
    "for": Wait(f"waited = [ask({LONG})]\nfor event in waited[0]: pass"),
    "%%infer": Wait(
        "get_ipython().run_line_magic('load_ext', 'queenlib')\nwaited = []\n"
        "get_ipython().run_cell_magic('infer', '-m \"sim:words?tokens=2000&tokens_per_s=50\" -o answer -n 2000', 'x')"
    ),
    f"{MANY} that go on": Wait(
        f"waited = [ask({LONG}, on_interrupt='detach') for _ in range({MANY})]\nawait asyncio.gather(*waited)",
        frozenset({"queued", "waiting", "running"}),
        "go on",
    ),
}
STATES = "waited = waited or [answer]\nfor job in waited: print((await job.refresh()).state)"
OVER = "for job in waited: await job.cancel()"


def figures(folder: Path, *, times: int = 8) -> Iterator[Figure]:
    """Each way to wait, so many times; an interrupt that is not kept to, or said wrongly, is an error.

    Raises:
        AssertionError: A job had another fate than it should, or another than was printed.
    """
    longest = 0.0
    with stage(folder / "home") as made:
        for name, wait in WAITS.items():
            took = [interrupted_s(made, wait) for _ in range(times)]
            longest = max(longest, *took)
            yield Figure(f"interrupt to prompt, {name}, p50 of {times}", 1000 * median(took), "ms", USUAL_MS, most=True)
    yield Figure(f"interrupt to prompt, longest of {times * len(WAITS)}", 1000 * longest, "ms", LONGEST_MS, most=True)


def interrupted_s(made: Stage, wait: Wait) -> float:
    """Seconds from the interrupt of a cell that waits until the cell after it is done."""
    cell = made.kernel.begin(wait.code)
    time.sleep(WAITS_S)
    began = time.perf_counter()
    made.kernel.interrupt()
    ended, said = made.kernel.outcome(cell), _said(made, cell)
    made.run("")
    took = time.perf_counter() - began
    assert ended in ("KeyboardInterrupt", "CancelledError"), ended
    assert wait.said in said, (wait, said)
    assert set(made.printed(STATES).split()) <= wait.fate, wait
    made.run(OVER)
    return took


def _said(made: Stage, cell: str) -> str:
    """What a cell has printed when all of it has come."""
    said: list[str] = []
    while True:
        message: Message = made.kernel.client.get_iopub_msg(timeout=DEADLINE_S)
        if message["parent_header"].get("msg_id") != cell:
            continue
        said.append(message["content"].get("text", "") if message["msg_type"] == "stream" else "")
        if message["content"].get("execution_state") == "idle":
            return "".join(said)
