"""What a queen says about itself over HTTP."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from queenlib.http.answers import answer, answer_json
from queenlib.http.openapi import document
from queenlib.http.reading import read_query
from queenlib.router import Router


class About:
    """Health, identity, and the description of the API."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def health(self, request: Request) -> Response:
        """`GET /health`: it answers. Open to all, and says nothing else."""
        return answer_json(b'{"status":"ok"}')

    async def info(self, request: Request) -> Response:
        """`GET /v1/info`: who answers."""
        read_query(request)
        return answer(await self._router.info())

    async def openapi(self, request: Request) -> Response:
        """`GET /openapi.json`: the description of the API."""
        read_query(request)
        return answer_json(document())
