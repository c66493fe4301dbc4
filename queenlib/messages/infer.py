"""The operation `infer`, and what it results in."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from queenlib.messages.answer import FinishReason as FinishReason
from queenlib.messages.answer import Usage as Usage
from queenlib.messages.base import Message, Milliseconds, ModelName, Name, Operation, Recovery, Result, T
from queenlib.messages.events import Token
from queenlib.messages.model import ModelUsed
from queenlib.messages.worker import KeepAlive

PRIVATE = "(private)"
"""What stands for a private prompt."""

Text = Annotated[str, Field(max_length=4_000_000)]


class ChatMessage(Message):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class EngineParams(Message):
    """Sampling parameters of llama.cpp beyond the common ones, under its names; its own defaults where not given."""

    typical_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Locally typical sampling; 1 is off."""
    top_n_sigma: Annotated[float, Field(ge=-1, le=100)] | None = None
    """Keep tokens within so many standard deviations of the best; -1 is off."""
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Against tokens that are there already; 0 is off."""
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Against tokens by how often they are there already; 0 is off."""
    repeat_last_n: Annotated[int, Field(ge=-1, le=10_485_760)] | None = None
    """Tokens that the penalties look back on; -1 is the whole context."""
    dry_multiplier: Annotated[float, Field(ge=0, le=10)] | None = None
    """Strength of the penalty on repeated sequences; 0 is off."""
    dry_base: Annotated[float, Field(ge=1, le=10)] | None = None
    """Its growth with the length of the sequence."""
    dry_allowed_length: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Tokens that may repeat unpunished."""
    mirostat: Literal[0, 1, 2] | None = None
    """Version of Mirostat; 0 is off."""
    mirostat_tau: Annotated[float, Field(ge=0, le=100)] | None = None
    """Its target surprise."""
    mirostat_eta: Annotated[float, Field(ge=0, le=1)] | None = None
    """Its learning rate."""
    xtc_probability: Annotated[float, Field(ge=0, le=1)] | None = None
    """How often the top choices are excluded; 0 is off."""
    xtc_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """From which probability on."""
    dynatemp_range: Annotated[float, Field(ge=0, le=5)] | None = None
    """Range of the dynamic temperature; 0 is off."""
    dynatemp_exponent: Annotated[float, Field(ge=0, le=10)] | None = None
    """Its exponent."""
    ignore_eos: bool | None = None
    """Go on past the model's own end until `max_tokens`."""


class Sampling(Message):
    """How the next token is chosen."""

    max_tokens: Annotated[int, Field(ge=1, le=10_485_760)] = 256
    """Tokens to generate at most."""
    temperature: Annotated[float, Field(ge=0, le=5)] = 0.8
    """0 takes the likeliest token always; higher is more varied."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Choose among the likeliest tokens whose probabilities add up to this; 1 is off."""
    top_k: Annotated[int, Field(ge=0, le=1_000_000)] = 40
    """Choose among so many of the likeliest tokens; 0 is off."""
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Leave out tokens less likely than this part of the likeliest; 0 is off."""
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Divides the score of tokens that are there already; 1 is off."""
    stop: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...], Field(max_length=16)] = ()
    """Texts that end the answer; they are not part of it."""
    seed: Annotated[int, Field(ge=0, le=4_294_967_294)] | None = None
    """Same seed, same parameters, same model: same text. `None` takes a new one each time."""
    json_schema: dict[str, Any] | None = None
    """The answer is JSON of this JSON Schema; the engine's grammar sees to it."""
    engine_params: EngineParams = EngineParams()
    """What only this engine has."""


class Infer(Sampling, Operation):
    """Ask a model. On a fresh machine this one call starts the hive, fetches the model, starts a worker, and streams."""

    operation: Literal["infer"] = "infer"
    prompt: Text | None = None
    """What to ask; or give `messages`."""
    messages: Annotated[tuple[ChatMessage, ...], Field(min_length=1, max_length=10_000)] | None = None
    """A conversation to go on with; or give `prompt`."""
    system: Text | None = None
    """What the model is told before all else."""
    model: ModelName | None = None
    """Which model; by default the queen's own default, at first the demo model."""
    hive_id: Name | None = None
    """Only on this hive."""
    worker_id: Name | None = None
    """Only on this worker."""
    device: Annotated[str, Field(max_length=64)] | None = None
    """Only on workers of this device; it never moves one."""
    keep_alive: KeepAlive | None = None
    """How long the worker that answers is kept idle from then on, in seconds, or `never`; 0 stops it when nobody uses it."""
    private: bool = False
    """Write down only its metrics: neither what is asked nor what is answered is in its log, and both are gone with the
    queen. The answer comes whole, with the result, and only while the queen that made it runs."""
    recovery: ClassVar = Recovery.ONCE
    result_model: ClassVar[type[Result]]
    run_limit_s: ClassVar = 86_400.0

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either prompt or messages" + (", not both" if self.prompt is not None else ""))
        return self

    @property
    def forgets(self) -> bool:
        """See `Operation.forgets`."""
        return self.private

    def kept(self) -> Infer:
        """See `Operation.kept`."""
        if not self.private:
            return self
        return self.model_copy(update={"prompt": PRIVATE, "messages": None, "system": None, "stop": (), "json_schema": None})

    def keeps(self, item: T) -> T | None:
        """See `Operation.keeps`."""
        if not self.private:
            return item
        if isinstance(item, InferResult):
            bare = item.parameters.model_copy(update={"stop": (), "json_schema": None})
            return item.model_copy(update={"text": "", "reasoning": "", "parsed": None, "parameters": bare})
        return None if isinstance(item, Token) else item

    def conversation(self) -> tuple[ChatMessage, ...]:
        """The whole conversation: the system's message, if there is one, and the user's."""
        system = (ChatMessage(role="system", content=self.system),) if self.system is not None else ()
        asked = self.messages or (ChatMessage(role="user", content=self.prompt or ""),)
        return system + asked


class Timings(Message):
    """Where the time went. All in milliseconds but the last."""

    queue_ms: Milliseconds
    """Waited for a slot."""
    load_ms: Milliseconds
    """Started the hive, fetched the model and loaded it; 0 where all was ready."""
    prefill_ms: Milliseconds
    """The engine read the prompt, by its own clock."""
    ttft_ms: Milliseconds
    """From the request to the engine until the first piece of the answer came back."""
    decode_ms: Milliseconds
    """From the first piece of the answer to the last."""
    tokens_per_s: Annotated[float, Field(ge=0)] | None
    """Tokens after the first, by `decode_ms`; `None` for fewer than two."""
    total_ms: Milliseconds
    """From the job's start to its result."""


class InferResult(Result):
    """A model's answer, and how it came about."""

    text: str
    """The answer."""
    reasoning: str = ""
    """What the model thought before it answered, where it tells."""
    parsed: Any = None
    """With a `json_schema`: the answer as data; `None` if it was cut off."""
    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    model: ModelUsed
    parameters: Sampling
    """The parameters used."""
    hive_id: str
    worker_id: str
    job_id: str = ""
    """The job that holds its log."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        count = self.usage.completion_tokens
        return f"<InferResult {text!r}: {count} tokens, ended by {self.finish_reason}, {self.model.name}>"


Infer.result_model = InferResult
