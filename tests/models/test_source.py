"""Sources of models, as text."""

from __future__ import annotations

import string
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import UnknownModel
from queenlib.models.source import FileSource, PackageSource, Source, parse_source


def parsed(text: str) -> Source | UnknownModel:
    """The source, or the error that refuses it."""
    try:
        return parse_source(text)
    except UnknownModel as error:
        return error


WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
PARTS = st.text(string.ascii_letters + string.digits + "._+ éß", min_size=1, max_size=12).filter(
    lambda part: part.strip(".")
)
MEMBER = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".gguf")


@given(WORD, WORD, MEMBER)
def test_package_reads_back(distribution: str, version: str, member: str) -> None:
    """A package's source is the same after it was written and read."""
    source = parse_source(f"package:{distribution}=={version}/{member}")
    assert source == PackageSource(distribution.lower(), version, member)
    assert parse_source(str(source)) == source


@given(MEMBER)
def test_file_reads_back(member: str) -> None:
    """A file's source is the same after it was written and read."""
    source = parse_source(f"file:/{member}")
    assert source == FileSource(Path(f"/{member}"))
    assert parse_source(str(source)) == source


@given(
    st.text(max_size=60) | st.text(max_size=40).map("package:a==1/{}".format) | st.text(max_size=40).map("file:/{}".format)
)
def test_any_text_is_a_safe_source_or_refused(text: str) -> None:
    """Whatever the text, what comes of it is a plain path or `UnknownModel`."""
    source = parsed(text)
    if isinstance(source, UnknownModel):
        assert str(source).isprintable()
        return
    if isinstance(source, PackageSource):
        path = PurePosixPath(source.member)
        assert not path.is_absolute()
        assert not source.requirement.startswith("-")
    else:
        path = PurePosixPath(source.path)
        assert path.is_absolute()
    assert ".." not in path.parts
    assert "\\" not in str(path)
    assert str(source).isprintable() or not text.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "package:", "package:a", "package:a==1", "package:a==1/", "package:a==1/b", "package:a==1//b.gguf",
        "package:a==1/../b.gguf", "package:a==1/b/../../c.gguf", "package:a==1/./b.gguf", "package:a==1//etc/b.gguf",
        "package:a==1/b\\c.gguf", "package:a==1/C:/b.gguf", "package:a==1/-b.gguf", "package:a==1/b\x00.gguf",
        "package:-a==1/b.gguf", "package:a==-1/b.gguf", "package:a b==1/b.gguf", "package:a>=1/b.gguf",
        "package:a==1 --index-url x/b.gguf", "package:a[x]==1/b.gguf", "package:a==1;x/b.gguf", "package:a==*/b.gguf",
        "file:", "file:x.gguf", "file:./x.gguf", "file:../x.gguf", "file:/a/../x.gguf", "file:/a\\x.gguf", "file:/",
        "file:/a\nb.gguf", "file://elsewhere/x.gguf", "file:////x.gguf", "file:~nobody-of-that-name/x.gguf",
        "https://x/y.gguf", "hf:a/b", "/x.gguf", "", ":", "x" * 600,
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(text: str) -> None:
    """Paths that lead elsewhere, options in disguise, and what is no source are refused."""
    with pytest.raises(UnknownModel) as caught:
        parse_source(text)
    assert caught.value.why
    assert "file:/path/to/it.gguf" in caught.value.next


def test_home_folder_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`~` is the user's home folder, and an address of a file is its path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_source("file:~/x.gguf") == FileSource(tmp_path / "x.gguf")
    assert parse_source("file:///models/x.gguf") == FileSource(Path("/models/x.gguf"))


def test_names_of_packages_are_normalised() -> None:
    """The same package written in another way is the same source."""
    assert parse_source("package:Tiny_Model==1.0/a.gguf") == parse_source("package:tiny-model==1.0/a.gguf")


def test_unknown_name_gets_the_nearest() -> None:
    """A mistyped name is answered with the nearest one and all that are known."""
    with pytest.raises(UnknownModel, match="did you mean 'smollm2-135m'") as caught:
        parse_source("smolm2-135m", ["smollm2-135m", "other"])
    assert caught.value.known == ["other", "smollm2-135m"]
    assert "other, smollm2-135m" in caught.value.next
