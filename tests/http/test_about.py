"""What a queen says about herself."""

from __future__ import annotations

from queenlib.messages.job import QueenInfo
from tests.http.served import Served


async def test_health_is_open_and_says_nothing_else(queen: Served) -> None:
    """Whoever asks learns that something answers, and no more."""
    answer = await queen.ask("/health", token=None)
    assert (answer.status, answer.body) == (200, b'{"status":"ok"}')


async def test_info_is_the_routers(queen: Served) -> None:
    """The same near and far."""
    answer = await queen.ask("/v1/info")
    assert QueenInfo.model_validate_json(answer.body) == await queen.router.info()


async def test_the_description_is_there(queen: Served) -> None:
    """For who has the token."""
    answer = await queen.ask("/openapi.json")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")
