"""llama.cpp on this machine, through `xllamacpp`: the queen's half. What runs in the worker is `host/llama_cpp.py`."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version

from queenlib.engines.connection import EngineConnection, Patience
from queenlib.engines.engine import Connection, Launch, LoadSpec
from queenlib.world import World

CHUNK_S = 0.125
"""How long one step of reading a prompt should take at most, in seconds. A cancel waits for two: that at work, and the next,
which the engine has begun when it notices that nobody listens. Shorter steps than these were no slower in all: measured."""
BYTE_TOKENS_PER_S = 11.6e9
"""Bytes of model times tokens of prompt that one thread reads in a second: measured, 118 tokens/s with 98 MB."""
CHUNK_MIN, CHUNK_MAX = 8, 512
PROMPT_CACHE_MIB = 256


def prompt_chunk(size: int, threads: int, *, gpu: bool) -> int:
    """Tokens of a prompt to read in one step, so that a step takes about `CHUNK_S` seconds at most.

    Args:
        size: The model's, in bytes.
        threads: Processor threads that compute.
        gpu: Whether a GPU computes: it reads the largest chunk fast enough.

    Returns:
        8 to 512 tokens. A large model on few threads may take longer for 8.
    """
    if gpu:
        return CHUNK_MAX
    fitting = int(BYTE_TOKENS_PER_S * threads * CHUNK_S / max(size, 1))
    return min(max(fitting, CHUNK_MIN), CHUNK_MAX)


class LlamaCpp:
    """llama.cpp's own HTTP service, one process for each worker."""

    name = "llama_cpp"

    def __init__(self, world: World, patience: Patience | None = None) -> None:
        self._world, self._patience = world, patience

    @property
    def build(self) -> str:
        """The version of its package; empty where it is not installed."""
        try:
            return version("xllamacpp")
        except PackageNotFoundError:
            return ""

    def available(self) -> str:
        """Empty if the engine is installed, else how to install it."""
        if importlib.util.find_spec("xllamacpp"):
            return ""
        return "The engine llama.cpp is not installed here: pip install 'queenlib[local]'"

    def launch(self, spec: LoadSpec, key: str) -> Launch:
        """How to start a worker that loads `spec` and answers only who knows `key`."""
        gpu = spec.device != "cpu" and spec.gpu_layers != 0
        given = {
            "prompt_chunk": prompt_chunk(spec.size, spec.threads, gpu=gpu),
            "prompt_cache_mib": PROMPT_CACHE_MIB,
            **spec.args.model_dump(exclude_none=True),
        }
        config = {
            "path": str(spec.path),
            "key": key,
            "context": spec.context,
            "slots": spec.slots,
            "threads": spec.threads,
            "device": spec.device,
            "gpu_layers": spec.gpu_layers,
            "args": given,
        }
        return Launch((sys.executable, "-P", "-m", "queenlib.engines.host.llama_cpp"), config)

    def connect(self, url: str, key: str, context: int, name: str) -> Connection:
        """A line to worker `name`, ready at `url` with `context` tokens a slot."""
        return EngineConnection(url, key, context, name, self._world, self._patience)
