"""What is to happen in one round: all of it follows from the round's seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from queenlib.messages.job import Start
from tests.faults.lines import Cut, Leaving, Place

PHASES = ("create", "commit", "load", "prefill", "decode", "cancel", "idle")
"""What a queen may be in when she is killed."""
AIM_S: Mapping[str, float] = {"load": 0.25, "prefill": 0.12, "decode": 0.12, "cancel": 0.006, "create": 0.012, "idle": 0.02}
"""Up to so many seconds after what she is aimed at is seen, she is killed."""
LATER = {"create": ("creating", "created"), "commit": ("row", "commit", "writing", "synced", "committed", "appended")}
"""The points that a queen may be doomed at, by phase."""
MOST = {"creating": 6, "created": 6, "row": 60, "commit": 25, "writing": 90, "synced": 25, "committed": 25, "appended": 25}
"""A queen is doomed to die at most at this number of meetings with a point."""
OPENING = {"row": 8, "commit": 4, "writing": 10, "synced": 4, "committed": 3, "appended": 3}
"""The same, for one who is still seeing to what was left unfinished."""
LEAVINGS: tuple[Leaving, ...] = ("rst", "rst", "fin")
PLACES: tuple[Place, ...] = ("connected", "head", "body", "body", "body")


@dataclass(frozen=True)
class Reading:
    """Somebody who follows a job, to its end in the end."""

    raw: bool
    """On raw sockets, else with the client of the product."""
    cuts: tuple[Cut, ...] = ()
    """How it leaves the first connections; for the client, after how many events."""
    delay_s: float = 0.0
    late: bool = False
    """Whether it comes only to the next queen."""
    after: float = 0.0
    """From where it reads, as a part of the log that there is."""


@dataclass(frozen=True)
class Ask:
    """Somebody who wants something."""

    payload: Mapping[str, Any]
    key: str | None = None
    retry: int = 0
    start: Start = "now"
    delay_s: float = 0.0
    repeats: int = 0
    """How often it is asked for again at the same time, by others: it has a key."""
    other: Mapping[str, Any] | None = None
    """Another payload that somebody sends with its key."""
    cancel: bool = False
    """Whether it is cancelled once it answers."""
    target: bool = False
    """Whether it is what is aimed at."""
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Plan:
    """One round."""

    seed: int
    aim: str
    asks: tuple[Ask, ...]
    later: str | None = None
    """Where she is doomed to die, as `POINT:N`; by default she is killed from outside."""
    opening: str | None = None
    """Where the next one is doomed to die while she sees to what this one left."""
    second_s: float | None = None
    """So many seconds after she is ready, the next one is killed as well; by default she is not."""
    delay_s: float = 0.0
    """From when what is aimed at is seen to the kill."""
    others: random.Random = field(default_factory=random.Random)
    """For what comes after the kill."""


def plan(seed: int) -> Plan:
    """The round of this seed."""
    chance, aim = random.Random(seed), PHASES[seed % len(PHASES)]
    asks = _Asks(seed, chance, aim).all()
    later = _doom(chance, LATER[aim], MOST) if aim == "commit" or (aim == "create" and chance.random() < 0.5) else None
    opening = _doom(chance, tuple(OPENING), OPENING) if chance.random() < 0.12 else None
    second_s = chance.uniform(0, 0.25) if chance.random() < 0.12 else None
    delay_s = chance.uniform(0, AIM_S.get(aim, 0.0))
    return Plan(seed, aim, asks, later, opening, second_s, delay_s, random.Random(chance.random()))


def storm(seed: int, *, jobs: int = 8, tokens: int = 500, readers: int = 20) -> Plan:
    """A round with many jobs that all answer and many readers, in which she dies at some commit."""
    chance = random.Random(seed)
    model = f"sim:words?tokens={tokens}&tokens_per_s=2000"
    watched: list[list[Reading]] = [[] for _ in range(jobs)]
    for number in range(readers):
        cut = Cut("body", chance.choice(LEAVINGS), chance.randint(0, 60 * tokens))
        watched[number % jobs].append(Reading(raw=True, cuts=(cut,), delay_s=chance.uniform(0, 0.3)))
    asks = tuple(
        Ask(
            {"operation": "infer", "prompt": f"storm {seed}, question {number}", "model": model, "max_tokens": tokens},
            retry=int(chance.random() < 0.3),
            readings=tuple(readings),
        )
        for number, readings in enumerate(watched)
    )
    point = chance.choice(LATER["commit"])
    most = jobs * tokens // 10 * (3 if point in ("row", "writing") else 1)
    return Plan(seed, "commit", asks, f"{point}:{chance.randint(1, most)}", others=random.Random(seed))


def _doom(chance: random.Random, points: tuple[str, ...], most: Mapping[str, int]) -> str:
    point = chance.choice(points)
    return f"{point}:{chance.randint(1, most[point])}"


class _Asks:
    """Makes up what people want in one round."""

    def __init__(self, seed: int, chance: random.Random, aim: str) -> None:
        self._seed, self._chance, self._aim = seed, chance, aim
        self._count = 0
        self._quick = f"sim:words?tokens={chance.randint(4, 16)}&tokens_per_s={chance.choice((200, 400, 1000))}"

    def all(self) -> tuple[Ask, ...]:
        """Everything, in the order in which it comes."""
        kinds: list[tuple[float, Callable[[], Ask]]] = [
            (0.6, self._keyed), (0.5, self._look), (0.4, self._private), (0.4, self._retried), (0.4, self._hive),
            (0.2, self._worker), (0.5, self._plain), (0.4, self._look), (0.4, self._on_stream),
        ]  # fmt: skip
        if self._aim == "idle":
            kinds.pop()  # nobody would stream it, so that it would not end
        asks = [make() for chance, make in kinds if self._chance.random() < chance]
        self._chance.shuffle(asks)
        asks = [*self._targets(), *asks] if self._aim != "idle" else asks or [self._plain()]
        return tuple(self._watched(replace(ask, delay_s=self._chance.uniform(0, 0.03))) for ask in asks)

    def _targets(self) -> list[Ask]:
        """What is aimed at: one, and with it some of the same."""
        several = self._chance.randint(2, 4) if self._aim == "cancel" else self._chance.randint(1, 2)
        model = {
            "load": "sim:words?tokens=4&tokens_per_s=400&load_s=0.25",
            "prefill": "sim:words?tokens=4&tokens_per_s=400&prefill_ms=150",
            "decode": f"sim:words?tokens=40&tokens_per_s={self._chance.choice((100, 200))}",
            "cancel": "sim:words?tokens=900&tokens_per_s=100",
        }.get(self._aim, self._quick)
        cancel = self._aim == "cancel"
        return [
            Ask(self._infer(model), retry=int(not cancel and self._chance.random() < 0.3), cancel=cancel, target=number == 0)
            for number in range(several)
        ]

    def _infer(self, model: str | None = None, **more: Any) -> dict[str, Any]:
        self._count += 1
        prompt = f"round {self._seed}, question {self._count} of this round"
        return {"operation": "infer", "prompt": prompt, "model": model or self._quick, "max_tokens": 1000, **more}

    def _plain(self) -> Ask:
        return Ask(self._infer(), cancel=self._chance.random() < 0.3)

    def _keyed(self) -> Ask:
        key = f"key-{self._seed}-{self._count}"
        other = self._infer() if self._aim != "idle" and self._chance.random() < 0.5 else None
        return Ask(self._infer(), key, repeats=self._chance.randint(1, 3), other=other)

    def _private(self) -> Ask:
        return Ask(self._infer(private=True), key=f"private-{self._seed}" if self._chance.random() < 0.5 else None)

    def _retried(self) -> Ask:
        return Ask(self._infer(), retry=1)

    def _on_stream(self) -> Ask:
        return Ask(self._infer(), start="on_stream")

    def _look(self) -> Ask:
        return Ask({"operation": self._chance.choice(("hive_list", "status", "worker_list", "hive_status"))})

    def _hive(self) -> Ask:
        return Ask(
            {"operation": "hive_create", "hive_id": f"h{self._seed % 9}", "kind": "simulated"}, key=f"hive-{self._seed}"
        )

    def _worker(self) -> Ask:
        return Ask({"operation": "worker_spawn", "model": "sim:words?load_s=0.1", "name": f"w-{self._seed % 1000}"})

    def _watched(self, ask: Ask) -> Ask:
        """The same, with readers."""
        many = self._chance.choice((0, 1, 1, 2)) + (2 if ask.target else 0)
        readings = [self._reading() for _ in range(many)]
        if ask.target:
            readings.append(Reading(raw=True))  # sees what is aimed at
        return replace(ask, readings=tuple(readings))

    def _reading(self) -> Reading:
        raw, late = self._chance.random() < 0.6, self._chance.random() < 0.3
        cuts = tuple(self._cut(raw=raw) for _ in range(self._chance.choice((0, 1, 1, 2, 3))))
        after = self._chance.random() if late and self._chance.random() < 0.5 else 0.0
        return Reading(raw, cuts, self._chance.uniform(0, 0.2), late, after)

    def _cut(self, *, raw: bool) -> Cut:
        how = self._chance.choice(LEAVINGS)
        if not raw:
            return Cut("body", how, self._chance.randint(0, 12))
        return Cut(self._chance.choice(PLACES), how, self._chance.choice((0, self._chance.randint(1, 4000))))
