"""Draws lives into a story: its clients keep journals, and their processes, machines and disks fail."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from protocol.structs import evolve

from . import steps
from .story import Keeping, Story
from .venues import VENUES

__all__ = ["SHARE", "has_lives", "with_lives"]

SHARE: Final = 1 / 3
"""Of the stories."""
MOST: Final = 4
"""Mishaps of this kind in a story."""
COMMITS: Final = 6
SMALL: Final = 100
AGAIN: Final = 0.05
"""Chance that a client places an order under a name that it has used, which must be refused."""
USED_AGAIN: Final = 1000
"""Added to the number of an order, and to its quantity."""
FEW: Final = 0.3
"""Chance that memory holds few fills and ended orders, so that the journal is asked."""
SENDS: Final = 6
EVENTS: Final = 12


def has_lives(venue: str, seed: int) -> bool:
    """Whether the story of a seed is one with journals."""
    return random.Random(f"{venue} {seed} has lives").random() < SHARE


def with_lives(story: Story) -> Story:
    """The same story, whose clients keep journals, with up to `MOST` mishaps in it."""
    chance = random.Random(f"{story.venue} {story.seed} lives")
    keeping = _draw_keeping(chance, story.venue)
    places = [place for place in range(1, len(story.script) + 1) if _opened(story.script[:place])]
    chosen = set(chance.sample(places, k=min(len(places), chance.randint(1, MOST))))
    script: list[steps.Step] = []
    for place, step in enumerate(story.script, 1):
        script.append(step)
        if place in chosen:
            client = chance.choice(_opened(story.script[:place]))
            script += chance.choices(MISHAPS, WEIGHTS)[0](chance, client, _last_order(script))
        if isinstance(step, steps.Submit) and chance.random() < AGAIN:
            again = chance.choice([step for step in script if isinstance(step, steps.Submit)])
            script.append(evolve(again, order=step.order + USED_AGAIN, quantity=again.quantity + USED_AGAIN))
    few = {"fill_window": 2, "finished_window": chance.choice((3, 10_000))} if chance.random() < FEW else {}
    return evolve(story, script=tuple(script), journal=keeping, options={**story.options, **few})


def _draw_keeping(chance: random.Random, venue: str) -> Keeping:
    snapshot_after = chance.choice((50_000, 50_000, 5, 40))
    has_switch = VENUES[venue].is_armed is not None
    return Keeping(
        durability=chance.choice(("process", "process", "power")),
        snapshot_after=snapshot_after,
        keep_records=chance.choice((None, 60)) if snapshot_after < SMALL else None,
        switch=chance.choice((0, 0, 15)) if has_switch else 0,
    )


def _opened(script: tuple[steps.Step, ...]) -> list[int]:
    """The clients that have been opened so far."""
    return sorted({step.client for step in script if isinstance(step, steps.Open)})


def _last_order(script: list[steps.Step]) -> int | None:
    orders = (step.order for step in reversed(script) if isinstance(step, steps.Submit))
    return next(orders, None)


def _away(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    """What happens until the program is there again."""
    if order is not None and chance.random() < 0.6:
        yield steps.Trade(order=order, percent=chance.choice((10, 30, 100)), after=chance.choice((0.1, 1.0)))
    if order is not None and chance.random() < 0.15:
        yield steps.OtherCancels(order=order, after=0.2)
    if chance.random() < 0.2:
        yield steps.RestartVenue(after=0.1)
        yield steps.Heal(after=0.1)
    yield steps.Open(client=client, after=chance.choice((0.1, 1.0, 5.0, 30.0)))


def killed_at_once(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.Kill(client=client, after=_soon(chance))
    yield from _away(chance, client, order)


def killed_in_a_commit(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    kept = chance.choice((0.0, 0.0, 0.5, 1.0, 1.0))
    yield steps.Kill(client=client, point="commit", count=chance.randint(1, COMMITS), kept=kept, after=_soon(chance))
    yield from _away(chance, client, order)


def killed_behind_a_send(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.Kill(client=client, point="send", count=chance.randint(1, SENDS), after=_soon(chance))
    yield from _away(chance, client, order)


def killed_behind_an_event(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.Kill(client=client, point="event", count=chance.randint(1, EVENTS), after=_soon(chance))
    yield from _away(chance, client, order)


def killed_while_it_opens(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.Kill(client=client, after=_soon(chance))
    kept = chance.choice((0.0, 0.5, 1.0))
    yield steps.Kill(client=client, point="commit", count=chance.randint(1, COMMITS), kept=kept, after=0.1)
    yield from _away(chance, client, order)
    yield steps.Open(client=client, after=chance.choice((0.3, 5.0)))


def without_power(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    kept = chance.choice((0.0, chance.random(), chance.random()))
    yield steps.PowerLoss(client=client, kept=kept, after=_soon(chance))
    yield from _away(chance, client, order)


def full_disk(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.FillDisk(client=client, seconds=chance.choice((1.0, 7.0, 20.0)), after=_soon(chance))
    if chance.random() < 0.3:
        yield from killed_at_once(chance, client, order)


def failing_sync(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.FailSync(client=client, kept=chance.random() < 0.5, after=_soon(chance))
    if order is not None:
        yield steps.Trade(order=order, percent=30, after=1.0)
    yield steps.Wait(after=chance.choice((0.1, 10.0)))
    yield from killed_at_once(chance, client, order)


def slow_disk(chance: random.Random, client: int, order: int | None) -> Iterator[steps.Step]:
    yield steps.SlowDisk(client=client, seconds=chance.choice((0.01, 0.05, 0.4)), after=_soon(chance))
    if chance.random() < 0.5:
        yield steps.Wait(after=2.0)
        yield from killed_in_a_commit(chance, client, order)


def _soon(chance: random.Random) -> float:
    """Seconds, and often in the middle of what the step before set going."""
    return chance.choice((0.0, 0.001, 0.01, 0.1, 1.0))


Mishap = Callable[[random.Random, int, Any], Iterator[steps.Step]]
MISHAPS: Final[tuple[Mishap, ...]] = (
    killed_at_once,
    killed_in_a_commit,
    killed_behind_a_send,
    killed_behind_an_event,
    killed_while_it_opens,
    without_power,
    full_disk,
    failing_sync,
    slow_disk,
)
WEIGHTS: Final = (2, 4, 2, 2, 1, 3, 1, 1, 1)
