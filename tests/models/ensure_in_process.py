"""Brings a model in a process of its own: `python -m tests.models.ensure_in_process HOME NAME`; prints its path last."""

from __future__ import annotations

import asyncio
import sys

from queenlib.home import Home
from queenlib.models.catalog import ModelCatalog, ModelFile
from queenlib.world import World


async def main(home: str, name: str) -> None:
    """Bring it."""
    async for step in ModelCatalog(Home.open(home), World()).ensure(name):
        sys.stdout.write(f"{step.path if isinstance(step, ModelFile) else step}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
