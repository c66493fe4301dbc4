"""One way to ask a model about each row of a table: a whole script, and the engine that it asks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.idle.queen import serving
from benchmarks.peers import environment
from queenlib import Queen
from queenlib.home import Home
from tests.engines.bench import KEY, bench, sim_spec

SLOTS = 8
SCRIPTS = Path(__file__).parent / "ways"
BARE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
LIMIT_S = 120.0
"""How long a script may run."""


@dataclass(frozen=True)
class Served:
    """An engine of 8 slots that runs."""

    around: Mapping[str, str]
    """What a script finds it by: variables of its environment."""
    journal: Path
    kill: Callable[[], None]
    """Kill what of the way is no script and no engine."""


Serving = Callable[[Path, str], AbstractContextManager[Served]]
"""In a folder, a simulated model; begun again in the same one, what it keeps is there."""


@dataclass(frozen=True)
class Way:
    """A script, and what it needs."""

    name: str
    script: str
    serving: Serving
    lock: str = ""
    """The environment that it runs in, by its lock; empty for that of queenlib."""

    def lines(self) -> int:
        """Lines with code: all of the script but its docstring, comments and what is blank."""
        source = (SCRIPTS / self.script).read_text()
        found: set[int] = set()
        for each in tokenize.generate_tokens(io.StringIO(source).readline):
            if each.type not in BARE:
                found |= set(range(each.start[0], each.end[0] + 1))
        return len(found) - 1

    def python(self) -> str:
        """The Python that it runs with, installed if it is not there."""
        return str(environment(self.lock) / "bin" / "python") if self.lock else sys.executable

    @contextmanager
    def running(self, folder: Path, served: Served) -> Iterator[subprocess.Popen[bytes]]:
        """The script in a process, with `reviews.csv` in its folder; killed in the end."""
        around = {"PATH": os.environ["PATH"], "HOME": str(folder), **served.around}
        with (folder / "script.log").open("ab") as said:
            made = subprocess.Popen(
                [self.python(), str(SCRIPTS / self.script)], cwd=folder, env=around, stdout=said, stderr=subprocess.STDOUT
            )
            try:
                yield made
            finally:
                made.kill()
                made.wait()

    def run(self, folder: Path, served: Served) -> None:
        """Run the script to its end."""
        with self.running(folder, served) as script:
            assert script.wait(LIMIT_S) == 0, (folder / "script.log").read_text()


@contextmanager
def openai(folder: Path, model: str) -> Iterator[Served]:
    """The engine by itself, over its own HTTP; whatever a library counts tokens and costs by, it has here already."""
    journal = folder / "journal"
    with bench(sim_spec(model, context=4096, slots=SLOTS), journal) as worker:
        around = {
            "OPENAI_BASE_URL": f"{worker.messages[-1]['url']}/v1",
            "OPENAI_API_KEY": KEY,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "TELEMETRY_ENABLED": "false",
        }
        yield Served(around, journal, lambda: None)


@contextmanager
def curated(folder: Path, model: str) -> Iterator[Served]:
    """The same, for a library that fetches how tokens are counted unless somebody says that it is there."""
    (counts,) = environment("curator").glob("lib/python*/site-packages/litellm/litellm_core_utils/tokenizers")
    with openai(folder, model) as served:
        yield Served({**served.around, "TIKTOKEN_CACHE_DIR": str(counts)}, served.journal, served.kill)


@contextmanager
def reigned(folder: Path, model: str) -> Iterator[Served]:
    """The same engine with a queen before it, in a process of her own, who is killed too."""
    home = folder / "home"
    with serving(folder, QUEENLIB_MODEL=model) as (queen, _):
        with Queen(home) as client:
            client.workers.spawn(model, slots=SLOTS, context=4096).wait()
        around = {"QUEENLIB_HOME": str(home), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}

        def kill() -> None:
            queen.kill()
            queen.wait()

        yield Served(around, Home(home).journal, kill)
