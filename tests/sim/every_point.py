"""One session of trading at each venue, told again and again: each time the client is killed at another point of it.

First the session is told without a kill, to count its commits, the pieces of data that it sends and the events that it
reads. Then it is killed in every commit (before anything of it is kept, in the middle, and when all is kept and nothing
released), behind everything that is sent, and behind every event; it is opened again, goes on, and is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from actors import Side
from actors.journal import Durability
from protocol.structs import evolve

from . import steps
from .compare import compare
from .play import Played, play
from .stage import WELL
from .story import Keeping, Story, draw_story
from .venues import VENUES

__all__ = ["Point", "broken_off", "count_points", "points", "session", "tell_with"]

KEPT: Final = (0.0, 0.5, 1.0)


@frozen
class Point:
    """Where the session is broken off, at a venue whose client has such a journal."""

    venue: str
    kill: steps.Kill
    durability: Durability = "process"


def session(venue: str, durability: Durability = "process") -> Story:
    """Placements, partial fills, changes, cancels and an outage, in quiet weather."""
    settings = {"users": VENUES[venue].users, "quotes": False, "strict": True}
    story = draw_story(venue, 0, calm=True)
    script = (steps.Open(client=0), *_trading())
    return evolve(
        story, script=script, settings=settings, scenes=("every point",), journal=Keeping(durability=durability)
    )


def _buy(order: int) -> steps.Submit:
    return steps.Submit(
        client=0, order=order, name=f"point-{order}", side=Side.BUY, quantity=100 + order, price=-100 + 5 * order
    )


def _trading() -> Iterator[steps.Step]:
    """After each step, a client that has been killed is opened again."""
    for step in (
        _buy(1),
        steps.Trade(order=1, percent=30),
        _buy(2),
        steps.Change(client=0, order=2, quantity=300, price=-3),
        steps.Trade(order=2, percent=40),
        steps.Cancel(client=0, order=1),
        _buy(3),
        steps.Cut(after=0.1),
        steps.Trade(order=2, percent=50),
        steps.Trade(order=3, percent=100),
        steps.Heal(after=1.0),
        _buy(4),
        steps.Trade(order=4, percent=100, after=1.0),
        steps.Cancel(client=0, order=2),
        steps.Trade(order=2, percent=100),
    ):
        yield step
        if not isinstance(step, steps.Cut):
            yield steps.Open(client=0, if_dead=True, after=0.2)


def count_points(venue: str) -> Counter[str]:
    """Commits, pieces of data sent and events read until the end of the script."""
    played = play(session(venue), compare, closes=False)
    (trader,) = played.traders
    assert trader.memory is not None
    end = next(at for at, _, what in played.log if what == WELL)
    return Counter(what for at, what in trader.memory.done if at <= end)


def points(venue: str) -> Iterator[Point]:
    """All of them. With a sync in each commit others run beside it, so that what is sent too early gets away."""
    counts = count_points(venue)
    for count in range(1, counts["commit"] + 1):
        yield Point(venue, steps.Kill(client=0, point="commit", count=count, kept=0.0, after=0.0), "power")
        for kept in KEPT:
            yield Point(venue, steps.Kill(client=0, point="commit", count=count, kept=kept, after=0.0))
    for count in range(1, counts["send"] + 1):
        yield Point(venue, steps.Kill(client=0, point="send", count=count, after=0.0))
    for count in range(1, counts["event"] + 1):
        yield Point(venue, steps.Kill(client=0, point="event", count=count, after=0.0))


def broken_off(point: Point) -> Story:
    """The session with that kill, which is armed before the client opens."""
    story = session(point.venue, point.durability)
    return evolve(story, script=(point.kill, *story.script))


def tell_with(point: Point) -> Played:
    return play(broken_off(point), compare)
