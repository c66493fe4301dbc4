"""How a process ended."""

from __future__ import annotations

import pytest

from queenlib.hives.exits import Exit


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (Exit.of(3), "exit code 3"),
        (Exit.of(-11), "killed by SIGSEGV"),
        (Exit.of(-9), "memory"),
        (Exit(None, "SIGKILL", note="its guardian ended"), "its guardian ended"),
    ],
)
def test_ends_in_words(end: Exit, told: str) -> None:
    """An end is told by its exit code, its signal, or by what is known better."""
    assert told in end.describe()


@pytest.mark.parametrize(
    ("end", "short"),
    [
        (Exit(None, "SIGKILL"), True),
        (Exit(None, "SIGKILL", note="its guardian ended"), False),
        (Exit(None, "SIGABRT", ("terminate called after throwing an instance of 'std::bad_alloc'",)), True),
        (Exit(1, None, ("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 9", "end")), True),
        (Exit(1, None, ("cudaMalloc failed: out of memory",)), True),
        (Exit(1, None, ("ErrorOutOfDeviceMemory",)), True),
        (Exit(None, "SIGSEGV", ("allocated 5 MB of memory",)), False),
    ],
)
def test_lack_of_memory_is_recognized(end: Exit, short: bool) -> None:
    """By the engine's words, or by the way the system kills; then the error says what takes less of it."""
    error = end.error("w", "while it loaded")
    assert (end.out_of_memory, error.out_of_memory) == (short, short)
    assert ("context=" in error.next) == short
    assert "workers.get('w')" in error.next


def test_error_carries_the_end() -> None:
    """The error has four parts, the way it ended, and the last lines."""
    error = Exit(None, "SIGSEGV", ("first", "last")).error("w", "at token 5")
    assert error.what == "Worker w ended at token 5: killed by SIGSEGV. Its last words: last"
    assert (error.exit_code, error.signal, error.last_lines) == (None, "SIGSEGV", ["first", "last"])
    assert error.why
    assert error.state
    assert "workers.get('w')" in error.next
