"""Workers on a bench: real processes of both engines, and what was said by them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from queenlib.engines.connection import Patience
from queenlib.engines.engine import Connection, Engine, Finished, Generation, LoadSpec
from queenlib.engines.llama_cpp import LlamaCpp
from queenlib.engines.simulated import Simulated
from queenlib.messages.events import Progress, Token
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.messages.worker import EngineArgs
from queenlib.world import World

KEY = "a key for tests"
WORLD = World()
ENGINES: dict[str, type[LlamaCpp | Simulated]] = {"llama_cpp": LlamaCpp, "simulated": Simulated}


@dataclass
class Bench:
    """A worker's process that said what it said, and is ready if it said so."""

    engine: Engine
    process: subprocess.Popen[bytes]
    messages: list[dict[str, Any]]

    def connect(self, *, key: str = KEY, patience: Patience | None = None) -> Connection:
        """A line to it."""
        ready = self.messages[-1]
        made = ENGINES[self.engine.name](WORLD, patience)
        return made.connect(ready["url"], key, ready["context"], "w")


@dataclass
class Answered:
    """All that one generation yielded."""

    tokens: list[Token] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer."""
        return "".join(token.text for token in self.tokens if token.channel == "content")

    @property
    def end(self) -> Finished:
        """How it ended."""
        (finished,) = self.finished
        return finished

    def add(self, item: Token | Progress | Finished) -> None:
        """Keep an item."""
        kept: dict[type, list[Any]] = {Token: self.tokens, Progress: self.progress, Finished: self.finished}
        kept[type(item)].append(item)


def generation(prompt: str, **sampling: Any) -> Generation:
    """A question, and how to answer it."""
    return Generation((ChatMessage(role="user", content=prompt),), Sampling(**sampling))


async def ask(connection: Connection, prompt: str, *, slot: int = 0, **sampling: Any) -> Answered:
    """Ask and wait for the whole answer."""
    answered = Answered()
    async for item in connection.generate(generation(prompt, **sampling), slot):
        answered.add(item)
    return answered


def sim_spec(model: str, *, context: int = 1024, slots: int = 2, args: EngineArgs | None = None) -> LoadSpec:
    """What a simulated worker loads."""
    return LoadSpec(model, None, 0, "cpu", context, slots, 1, 0, args or EngineArgs())


def real_spec(path: Path, *, context: int = 1024, slots: int = 2, args: EngineArgs | None = None) -> LoadSpec:
    """What a real worker loads, with one thread."""
    return LoadSpec("smollm2-135m", path, path.stat().st_size, "cpu", context, slots, 1, 0, args or EngineArgs())


@contextmanager
def bench(spec: LoadSpec, journal: Path | None = None) -> Iterator[Bench]:
    """A worker for `spec`, as soon as it is ready or has ended; a simulated one writes down what it is asked."""
    engine: Engine = LlamaCpp(WORLD) if spec.path else Simulated(WORLD, journal=journal)
    launch = engine.launch(spec, KEY)
    process = subprocess.Popen(launch.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(dict(launch.config)).encode() + b"\n")
        process.stdin.flush()
        messages: list[dict[str, Any]] = []
        while (not messages or messages[-1]["type"] != "ready") and (line := process.stdout.readline()):
            messages.append(json.loads(line))
        yield Bench(engine, process, messages)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
