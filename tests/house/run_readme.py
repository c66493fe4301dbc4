"""Runs Python as a notebook would: one block after another in one namespace, `await` allowed at the top.

A program of its own, so that what it runs meets a fresh process: `python run_readme.py FILE`, a JSON list of blocks.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import sys
from pathlib import Path


async def run(blocks: list[str]) -> None:
    """Run the blocks."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(blocks, start=1):
        code = compile(block, f"README block {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        outcome = eval(code, namespace)
        if inspect.iscoroutine(outcome):
            await outcome


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text())))
