"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

from tests.house.tree import functions, name, none_of, sources

FILE_LINES = 250
FUNCTION_LINES = 50


def test_files_are_short() -> None:
    """No source file is longer than 250 lines."""
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert lengths, "no source files were found"
    none_of(f"{file}: {lines} lines" for file, lines in lengths.items() if lines > FILE_LINES)


def test_functions_are_short() -> None:
    """No function is longer than 50 lines, its docstring included."""
    lengths = {
        f"{name(path)}:{function.lineno} {function.name}": (function.end_lineno or function.lineno) - function.lineno + 1
        for path in sources()
        for function in functions(path)
    }
    assert lengths, "no functions were found"
    none_of(f"{where}: {lines} lines" for where, lines in lengths.items() if lines > FUNCTION_LINES)
