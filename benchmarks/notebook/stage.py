"""A notebook's kernel with a queen, driven like a front end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.client.outliving import ended
from tests.flow.kernels import DEADLINE_S, SEEN, Kernel, kernel

BEGIN = """
import asyncio, time
from IPython.display import Markdown, display
from queenlib import Queen, default_queen, jobs
queen = default_queen()
def ask(tokens, per_s, **more):
    return queen.infer("x", model=f"sim:words?tokens={tokens}&tokens_per_s={per_s}", max_tokens=tokens, **more)
await ask(1, 1e9)
None
"""
Message = dict[str, Any]


class Stage:
    """A notebook that somebody sits before."""

    def __init__(self, made: Kernel) -> None:
        self.kernel = made

    def run(self, code: str, heard: Callable[[Message, float], None] = lambda _message, _at: None) -> float:
        """Run a cell to its end; seconds until its answer is there.

        Args:
            code: The cell.
            heard: Told each message of it, and the seconds since the cell was sent.

        Raises:
            AssertionError: It failed.
        """
        began = time.perf_counter()
        hear = lambda message: heard(message, time.perf_counter() - began)  # noqa: E731
        reply = self.kernel.client.execute_interactive(code, timeout=DEADLINE_S, output_hook=hear)
        took = time.perf_counter() - began
        assert reply["content"]["status"] == "ok", reply["content"]
        return took

    def printed(self, code: str) -> str:
        """What a cell prints."""
        said: list[str] = []
        self.run(code, lambda message, _at: said.append(message["content"].get("text", "")))
        return "".join(said).strip()


@contextmanager
def stage(home: Path, queen: str = "background") -> Iterator[Stage]:
    """A kernel on a home; it and its queen are ended in the end.

    Args:
        home: The home.
        queen: `background`, or `embedded`: on a thread of the kernel's.
    """
    with ended(home), kernel(home, QUEENLIB_DISPLAY="live", QUEENLIB_QUEEN=queen, **SEEN) as made:
        here = Stage(made)
        here.run(BEGIN)
        yield here
