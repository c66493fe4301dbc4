"""What a model keeps of each token, from its header."""

from pathlib import Path
from typing import Any

import pytest

from queenlib.models.cache_width import CacheWidth, cache_width
from queenlib.models.gguf import read_gguf
from tests.models.make_gguf import FACTS, make_gguf

LLAMA = {
    "llama.block_count": 30,
    "llama.embedding_length": 576,
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
}


@pytest.mark.parametrize(
    ("more", "width"),
    [
        ({}, (30 * 3 * 64, 30 * 3 * 64)),
        ({"llama.attention.head_count_kv": None}, (30 * 9 * 64, 30 * 9 * 64)),
        ({"llama.attention.head_count_kv": (3, 1, 0)}, (4 * 64, 4 * 64)),
        ({"llama.attention.key_length": 128, "llama.attention.value_length": 32}, (90 * 128, 90 * 32)),
    ],
)
def test_it_is_counted(more: dict[str, Any], width: tuple[int, int]) -> None:
    """Layers by heads by width; heads may differ by layer, and keys be wider than values."""
    assert cache_width("llama", {**LLAMA, **more}) == CacheWidth(*width)


@pytest.mark.parametrize(
    "more",
    [
        {"llama.block_count": None},
        {"llama.block_count": 2**40},
        {"llama.attention.head_count": 0},
        {"llama.embedding_length": "wide"},
        {"llama.attention.sliding_window": 4096},
        {"llama.ssm.state_size": 16},
        {"llama.attention.kv_lora_rank": 512},
    ],
)
def test_what_cannot_be_told_is_not_guessed(more: dict[str, Any]) -> None:
    """A header that says nothing or nonsense, and models that keep less than this counts."""
    assert cache_width("llama", {**LLAMA, **more}) is None


def test_size_follows_the_type() -> None:
    """Half precision takes two bytes a number; quantized ones take less."""
    width = CacheWidth(1024, 1024)
    assert width.size(10) == 10 * 2048 * 2
    assert width.size(10, "f32", "q8_0") == 10 * 1024 * 4 + 10 * 1024 * 34 // 32


def test_it_is_read_from_a_file(tmp_path: Path, real_model_path: Path) -> None:
    """The demo model's is known: 30 layers of 3 heads of 64; a made-up file's has a list."""
    assert read_gguf(real_model_path).cache == CacheWidth(5760, 5760)
    path = tmp_path / "m.gguf"
    path.write_bytes(make_gguf(facts={**FACTS, **LLAMA, "llama.attention.head_count_kv": [3, 1, 0]}))
    assert read_gguf(path).cache == CacheWidth(256, 256)
