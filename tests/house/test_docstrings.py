"""Every test says in one line which behaviour it states."""

from __future__ import annotations

import ast

from tests.house.tree import files_of_tests, functions, name, none_of, parse


def one_line(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether something has a docstring of one line."""
    found = ast.get_docstring(node)
    return found is not None and bool(found.strip()) and "\n" not in found


def test_every_test_states_a_behaviour() -> None:
    """Each test function has a docstring of one line."""
    tests = [
        (path, function) for path in files_of_tests() for function in functions(path) if function.name.startswith("test")
    ]
    assert len(tests) > 10, "the tests were not found"
    none_of(f"{name(path)}:{test.lineno} {test.name}" for path, test in tests if not one_line(test))


def test_every_test_file_has_a_subject() -> None:
    """Each file of tests has a docstring."""
    none_of(name(path) for path in files_of_tests() if not ast.get_docstring(parse(path)))


def test_no_docstring_twice() -> None:
    """No two tests of one file say that they state the same."""
    for path in files_of_tests():
        said = [ast.get_docstring(test) for test in functions(path) if test.name.startswith("test")]
        none_of(f"{name(path)}: {line}" for line in said if line and said.count(line) > 1)
