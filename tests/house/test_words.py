"""One idea, one word: the glossary's never-called words name nothing here, and no file tells of somebody's machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import name, none_of, parse, sources, written_files

NEVER = {
    "agent": "hive",
    "checkpoint": "model",
    "manager": "queen",
    "node": "hive",
    "replica": "worker",
    "runner": "worker",
    "server": "queen",
    "subscriber": "stream",
    "subscription": "stream",
}
"""Never said, and what is said instead. The glossary's words that have another good meaning (a command line, an asyncio
task, an HTTP request, a chat message, a token's channel, the host of an address) are left to readers."""

ALLOWED = {
    ("queenlib/engines/host/", "server"): "llama.cpp's own",
    ("queenlib/http/", "server"): "an HTTP server, as ASGI has it",
    ("queenlib/registry/sqlite/", "checkpoint"): "SQLite's own",
    ("queenlib/sse.py", "server"): "server-sent events, as their standard has it",
}
"""Where such a word means what others mean by it: a path's beginning and the word, and why."""

PERSONAL = re.compile(r"(?<![\w.~}])/(?:root|home/[a-z]\w*|Users/[A-Za-z]\w*|work|tmp/[a-z]\w*)/|[A-Z]:\\Users\\")
"""Paths of one machine."""

REGISTRIES = [
    "".join(parts)
    for parts in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("deb.", "debian.org"),
        ("cra", "tes.io"),
        ("proxy.go", "lang.org"),
    )
]
"""Hosts that packages come from, in parts so that this file does not name them either: a user's own settings decide that."""


def words(identifier: str) -> set[str]:
    """The words of a name: `JobServer_id` is `job`, `server`, `id`; plurals count as their singular."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)
    lower = {part.lower() for part in parts}
    return lower | {part.removesuffix("s") for part in lower}


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a file makes up, and its line; names that it takes from elsewhere are not its own."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.ClassDef(name=found)
                | ast.FunctionDef(name=found)
                | ast.AsyncFunctionDef(name=found)
                | ast.arg(arg=found)
            ):
                yield found, node.lineno
            case ast.Name(id=found, ctx=ast.Store()) | ast.Attribute(attr=found, ctx=ast.Store()):
                yield found, node.lineno
            case ast.Import() | ast.ImportFrom():
                yield from ((alias.asname, node.lineno) for alias in node.names if alias.asname)


def allowed(path: Path, word: str) -> bool:
    """Whether a word may be used in a file."""
    return any(name(path).startswith(start) and word == permitted for start, permitted in ALLOWED)


def test_words_are_taken_apart() -> None:
    """A name is its words, however they are joined."""
    assert words("HTTPServer_nodeIds") >= {"http", "server", "node", "id"}
    assert "node" in words("nodes")
    assert "node" not in words("nodeless")


def test_glossary_is_kept() -> None:
    """No file, class, function, argument or variable of ours is called by a word that the glossary rules out."""
    found = [(path, made, line) for path in sources() for made, line in [*defined(parse(path)), (path.stem, 1)]]
    assert len(found) > 1000, "the names were not found"
    none_of(
        f"{name(path)}:{line} {made}: say {NEVER[word]}"
        for path, made, line in found
        for word in sorted(words(made) & NEVER.keys())
        if not allowed(path, word)
    )


def test_no_machine_is_told_of() -> None:
    """No file that travels names a folder of somebody's machine or a host that packages come from."""
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in written_files()}
    assert len(texts) > 30, "the files were not found"
    told = {
        name(path): sorted({*PERSONAL.findall(text), *(host for host in REGISTRIES if host in text)})
        for path, text in texts.items()
    }
    none_of(f"{file}: {', '.join(found)}" for file, found in told.items() if found)


def test_paths_are_told_apart() -> None:
    """A home, a work folder or a scratch folder is seen; a relative path and a placeholder are not."""
    for path in ("/ro" + "ot/x", "/ho" + "me/ann/x", "/Us" + "ers/ann/x", "/wo" + "rk/x", "C:\\Us" + "ers\\ann"):
        assert PERSONAL.search(f"see {path}"), path
    for path in ("tests/home/x", "~/work/x", "QUEENLIB_HOME=/path"):
        assert not PERSONAL.search(path), path
