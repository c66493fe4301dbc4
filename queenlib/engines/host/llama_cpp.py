"""The worker that runs llama.cpp's own server: `python -P -m queenlib.engines.host.llama_cpp`.

Its configuration is what `queenlib.engines.llama_cpp.LlamaCpp.launch` writes. The engine holds Python's lock while it
loads, so until then it is the kernel (on Linux) or the guardian that ends it with its parent.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from queenlib.engines.host import lifeline

SPARE_HTTP_THREADS = 4
"""Beyond one for each slot: for counting tokens and for asking what the slots do."""


def main() -> None:
    """Load the model, say that it is ready, and serve until the input ends."""
    config = lifeline.begin()
    output = lifeline.keep_output()
    lifeline.say({"type": "loading"}, to=output)
    started = time.monotonic()
    try:
        import xllamacpp

        server = xllamacpp.Server(_params(xllamacpp, config))
        url = str(server.listening_address)
        context = _context(url, config["key"])
        if config["args"].get("embeddings") is not None:
            context = min(context, config["context"])  # the engine rounds it up, and its steps not
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why this worker is not ready
        lifeline.fail(f"{type(error).__name__}: {error}", to=output)
    ready = {"type": "ready", "url": url, "context": context, "load_s": time.monotonic() - started}
    lifeline.say(ready, to=output)
    threading.Event().wait()
    os._exit(0)  # never reached; the server must outlive this line


def _params(engine: Any, config: dict[str, Any]) -> Any:
    params = engine.CommonParams()
    slots, args = config["slots"], config["args"]
    params.model.path = config["path"]
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [config["key"]]
    params.ui, params.cors_origins, params.endpoint_slots, params.endpoint_props = False, "", True, True
    params.n_threads_http = slots + SPARE_HTTP_THREADS
    params.n_ctx, params.n_parallel, params.kv_unified = config["context"] * slots, slots, False
    params.n_batch = params.n_ubatch = max(args["prompt_chunk"], slots)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config["threads"]
    params.cache_ram_mib = args["prompt_cache_mib"]
    if args.get("embeddings") is not None:
        _embed(engine, params, config["context"], args["embeddings"])
    _place(engine, params, config["device"], config["gpu_layers"])
    if args.get("flash_attention") is not None:
        wanted = "ENABLED" if args["flash_attention"] else "DISABLED"
        params.flash_attn_type = engine.llama_flash_attn_type[f"LLAMA_FLASH_ATTN_TYPE_{wanted}"]
    for name in ("cache_type_k", "cache_type_v"):
        if args.get(name) is not None:
            setattr(params, name, engine.ggml_type[f"GGML_TYPE_{args[name].upper()}"])
    return params


def _embed(engine: Any, params: Any, context: int, pooling: str) -> None:
    """Make vectors in place of answers: of a text in one step, whatever its length."""
    params.embedding = True
    params.n_batch = params.n_ubatch = context
    if pooling != "model":
        params.pooling_type = engine.llama_pooling_type[f"LLAMA_POOLING_TYPE_{pooling.upper()}"]


def _place(engine: Any, params: Any, device: str, gpu_layers: int) -> None:
    """On one device alone: `cpu`, or the GPU whose number follows the colon."""
    params.n_gpu_layers = 0 if device == "cpu" else gpu_layers
    params.fit_params = device != "cpu" and gpu_layers < 0  # as many layers as fit; it never touches the context
    _, _, number = device.partition(":")
    if number:
        params.main_gpu = int(number)
        params.split_mode = engine.llama_split_mode.LLAMA_SPLIT_MODE_NONE


def _context(url: str, key: str) -> int:
    """Tokens in one slot, as the engine gives them: never more than the model was made for."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    line.request("GET", "/slots", headers={"Authorization": f"Bearer {key}"})
    slots = json.loads(line.getresponse().read())
    line.close()
    return min(int(slot["n_ctx"]) for slot in slots)


if __name__ == "__main__":
    main()
