"""The proof: lives on a recorded disk, each cut off at many moments, and a judgement of what is left each time."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from queenlib.home import Home
from queenlib.registry.sqlite.store import Durability
from queenlib.router import Router
from queenlib.state import QueenState
from tests.power.diary import Diary
from tests.power.disk import Disk, Recording, Sync
from tests.power.images import Losses, build
from tests.power.judge import Found, judge
from tests.power.life import WAL_PAGES, Life, live, open_recorded

SEEDS = 10
"""Seeds that share a life; each cuts it off at moments of its own."""
SYNCS = 6
"""Syncs of which the one with the most before it is chosen."""
MOMENTS = ("told", "told", "before a sync", "before a sync", "any", "any", "at first")
"""Moments that are chosen, each as often: when somebody has just been told something; when most is not synced; whichever;
and while the store is opened."""
FIRST = 80
"""Acts in which it is opened."""
TWICE = 0.25
"""The part of images on which the power goes a second time, while a queen takes over."""


@dataclass
class Tally:
    """What was done, and what came of it."""

    seeds: int = 0
    lives: int = 0
    events: int = 0
    """Events that the lives wrote."""
    acts: int = 0
    """Things that happened to the recorded disks."""
    images: int = 0
    losses: Losses = field(default_factory=Losses)
    checked: int = 0
    """Acknowledgements that were looked up."""
    lost: int = 0
    """Events with pieces of answers that were seen and are gone, as `durability="fast"` may."""
    resets: int = 0
    """Readers who were told so."""
    kinds: Counter[str] = field(default_factory=Counter)
    """How many images of each durability, and of which kind."""
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        """It as a table."""
        numbers = {
            "seeds": self.seeds,
            "lives": self.lives,
            "events written": self.events,
            "acts recorded": self.acts,
            "images": self.images,
            **{f"  {kind}": count for kind, count in sorted(self.kinds.items())},
            "writes kept": self.losses.kept,
            "writes dropped": self.losses.dropped,
            "writes torn": self.losses.torn,
            "acknowledgements checked": self.checked,
            "seen pieces lost (fast)": self.lost,
            "readers set back (fast)": self.resets,
            "violations": len(self.violations),
        }
        return [*((name, f"{number:,}") for name, number in numbers.items()), ("seconds", f"{self.seconds:.1f}")]

    def add(self, found: Found, kind: str, where: str) -> None:
        """One image more."""
        self.images += 1
        self.kinds[kind] += 1
        self.checked += found.checked
        self.lost += found.lost
        self.resets += found.resets
        self.violations += [f"{where}: {what}" for what in found.violations]


def prove(
    seeds: Iterable[int],
    folder: Path,
    *,
    promised: Callable[[Durability], Durability] = lambda durability: durability,
    deaf_to: tuple[str, ...] = (),
    told: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Judge images of each seed: one at some moment, one at the very end, and of some a further one.

    Args:
        seeds: Which; those of one ten share a life, even tens with `durability="full"` and odd ones with `fast`.
        folder: An empty one, to work in. The images that violate something stay there.
        promised: By which durability a life is judged.
        deaf_to: The files whose syncs the disk ignores; see `Disk`.
        told: Is called after each life.
    """
    tally, began = Tally(), time.monotonic()
    for ten, group in groupby(seeds, lambda seed: seed // SEEDS):
        place = folder / f"life-{ten}"
        place.mkdir()
        life = live(ten, place, "fast" if ten % 2 else "full", deaf_to)
        shutil.rmtree(place)
        tally.lives += 1
        tally.events += sum(map(len, life.diary.written.values()))
        tally.acts += len(life.recording.acts)
        for seed in group:
            tally.seeds += 1
            _Seed(seed, life, promised(life.durability), folder, tally).prove()
        tally.seconds = time.monotonic() - began
        told(tally)
    return tally


class _Seed:
    """What one seed makes of a life."""

    def __init__(self, seed: int, life: Life, promised: Durability, folder: Path, tally: Tally) -> None:
        self._seed, self._chance, self._life, self._promised = seed, random.Random(seed), life, promised
        self._folder, self._tally = folder, tally

    def prove(self) -> None:
        """Judge its images."""
        recording, diary = self._life.recording, self._life.diary
        moment = _moment(recording, diary, self._chance)
        with self._image("some moment", recording, diary, moment) as (image, found):
            if not found.violations and self._chance.random() < TWICE:
                self._again(image, diary.after(found.logs))
        with self._image("the end", recording, diary, self._life.end):
            pass

    @contextmanager
    def _image(self, kind: str, recording: Recording, diary: Diary, moment: int) -> Iterator[tuple[Path, Found]]:
        """Judge one image: where it lies as it was, and what it was found to have. It stays if it violates something."""
        durability = self._life.durability
        image = self._folder / f"{self._seed}-{kind.replace(' ', '-')}"
        image.mkdir()
        self._tally.losses.add(build(recording, moment, self._chance, image))
        with _copy(image) as place:
            found = asyncio.run(judge(place, diary, moment, self._promised, self._chance))
        self._tally.add(found, f"{durability}: {kind}", f"seed {self._seed}, {durability}, {kind}, moment {moment}")
        yield image, found
        if not found.violations:
            shutil.rmtree(image)

    def _again(self, image: Path, diary: Diary) -> None:
        """Let a queen take over what is left, on a recorded disk, and cut that off as well."""
        with _copy(image) as place, Disk(Home(place).store) as disk:
            diary.moment = disk.moment
            asyncio.run(_take_over(place, disk, diary, self._life.durability, self._chance.choice(WAL_PAGES)))
            recording = disk.recording
        with self._image("once more", recording, diary, _moment(recording, diary, self._chance)):
            pass


@contextmanager
def _copy(image: Path) -> Iterator[Path]:
    place = image.with_name(f"{image.name}-opened")
    shutil.copytree(image, place)
    try:
        yield place
    finally:
        shutil.rmtree(place)


async def _take_over(place: Path, disk: Disk, diary: Diary, durability: Durability, wal_pages: int) -> None:
    home = Home.open(place)
    state = QueenState.open(home, store=open_recorded(home.store, disk, diary, durability, wal_pages))
    try:
        await Router.begin(state)
    finally:
        await state.close()


def _moment(recording: Recording, diary: Diary, chance: random.Random) -> int:
    kind = chance.choice(MOMENTS)
    if kind == "told" and diary.acks:
        return chance.choice(diary.acks).at
    if kind == "before a sync" and (waits := _waits(recording)):
        return max(chance.choices(waits, k=SYNCS))[1]
    return chance.randint(0, min(FIRST, len(recording.acts)) if kind == "at first" else len(recording.acts))


def _waits(recording: Recording) -> list[tuple[int, int]]:
    """For each sync, how much had happened since the one before, and its moment."""
    syncs = [n for n, act in enumerate(recording.acts) if isinstance(act, Sync)]
    return [(after - before, after) for before, after in pairwise([0, *syncs])]
