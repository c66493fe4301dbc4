"""The connection to a worker that speaks llama.cpp's protocol: the real one and the simulated one alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, TypeVar

from queenlib.engines import embedding
from queenlib.engines.answer import Answer, refused
from queenlib.engines.engine import Finished, Generation
from queenlib.engines.faults import protocol, stalled
from queenlib.engines.line import Line
from queenlib.engines.request import request, surely_fits, too_long
from queenlib.engines.wire import Exchange, Reply
from queenlib.errors import EngineError, NotAsked, NotStopped, WorkerDied, WorkerStalled
from queenlib.messages.events import Progress, Token
from queenlib.world import World

T = TypeVar("T")
NOT_OFFERED = 501
"""The status of what an engine could do, and this worker or its model does not."""
LOOK_AGAIN_S = (0.01, 0.02, 0.03, 0.05)
"""Between two looks at a slot that is to fall idle, in seconds; the last one is repeated."""


@dataclass(frozen=True)
class Patience:
    """How long a worker may give nothing. All in seconds."""

    answer_s: float = 30.0
    """For a short question, such as what its slots do."""
    first_token_s: float = 120.0
    """Before the first token; each progress of the prompt starts it anew."""
    between_tokens_s: float = 30.0
    begin_s: float = 5.0
    """For the beginning of an answer that is not wanted any more: before it, an idle slot proves nothing."""
    stop_s: float = 30.0
    """For a slot to fall idle after its generation was left."""


class EngineConnection:
    """A line to one worker that is ready; see `queenlib.engines.engine.Connection`."""

    def __init__(self, url: str, key: str, context: int, name: str, world: World, patience: Patience | None = None) -> None:
        self.context, self._name, self._world = context, name, world
        self._patience = patience or Patience()
        self._line = Line(url, key, name, world)

    async def generate(self, generation: Generation, slot: int) -> AsyncGenerator[Token | Progress | Finished]:
        """Generate in slot number `slot`; see `queenlib.engines.engine.Connection.generate`."""
        body = request(generation, slot)
        await self._fit(body)
        exchange = await self._line.open("/v1/chat/completions", body)
        over = False
        try:
            if await exchange.head(self._patience.first_token_s) != 200:
                over = True  # refused: no slot was taken
                self._ok(await exchange.reply(self._patience.answer_s), body)
            answer = Answer(self._name, exchange.sent_at)
            while answer.finished is None:
                for item in await self._next(exchange, answer):
                    yield item
            over = True
            yield answer.finished
        except WorkerStalled as stall:
            over = True
            stall.fields["stopped"] = await _to_its_end(self._stopped(exchange, slot))
            raise
        finally:
            if not over:
                await _to_its_end(self._stop(exchange, slot))
            exchange.close()

    async def embed(self, texts: Sequence[str]) -> embedding.Embedded:
        """The vectors of `texts`; see `queenlib.engines.engine.Connection.embed`."""
        exchange = await self._line.open("/v1/embeddings", embedding.request(texts))
        try:
            reply = await exchange.reply(self._patience.first_token_s)
        except WorkerStalled as stall:
            stall.fields["stopped"] = False
            raise
        except asyncio.CancelledError:
            await _to_its_end(self._through(exchange))
            raise
        finally:
            exchange.close()
        if reply.status == NOT_OFFERED:
            raise embedding.not_offered(self._name, reply.data.get("error") if isinstance(reply.data, dict) else reply.data)
        return embedding.read(self._name, self._ok(reply), len(texts))

    async def check(self, text: str) -> None:
        """See to it that a text fits in a slot; see `queenlib.engines.engine.Connection.check`."""
        if embedding.surely_fits(text, self.context):
            return
        asked = {"content": text, "add_special": True}
        counted = self._ok(await self._line.post("/tokenize", asked, limit_s=self._patience.answer_s))
        try:
            tokens = len(counted["tokens"])
        except (KeyError, TypeError):
            raise protocol(self._name, f"it does not count tokens: {counted!r:.200}") from None
        if tokens > self.context:
            raise embedding.too_long(self._name, tokens, self.context)

    async def idle(self, slot: int) -> bool:
        """Whether the engine says that this slot does nothing; raises as `generate` does."""
        return not (await self._slot(slot))["is_processing"]

    async def settings(self, slot: int) -> Mapping[str, Any]:
        """The sampling settings of the slot's last generation, as the engine echoes them: empty before the first."""
        found: Mapping[str, Any] = (await self._slot(slot)).get("params") or {}
        return found

    async def close(self) -> None:
        """Nothing is held between two requests."""

    async def _next(self, exchange: Exchange, answer: Answer) -> list[Token | Progress]:
        """What comes next that says something, or nothing at the end. Events that say nothing renew no patience."""
        limit_s = self._patience.between_tokens_s if answer.tokens else self._patience.first_token_s
        items: list[Token | Progress] = []
        while not items and answer.finished is None and (ready := exchange.ready()) is not None:
            items += answer.feed(ready.data, ready.at)
        if items or answer.finished is not None:
            return items
        try:
            async with self._world.limit(limit_s):
                while not items and answer.finished is None:
                    if (piece := await exchange.next(limit_s)) is None:
                        raise protocol(self._name, "its stream ended without its end")
                    items += answer.feed(piece.data, piece.at)
        except TimeoutError:
            raise stalled(self._name, limit_s) from None
        return items

    async def _fit(self, body: dict[str, Any]) -> None:
        """Refuse what does not fit: where that is in doubt, the prompt is counted as the engine's own template makes it."""
        if surely_fits(body, self.context):  # no question, so that the first token comes sooner
            return
        path = "/v1/chat/completions/input_tokens"
        counted = self._ok(await self._line.post(path, body, limit_s=self._patience.answer_s), body)
        try:
            prompt_tokens = int(counted["input_tokens"])
        except (KeyError, TypeError, ValueError):
            raise protocol(self._name, f"it does not count tokens: {counted!r:.200}") from None
        if prompt_tokens + body["max_tokens"] > self.context:
            raise too_long(self._name, prompt_tokens, body["max_tokens"], self.context)

    def _ok(self, reply: Reply, body: Mapping[str, Any] | None = None) -> Any:
        """The data of an answer that is no refusal."""
        if reply.status == 200:
            return reply.data
        error = reply.data.get("error", reply.data) if isinstance(reply.data, dict) else reply.data
        if body and isinstance(error, dict) and isinstance(error.get("n_prompt_tokens"), int):
            context = min(self.context, int(error.get("n_ctx", self.context)))
            raise too_long(self._name, error["n_prompt_tokens"], body["max_tokens"], context)
        raise refused(self._name, error)

    async def _slot(self, slot: int) -> dict[str, Any]:
        slots = self._ok(await self._line.get("/slots", limit_s=self._patience.answer_s))
        for each in slots if isinstance(slots, list) else ():
            if isinstance(each, dict) and each.get("id") == slot and "is_processing" in each:
                return each
        raise protocol(self._name, f"it does not tell of slot {slot}: {slots!r:.200}")

    async def _idle_or_gone(self, slot: int) -> bool:
        try:
            return await self.idle(slot)
        except WorkerDied as gone:
            return not gone.listening
        except NotAsked:  # that proves nothing
            return False

    async def _stopped(self, exchange: Exchange, slot: int) -> bool:
        try:
            await self._stop(exchange, slot)
        except NotStopped:
            return False
        return True

    async def _through(self, exchange: Exchange) -> None:
        """Return when the engine is through with a request whose answer comes whole, or the worker is gone."""
        try:
            await exchange.head(self._patience.stop_s)
        except WorkerStalled:
            raise self._goes_on("It does not say that it is through with its texts.") from None
        except EngineError:
            pass

    async def _stop(self, exchange: Exchange, slot: int) -> None:
        """Leave a generation, and return when its slot is idle by the engine's own word, or the worker is gone."""
        try:
            await exchange.head(self._patience.begin_s)
        except EngineError:
            pass
        finally:
            exchange.close()
        try:
            async with self._world.limit(self._patience.stop_s):
                for wait_s in chain(LOOK_AGAIN_S, repeat(LOOK_AGAIN_S[-1])):
                    if await self._idle_or_gone(slot):
                        return
                    await self._world.sleep(wait_s)
        except (TimeoutError, EngineError):
            raise self._goes_on(f"It does not say that slot {slot} is idle.") from None

    def _goes_on(self, why: str) -> NotStopped:
        return NotStopped(
            f"Worker {self._name} goes on, {self._patience.stop_s:g} s after it was told to stop.",
            why=why,
            state="What it had generated is kept; it may still be busy.",
            next=f"End the worker: await queen.workers.stop({self._name!r}, force=True)",
            waited_s=self._patience.stop_s,
        )


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Do something to its end, even when whoever waits for it is cancelled, once or often."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result
