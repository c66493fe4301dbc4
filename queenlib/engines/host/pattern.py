"""A short text that a regular expression matches, as far as common ones go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from re import _parser  # type: ignore[attr-defined]  # Python's own reading of it, which typeshed does not tell of
from typing import Any

LONGEST = 10_000
"""A text that repeats something has so many characters at most."""
COMMON = "aA0!#$%&'()*+,-./:;<=>?@[]^_`{|}~\" \t\n"
"""Where a class names no characters, the first of these that is in it is taken."""
KINDS: Mapping[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda char: char.isalnum() or char == "_",
}


def matching(pattern: str, least: int = 0) -> str | None:
    """A text in which `pattern` is found; `None` where it is beyond this, as one that looks ahead may be.

    It is always the same: what is named first, and repeated as seldom as may be.

    Args:
        pattern: As Python has it.
        least: How long the text is at least, in characters.
    """
    try:
        text = _Writer().write(_parser.parse(pattern))
    except (re.error, ValueError, OverflowError, RecursionError):
        return None
    filled = (text.ljust(least, char) for char in (text[-1:] or "x", "x"))
    return next((each for each in filled if re.search(pattern, each)), None)


class _Writer:
    def __init__(self) -> None:
        self._groups: dict[int, str] = {}

    def write(self, parts: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._part(str(kind), given) for kind, given in parts)

    def _part(self, kind: str, given: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(given)
            case "ANY":
                return "x"
            case "NOT_LITERAL":
                return _one([("NEGATE", None), ("LITERAL", given)])
            case "IN":
                return _one([(str(kind), each) for kind, each in given])
            case "AT" | "ASSERT" | "ASSERT_NOT":
                return ""  # whether it holds is seen when the text is whole
            case "BRANCH":
                return self.write(given[1][0])
            case "SUBPATTERN":
                text = self.write(given[3])
                self._groups[given[0]] = text
                return text
            case "GROUPREF":
                return self._groups.get(given, "")
            case "ATOMIC_GROUP":
                return self.write(given)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*given)
        raise ValueError(kind)

    def _repeated(self, least: int, _: int, parts: Iterable[tuple[Any, Any]]) -> str:
        text = self.write(parts) if least else ""
        if least * len(text) > LONGEST:
            raise ValueError(least)
        return text * least


def _one(members: list[tuple[str, Any]]) -> str:
    """The first character of a class."""
    outside = members[0][0] == "NEGATE"
    named = [chr(each if kind == "LITERAL" else each[0]) for kind, each in members if kind in ("LITERAL", "RANGE")]
    for char in named + list(COMMON):
        if any(_holds(kind, each, char) for kind, each in members) != outside:
            return char
    raise ValueError(members)


def _holds(kind: str, given: Any, char: str) -> bool:
    match kind:
        case "LITERAL":
            return bool(ord(char) == given)
        case "RANGE":
            return bool(given[0] <= ord(char) <= given[1])
        case "CATEGORY":
            name = str(given).removeprefix("CATEGORY_")
            return KINDS[name.removeprefix("NOT_")](char) != name.startswith("NOT_")
    return False
