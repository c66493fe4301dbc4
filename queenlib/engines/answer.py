"""An engine's answer, read event by event; no I/O.

The stream ends with the protocol's own `[DONE]` after a finish reason, never with anything that the model says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queenlib.engines.engine import Finished, Weighed
from queenlib.engines.faults import decode, protocol
from queenlib.errors import EngineError
from queenlib.messages.events import Progress, Token
from queenlib.messages.infer import FinishReason, Usage


class Answer:
    """Reads one answer.

    Args:
        name: The worker's, for errors.
        sent_at: When the request was written, in seconds; the first token's time counts from there.
    """

    def __init__(self, name: str, sent_at: float) -> None:
        self.tokens = 0
        """Pieces of the answer so far."""
        self.finished: Finished | None = None
        """How it ended; there once the protocol has said so."""
        self._name, self._last = name, sent_at
        self._read_tokens = -1
        self._reason: FinishReason | None = None
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self._weighed: list[Weighed] = []

    def feed(self, data: str, at: float) -> Iterator[Progress | Token]:
        """What one event of the stream says; `at` is when it left the socket, in seconds.

        Raises:
            EngineError: The engine broke off, in its own words.
            WorkerProtocol: It is not the protocol.
        """
        if data == "[DONE]":
            self.finished = self._finish()
            return
        event = decode(self._name, data)
        try:
            if error := event.get("error"):
                raise refused(self._name, error)
            if progress := event.get("prompt_progress"):
                yield from self._read(int(progress["processed"]), int(progress["total"]))
            for choice in event.get("choices", ()):
                yield from self._say(choice, at)
                for token in (choice.get("logprobs") or {}).get("content") or ():
                    self._weighed.append(Weighed(bytes([*token["bytes"]]), float(token["logprob"])))
            self._usage = event.get("usage") or self._usage
            self._timings = event.get("timings") or self._timings
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise protocol(self._name, f"an event of its stream cannot be read: {error!r}") from None

    def _read(self, done: int, total: int) -> Iterator[Progress]:
        step = Progress(what="prompt", done=done, total=total, unit="tokens")
        if done > self._read_tokens:  # less, or as much again, is no progress
            self._read_tokens = done
            yield step

    def _say(self, choice: dict[str, Any], at: float) -> Iterator[Token]:
        delta = choice.get("delta") or {}
        for field, channel in (("reasoning_content", "reasoning"), ("content", "content")):
            if text := delta.get(field):
                dt_ms, self._last = max(0.0, (at - self._last) * 1000), at
                self.tokens += 1
                yield Token(text=whole(text), dt_ms=dt_ms, channel="reasoning" if channel == "reasoning" else "content")
        if reason := choice.get("finish_reason"):
            self._reason = FinishReason(reason)

    def _finish(self) -> Finished:
        if self._reason is None:
            raise protocol(self._name, "its stream ended without saying why")
        try:
            details = self._usage.get("prompt_tokens_details") or {}
            usage = Usage(
                prompt_tokens=self._usage["prompt_tokens"],
                cached_tokens=details.get("cached_tokens", 0),
                completion_tokens=self._usage["completion_tokens"],
            )
            times = float(self._timings["prompt_ms"]), float(self._timings["predicted_ms"])
            return Finished(self._reason, usage, *times, tuple(self._weighed))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise protocol(self._name, f"its account of the answer cannot be read: {error!r}") from None


def refused(name: str, error: Any) -> EngineError:
    """The engine's own refusal, from the `error` of its answer."""
    message = error.get("message", error) if isinstance(error, dict) else error
    return EngineError(
        f"The engine of worker {name} refused: {str(message)[:2000]}",
        why="It said so itself.",
        state="Nothing more was generated.",
        next="Mend what it names and ask again.",
    )


def whole(text: str) -> str:
    """Text without halves of characters: U+FFFD in their place."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
