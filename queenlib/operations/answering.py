"""An answer as it comes, and what it took: what one alone and those of a batch share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from queenlib.engines.engine import Finished
from queenlib.hives.holding import Held
from queenlib.messages.answer import FinishReason
from queenlib.messages.base import plain
from queenlib.messages.events import Progress, Token
from queenlib.messages.infer import Sampling
from queenlib.messages.model import ModelUsed


@dataclass
class Answer:
    """What has come so far."""

    texts: dict[str, list[str]] = field(default_factory=lambda: {"content": [], "reasoning": []})
    gaps_ms: list[float] = field(default_factory=list)
    finished: Finished | None = None
    mixed: bool = False
    """Whether a thought came after the answer had begun."""

    def add(self, item: Token | Progress | Finished) -> None:
        """One more piece, or its end."""
        if isinstance(item, Finished):
            self.finished = item
        elif isinstance(item, Token):
            self.mixed |= item.channel == "reasoning" and bool(self.texts["content"])
            self.texts[item.channel].append(item.text)
            self.gaps_ms.append(item.dt_ms)

    def text(self, channel: str = "content") -> str:
        """All of one channel."""
        return "".join(self.texts[channel])

    def pieces(self) -> dict[str, Any]:
        """Where each piece ends, thoughts first, and when it came: `cuts` and `dt_ms`. Nothing where the two are mixed."""
        if self.mixed:
            return {}
        lengths = map(len, [*self.texts["reasoning"], *self.texts["content"]])
        return {"cuts": tuple(accumulate(lengths)), "dt_ms": tuple(self.gaps_ms)}

    @property
    def ttft_ms(self) -> float:
        """From the request to the engine until the first piece, in milliseconds; 0 where none came."""
        return self.gaps_ms[0] if self.gaps_ms else 0.0

    @property
    def decode_ms(self) -> float:
        """From the first piece to the last, in milliseconds."""
        return sum(self.gaps_ms[1:])

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens after the first, by the time that they took; `None` for fewer than two."""
        after_first = self.finished.usage.completion_tokens - 1 if self.finished else 0
        return 1000 * after_first / self.decode_ms if after_first > 0 and self.decode_ms > 0 else None

    def parsed(self, schema: dict[str, Any] | None) -> Any:
        """It as data, where a schema was asked for and it is whole; else `None`.

        One that came to `max_tokens` may be whole all the same, with blanks after it; but a number may have gone on. Half a
        pair of code units in it is U+FFFD, as in its text, and a number beyond all bounds is `None`: JSON has neither.
        """
        if schema is None or self.finished is None:
            return None
        try:
            found = plain(json.loads(self.text()))
        except ValueError:
            return None
        ended = self.finished.reason is FinishReason.STOP or not isinstance(found, int | float) or isinstance(found, bool)
        return found if ended else None


def sampling(operation: Sampling) -> Sampling:
    """The sampling parameters of an operation, without the rest."""
    return Sampling(**{name: getattr(operation, name) for name in Sampling.model_fields})


def used(held: Held) -> ModelUsed:
    """The model; asked while it is held, since afterwards its worker and the model itself may go."""
    name = held.worker.model
    if name.startswith("sim:"):
        return ModelUsed(name=name)
    known = held.hive.models.get(name)
    return ModelUsed(name=known.name, sha256=known.sha256)
