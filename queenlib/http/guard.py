"""The guard: every request is refused unless it may pass, before anything is routed and before its body is kept.

No answer of it carries a CORS header, and it logs nothing.
"""

from __future__ import annotations

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queenlib.errors import InvalidRequest, TooLarge
from queenlib.http.judge import Policy, Refusal, has_body, judge
from queenlib.http.limits import read_body
from queenlib.http.problems import MEDIA_TYPE, problem_body
from queenlib.world import World

LINGER_S = 1.0
"""Seconds in which the body of a refused request is thrown away, so that its sender can read the answer."""


class Guard:
    """An ASGI application that lets through to `app` what may pass, with its body whole and within its limit."""

    def __init__(self, app: ASGIApp, policy: Policy, world: World) -> None:
        self._app, self._policy, self._world = app, policy, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            raise ValueError(f"There is no {scope['type']} here.")
        if refusal := judge(scope, self._policy):
            await self._refuse(refusal, scope, receive, send)
        elif has_body(scope):
            await self._pass_body(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _pass_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive, self._policy.limits, self._world)
        except TooLarge as error:
            await self._refuse(Refusal(413, error), scope, receive, send)
            return
        except InvalidRequest as error:
            await self._refuse(Refusal(408, error), scope, receive, send)
            return
        if body is None:
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, receive_whole, send)

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        body = problem_body(refusal.error, refusal.status)
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *refusal.headers,
        ]
        if has_body(scope):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        if has_body(scope):
            await self._throw_away(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away(self, receive: Receive) -> None:
        with suppress(TimeoutError):
            async with self._world.limit(LINGER_S):
                while (await receive()).get("more_body"):
                    pass
