"""Many rounds: real queens are killed again and again, on homes that grow."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.faults.plan import PHASES, Plan, plan
from tests.faults.realm import Realm
from tests.faults.reigns import SERVE
from tests.faults.rounds import Outcome, Round

HOME_ROUNDS = 25
"""Rounds on one home, before there is another."""
SEEDS = 1_000_000
"""Between the first seeds of two campaigns."""


def seeds(first: int, rounds: int) -> range:
    """The seeds of a campaign's rounds."""
    return range(first * SEEDS, first * SEEDS + rounds)


async def campaign(
    folder: Path, plans: Sequence[Plan], *, home_rounds: int = HOME_ROUNDS, told: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Round after round; a home on which something was violated is left as it is, and the next round has a new one.

    Args:
        folder: For the homes; those on which all was well are removed.
        plans: What happens in each round.
        home_rounds: Rounds on one home.
        told: Told of each round when it is over.
    """
    left, outcomes = list(plans), list[Outcome]()
    while left:
        here, left = left[:home_rounds], left[home_rounds:]
        found = await _on_one_home(folder / f"from-{here[0].seed}", here, told)
        outcomes += found
        left = here[len(found) :] + left
    return outcomes


async def _on_one_home(folder: Path, plans: Sequence[Plan], told: Callable[[Outcome], None]) -> list[Outcome]:
    realm, outcomes = Realm(folder), list[Outcome]()
    try:
        later = plans[0].later
        assert await realm.begin(("tests.faults.doomed", str(realm.home.path), "--later", later) if later else SERVE)
        for each, following in zip(plans, [*plans[1:], None], strict=True):
            outcomes.append(await Round(realm, each, following).run())
            told(outcomes[-1])
            if outcomes[-1].violations:
                return outcomes
    finally:
        await realm.close()
    shutil.rmtree(folder)
    return outcomes


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The lines that say what came of a campaign."""
    aimed, hit = Counter(each.aim for each in outcomes), hits(outcomes)
    both = Counter(each.aim for each in outcomes if each.aim in each.hit[0])
    yield f"{'phase':<10}{'aimed at':>10}{'and hit':>10}{'hit in all':>12}"
    for name in (*PHASES, "recovery", "queued"):
        yield f"{name:<10}{aimed[name]:>10}{both[name]:>10}{hit[name]:>12}"
    checked, fates = Counter[str](), Counter[str]()
    for each in outcomes:
        checked.update(each.checked)
        fates.update(each.fates)
    yield f"checked: {_counts(checked)}"
    yield f"jobs under which a queen died: {_counts(fates)}"
    kills, gone_s = sum(len(each.hit) for each in outcomes), max((each.gone_s for each in outcomes), default=0.0)
    yield f"{len(outcomes)} rounds, {kills} queens killed; all that was theirs was gone after {gone_s:.2f} s at most"
    bad = [each for each in outcomes if each.violations]
    yield f"violations in {len(bad)} rounds" + (":" if bad else "")
    for each in bad:
        yield f"seed {each.seed} (aimed at {each.aim}, hit {said(each)}):\n{each.violations}"


def hits(outcomes: Sequence[Outcome]) -> Counter[str]:
    """How many kills have hit each phase; one may hit several."""
    return Counter(name for each in outcomes for kill in each.hit for name in kill)


def said(outcome: Outcome) -> str:
    """What the kills of a round have hit, in words."""
    return ", then ".join(" and ".join(sorted(kill)) for kill in outcome.hit)


def planned(numbers: Sequence[int]) -> list[Plan]:
    """The plans of these seeds."""
    return [plan(number) for number in numbers]


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"
