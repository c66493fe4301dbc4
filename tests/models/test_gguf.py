"""The reader of GGUF headers."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from queenlib.errors import ModelFileError
from queenlib.models.gguf import GgufInfo, read_gguf
from tests.models.make_gguf import FACTS, make_gguf, pair, tensor, text

WHOLE = make_gguf()
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "it.gguf"


def built(pairs: list[bytes], tensors: list[bytes], data: int = 0, version: int = 3) -> bytes:
    """A file of these parts, with so many bytes of data."""
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    return header + bytes(-len(header) % 32) + bytes(data)


def refusal(path: Path) -> ModelFileError | None:
    """The error of a file that is refused."""
    try:
        read_gguf(path)
    except ModelFileError as error:
        return error
    return None


NAMED = pair("general.architecture", "llama")


@pytest.mark.parametrize("version", [2, 3])
def test_tells_what_is_in_it(file: Path, version: int) -> None:
    """A whole file is described."""
    file.write_bytes(make_gguf(version=version))
    assert read_gguf(file) == GgufInfo(version, 1, "llama", 128, 64, 32)


def test_context_may_be_unsaid(file: Path) -> None:
    """A model that does not say its context has none, and another alignment is used where it is given."""
    file.write_bytes(built([NAMED, pair("general.alignment", 64)], []) + bytes(32))
    info = read_gguf(file)
    assert (info.context_length, info.alignment, info.parameters) == (None, 64, 0)


@pytest.mark.parametrize(("pooling", "pools"), [(None, False), (0, False), (1, True), (2, True)])
def test_tells_whether_it_makes_one_vector_of_a_text(file: Path, pooling: int | None, pools: bool) -> None:
    """A model for vectors says how; another says nothing, or that it does not."""
    facts = FACTS if pooling is None else {**FACTS, "llama.pooling_type": pooling}
    file.write_bytes(make_gguf(facts=facts))
    assert read_gguf(file).pools is pools


@pytest.mark.parametrize("kept", [*range(0, len(WHOLE), 7), len(WHOLE) - 1])
def test_cut_off_anywhere(file: Path, kept: int) -> None:
    """A file that is cut off is refused wherever the cut is, with the field named."""
    file.write_bytes(WHOLE[:kept])
    with pytest.raises(ModelFileError, match=f"no whole GGUF file \\({kept:,} bytes\\)") as caught:
        read_gguf(file)
    assert ":" in caught.value.why


@SAME_FOLDER
@given(data=st.binary(max_size=400), prefix=st.sampled_from([b"", b"GGUF", b"GGUF\x03\0\0\0", WHOLE[:24], WHOLE[:60]]))
@example(data=struct.pack("<QQ", 2**63, 2**63), prefix=b"GGUF\x03\0\0\0")
def test_random_bytes(file: Path, data: bytes, prefix: bytes) -> None:
    """Whatever the bytes are, they are described or refused with our error."""
    file.write_bytes(prefix + data)
    error = refusal(file)
    assert error is None or str(error).isprintable()


@SAME_FOLDER
@given(at=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255))
def test_one_wrong_byte(file: Path, at: int, value: int) -> None:
    """One changed byte never leads to anything but a description or our error."""
    file.write_bytes(WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :])
    error = refusal(file)
    assert error is None or error.why


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"PK\x03\x04" + bytes(60), "magic"),
        (built([NAMED], [], version=1), "version"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(60), "version"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0) + bytes(60), "tensor_count"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63) + bytes(60), "metadata_kv_count"),
        (built([], []), "general.architecture"),
        (built([pair("general.architecture", "\x1b[2J")], []), "general.architecture"),
        (built([NAMED, NAMED], []), "there twice"),
        (built([NAMED, struct.pack("<Q", 2**63)], []), "key 1"),
        (built([NAMED, text("k") + struct.pack("<I", 99)], []), "type of 'k'"),
        (built([NAMED, text("k") + struct.pack("<IB", 7, 2)], []), "neither true nor false"),
        (built([NAMED, text("k") + struct.pack("<IIQ", 9, 9, 1)], []), "element type of 'k'"),
        (built([NAMED, text("k") + struct.pack("<IIQ", 9, 8, 2**62)], []), "length of 'k'"),
        (built([NAMED, text("k") + struct.pack("<IIQ", 9, 4, 2**62)], []), "'k'"),
        (built([NAMED, text("k") + struct.pack("<IQ", 8, 2**64 - 1)], []), "'k'"),
        (built([NAMED, pair("general.alignment", 33)], []), "general.alignment"),
        (built([NAMED], [tensor("t", [], 0, 0)]), "dimensions of tensor 0"),
        (built([NAMED], [tensor("t", [1] * 5, 0, 0)]), "dimensions of tensor 0"),
        (built([NAMED], [tensor("t", [2**62, 2**62], 0, 0)], 64), "data of tensor 0"),
        (built([NAMED], [tensor("t", [8], 0, 16)], 64), "offset of tensor 0"),
        (built([NAMED], [tensor("t", [8], 0, 2**40)], 64), "data of tensor 0"),
        (built([NAMED], [tensor("t", [33], 2, 0)], 64), "shape of tensor 0"),
        (built([NAMED], [tensor("t", [10_000], 77, 0)], 64), "data of tensor 0"),
        (built([NAMED], [tensor("a", [16], 0, 0), tensor("b", [8], 0, 32)], 64), "inside the tensor before it"),
    ],
)  # fmt: skip
def test_malformed_is_refused_by_name(file: Path, content: bytes, field: str) -> None:
    """What is malformed is refused, and the field is named."""
    file.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_gguf(file)
    assert field in caught.value.why


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is refused in four parts."""
    with pytest.raises(ModelFileError, match="cannot be read") as caught:
        read_gguf(tmp_path / "none.gguf")
    assert caught.value.why
    assert caught.value.state
    assert caught.value.next


def test_a_folder_is_called_one(tmp_path: Path) -> None:
    """It was neither moved nor is it somebody else's: what is wanted is a file in it."""
    with pytest.raises(ModelFileError, match="is a folder") as caught:
        read_gguf(tmp_path)
    assert ".gguf" in caught.value.why
    assert "moved" not in str(caught.value)


def test_long_texts_are_passed_over(file: Path) -> None:
    """Texts and lists larger than the reader's window are passed over, and what is behind them is read."""
    long = {"a": "x" * 3_000_000, "b": ["y" * 10_000] * 300, "c": [7] * 500_000, "d": "behind"}
    file.write_bytes(make_gguf(facts={**long, **FACTS}))
    assert read_gguf(file).context_length == 128


def test_real_model_passes(real_model_path: Path) -> None:
    """The real model's header is read."""
    info = read_gguf(real_model_path)
    assert (info.architecture, info.context_length, info.tensor_count, info.parameters) == ("llama", 8192, 272, 134_515_008)
