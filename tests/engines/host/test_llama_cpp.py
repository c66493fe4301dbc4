"""The worker of the real engine, as a program; what it answers is in `tests/engines/test_conformance.py`."""

from __future__ import annotations

from pathlib import Path

from tests.engines.bench import bench, real_spec


def test_loading_fails_in_words(tmp_path: Path) -> None:
    """A file that is no model is told as a failure of loading."""
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"GGUF" + b"\xff" * 1000)
    with bench(real_spec(junk)) as worker:
        assert [message["type"] for message in worker.messages] == ["loading", "failed"]
        assert "RuntimeError" in worker.messages[-1]["reason"]
        assert worker.process.wait() == 1


def test_slots_share_nothing(real_model_path: Path) -> None:
    """Each slot has all of the context that was asked for."""
    with bench(real_spec(real_model_path, context=256, slots=3)) as worker:
        assert worker.messages[-1]["context"] == 256
