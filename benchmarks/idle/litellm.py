"""The peer: LiteLLM's proxy with one model that it never reaches, in an environment of its own."""

from __future__ import annotations

import os
import secrets
import socket
import time
import urllib.request
from pathlib import Path

from benchmarks.idle.program import idle_bytes as bytes_of
from benchmarks.idle.program import program
from benchmarks.peers import environment

READY_S = 120.0
"""How long it may take to answer, in seconds."""
CONFIG = """
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_base: "http://127.0.0.1:9/v1", api_key: none}
"""


def idle_bytes(folder: Path) -> int:
    """Bytes of memory that it has for itself alone."""
    (config := folder / "litellm.yaml").write_text(CONFIG)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    around = {  # nothing of ours, and nothing fetched
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(24)}",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    litellm = str(environment("peers") / "bin" / "litellm")
    command = [litellm, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    log = folder / "litellm.log"
    with program(command, around, log) as process:
        until = time.monotonic() + READY_S
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        return bytes_of(process)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
