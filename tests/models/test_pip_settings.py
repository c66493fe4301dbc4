"""How pip is set to reach the network."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from queenlib.models.pip_settings import NetSettings, read_settings


def test_environment_over_command_over_global() -> None:
    """The environment is stronger than the command's section, and that than the global one, in whatever order they come."""
    lines = [
        ":env:.cert='/env.pem'", "global.cert='/global.pem'", "install.cert='/install.pem'",
        "install.proxy='http://install.invalid'", "global.proxy='http://global.invalid'",
        "download.timeout='1'", "global.timeout='60'", "global.client-cert=\"/it's.pem\"",
    ]  # fmt: skip
    assert read_settings(lines) == NetSettings("http://install.invalid", "/env.pem", "/it's.pem", 60.0)


def test_timeout_has_two_names() -> None:
    """`default-timeout` is `timeout`."""
    assert read_settings([":env:.default-timeout='180'"]).timeout_s == 180.0


def test_odd_values_are_passed_over() -> None:
    """A timeout that is none, an empty proxy and a proxy without its scheme are understood as pip understands them."""
    assert read_settings(["global.timeout='soon'", "global.proxy=''"]) == NetSettings()
    assert read_settings(["global.proxy='ann:secret@proxy.invalid:3128'"]).proxy == "http://ann:secret@proxy.invalid:3128"


def test_proxy_is_not_shown() -> None:
    """The settings as text do not hold the proxy, which may hold a password."""
    assert "secret" not in repr(NetSettings(proxy="http://ann:secret@proxy.invalid"))


@given(st.lists(st.text(max_size=40) | st.text(max_size=20).map(lambda value: f"global.proxy={value!r}")))
def test_any_lines(lines: list[str]) -> None:
    """Whatever pip prints is read or passed over."""
    assert read_settings(lines).cert is None
