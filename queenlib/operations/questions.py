"""The questions of a batch: a row's cells in the batch's template, and what tells one question from another."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from queenlib.engines.engine import Generation
from queenlib.errors import MissingCell
from queenlib.messages.batch import InferBatch
from queenlib.messages.conversation import read
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.messages.model import ModelUsed
from queenlib.messages.template import Template
from queenlib.operations.answering import sampling

KEY_DIGITS = 32
"""Hexadecimal digits of a key: 128 bits, of which two equal ones are not to be met."""


@dataclass(frozen=True)
class Asked:
    """Who is asked: another one answers otherwise."""

    model: ModelUsed
    build: str
    """Which build of the engine."""


class Questions:
    """The questions of one batch, by the numbers of their rows.

    Args:
        operation: The batch, whole.
    """

    def __init__(self, operation: InferBatch) -> None:
        self._operation = operation
        self._sampling = sampling(operation)
        prompt = (ChatMessage(role="user", content=operation.prompt),) if operation.prompt is not None else ()
        system = (ChatMessage(role="system", content=operation.system),) if operation.system is not None else ()
        self._templates = [
            (message.role, Template(message.content)) for message in (*system, *prompt, *(operation.messages or ()))
        ]
        names = {name for _, template in self._templates for name in template.columns} | {operation.messages_from}
        self._columns = {name: cells for name, cells in operation.columns.items() if name in names}

    @property
    def equal_alike(self) -> bool:
        """Whether equal questions have equal answers: then they are asked once."""
        return self._operation.dedupe or (self._sampling.temperature == 0 and "temperature" not in self._operation.by_row)

    def generation(self, i: int) -> Generation:
        """What is asked for row number `i`.

        Raises:
            MissingCell: There is nothing in a cell that it needs.
        """
        row = dict[str, str]()
        for name, cells in self._columns.items():
            cell = cells[i]
            if cell is None:
                raise MissingCell(
                    f"There is nothing in column {name!r}.",
                    why="The template puts it into the question.",
                    state="The row was not asked.",
                    next="Fill it, or drop the row: df.dropna(subset=[…])",
                    column=name,
                )
            row[name] = cell
        messages = tuple(ChatMessage(role=role, content=template.render(row)) for role, template in self._templates)
        own = self._operation.messages_from
        return Generation(messages if own is None else messages + read(row[own]), self._sampling_of(i))

    def keys(self, asked: Asked) -> Iterator[str]:
        """The key of each row, in their order; an empty one for a row that cannot be asked.

        It is made from all that the answer depends on: the model, its bytes, the engine's build, the messages, the sampling,
        whether it has probabilities, and how many equal questions come before, where equal ones are asked apart.
        """
        before, apart, known = Counter[str](), not self.equal_alike, self._operation.equal_before
        for i, generation in enumerate(self._generations()):
            if generation is None:
                yield ""
                continue
            sampling = self._usual if generation.sampling is self._sampling else generation.sampling.wire()
            key = _digest([sampling, asked.build, *self._beside])
            key = _digest([key, asked.model.wire(), [message.wire() for message in generation.messages]])
            before[key] += apart
            yield _digest([key, known[i] + 1 if known else before[key]]) if apart else key

    def equal_before(self) -> tuple[int, ...]:
        """How many rows that ask the same come before each; 0 for one that cannot be asked."""
        if self._operation.equal_before:
            return self._operation.equal_before
        before, found = Counter[str](), list[int]()
        for generation in self._generations():
            if generation is None:
                found.append(0)
                continue
            key = _digest([generation.sampling.wire(), [message.wire() for message in generation.messages]])
            found.append(before[key])
            before[key] += 1
        return tuple(found)

    def _generations(self) -> Iterator[Generation | None]:
        """What is asked for each row; `None` where a cell is missing."""
        for i in range(self._operation.count):
            try:
                yield self.generation(i)
            except MissingCell:
                yield None

    @property
    def _beside(self) -> list[str]:
        """What an answer tells beside itself: one without it would not do."""
        return ["probabilities"] if self._operation.probabilities else []

    @cached_property
    def _usual(self) -> Any:
        return self._sampling.wire()

    def _sampling_of(self, i: int) -> Sampling:
        own = {name: values[i] for name, values in self._operation.by_row.items() if values[i] is not None}
        return self._sampling.model_copy(update=own) if own else self._sampling


def _digest(said: Any) -> str:
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:KEY_DIGITS]
