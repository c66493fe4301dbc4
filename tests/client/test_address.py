"""Addresses of queens and jobs."""

import pytest

from queenlib.client.address import job_path, queen_url
from queenlib.errors import InvalidRequest, UnknownJob


def test_an_address_is_a_scheme_a_host_and_a_port() -> None:
    """What is behind the port goes, and names in other scripts become what the wire takes."""
    assert queen_url("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    assert queen_url("https://bücher.example") == "https://xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text", ["", "queen", "ftp://a", "http://a/b", "http://user@a", "http://a b", "http://a?x", "http://a:b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """A path, a name and a password, or another scheme."""
    with pytest.raises(InvalidRequest, match="no address of a queen"):
        queen_url(text)


def test_a_job_has_its_path() -> None:
    """What cannot be an id never becomes a part of a path."""
    assert job_path("job-2a") == "/v1/jobs/job-2a"
    for text in ("", "../x", "a/b", "a?b", "a%2f", "x" * 65, "job-2a\n", 3):
        with pytest.raises(UnknownJob, match="No id looks like that") as refused:
            job_path(text)  # type: ignore[arg-type]
        assert refused.value.next == "List them: await queen.jobs.list()"
