"""Clients with journals die and begin again in simulated stories, and nothing is lost, repeated or invented."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import pytest

from actors import Side, events
from protocol.dispatch.cancel_all_after import CancelAllAfter
from protocol.structs import evolve

from ..sim import steps
from ..sim.compare import Finding, compare
from ..sim.every_point import count_points, points, session, tell_with
from ..sim.play import Played, play
from ..sim.report import Totals, trace_of
from ..sim.stage import Trader
from ..sim.story import Keeping, draw_story
from ..sim.story_lives import with_lives
from ..sim.venues import VENUES

EVERY: Final = 12
"""Of the points at which one session is broken off, the suite tells each so many-th; `make sim` tells all of them."""


@pytest.fixture(autouse=True)
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("trio_orders"), "propagate", False)


@pytest.mark.parametrize("venue", VENUES)
def test_a_portion_of_stories_with_lives_ends_without_a_fault(venue: str) -> None:
    totals = Totals()
    for seed in range(8):
        totals.add(play(with_lives(draw_story(venue, seed)), compare))
    assert dict(totals.found) == {}
    counts = totals.by_venue[venue]
    assert counts["lives"] > counts["kills"] / 2 > 0


@pytest.mark.parametrize("venue", VENUES)
def test_a_session_may_be_killed_at_any_point(venue: str) -> None:
    for point in list(points(venue))[::EVERY]:
        assert tell_with(point).findings == [], str(point)


def test_a_story_with_lives_is_the_same_every_time() -> None:
    first, second = (play(with_lives(draw_story("kraken-spot", 3)), compare) for _ in range(2))
    assert trace_of(first) == trace_of(second)


def test_a_session_has_points_of_every_kind() -> None:
    counts = count_points("ax")
    assert min(counts["commit"], counts["send"], counts["event"]) > 10


# What is wrong is seen, and called by its name

BUY: Final = steps.Submit(client=0, order=1, name="order-1", side=Side.BUY, quantity=100, price=-50)
KILLED: Final = (BUY, steps.Trade(order=1, percent=30), steps.Kill(client=0), steps.Trade(order=1, percent=50))


def told(*script: steps.Step, keeping: Keeping | None = None) -> Played:
    story = evolve(session("ax"), script=(steps.Open(client=0), *script), journal=keeping or Keeping())
    return play(story, compare, closes=False)


def test_a_client_with_a_journal_goes_on_where_it_was_killed() -> None:
    played = told(*KILLED, steps.Open(client=0))
    (trader,) = played.traders
    assert played.findings == []
    assert len(trader.lives()) == 2
    fills = [event for _, event in trader.heard if isinstance(event, events.Filled)]
    assert [(str(fill.client_order_id), int(fill.last_quantity)) for fill in fills] == [
        ("order-1", 30),
        ("order-1", 35),
    ]


@pytest.mark.parametrize("venue", ["kraken-futures", "kraken-spot"])
def test_a_switch_whose_record_was_not_kept_was_not_set(venue: str) -> None:
    """The first life is killed in the commit that notes its switch, and the second one has none."""
    killed = (steps.Kill(client=0, point="commit", count=2, kept=0.0), steps.Open(client=0))
    script = (*killed, steps.Open(client=0, after=1.0), BUY, steps.Wait(after=20.0))
    story = evolve(session(venue), script=script, journal=Keeping(durability="power", switch=15))
    played = play(story, compare, closes=False)
    (trader,) = played.traders
    assert played.findings == []
    assert len(trader.lives()) == 2
    assert [event for _, event in trader.heard if isinstance(event, events.Accepted)]
    assert not [event for _, event in trader.heard if isinstance(event, events.Canceled)]


FEW: Final = {"finished_window": 1, "fill_window": 1}
"""What memory holds, so that the journal is asked for the rest."""


def placed_and_gone(order: int) -> tuple[steps.Step, ...]:
    placed = evolve(BUY, order=order, name=f"order-{order}", quantity=100 + order, price=-100 + 5 * order)
    return placed, steps.Trade(order=order, percent=30), steps.Cancel(client=0, order=order), steps.Wait(after=1.0)


def forgotten(*more: steps.Step) -> Played:
    """Four orders have ended, memory holds one of them, and the client was killed since."""
    script = [step for order in range(1, 5) for step in placed_and_gone(order)]
    whole = (steps.Open(client=0), *script, steps.Kill(client=0), steps.Open(client=0), *more)
    story = session("ax")
    return play(evolve(story, script=whole, options={**story.options, **FEW}), compare, closes=False)


def test_a_name_that_memory_has_forgotten_is_good_for_no_other_order() -> None:
    again = evolve(BUY, order=9, quantity=190, price=-40)
    played = forgotten(again, steps.Wait(after=2.0))
    assert played.findings == []
    assert 9 not in played.traders[0].sent


def test_a_fill_that_memory_has_forgotten_is_told_once() -> None:
    assert forgotten().findings == []  # all of history was read at the end


def without_a_fill(trader: Trader) -> None:
    """The journal has lost a fill of the first life."""
    place = next(n for n, (_, event) in enumerate(trader.heard) if isinstance(event, events.Filled))
    del trader.heard[place]


def not_intended(trader: Trader) -> None:
    """An order is at the venue, and no life has the intent of it."""
    trader.unanswered.add(1)
    trader.heard[:] = [(at, event) for at, event in trader.heard if not isinstance(event, events.OrderEvent)]


def ahead(trader: Trader) -> None:
    assert trader.memory is not None
    trader.memory.wrong.append(("stream holes", "events were read that no journal has", ""))


def used_twice(trader: Trader) -> None:
    trader.sent[2] = trader.sent[1]


WRONG: dict[str, tuple[Callable[[Trader], None], str, str]] = {
    "a fill is missing": (without_a_fill, "stream holes", "the stream has a hole"),
    "an order was not intended": (not_intended, "lost", "an order was sent before its commit"),
    "a cursor is ahead": (ahead, "stream holes", "events were read that no journal has"),
    "a name is used twice": (used_twice, "other", "a name was good for two orders"),
}


@pytest.mark.parametrize(("change", "kind", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_over_lives_is_called_by_its_name(
    change: Callable[[Trader], None], kind: str, reason: str
) -> None:
    played = told(*KILLED, steps.Open(client=0))
    change(played.traders[0])
    findings: list[Finding] = compare(played)
    assert (kind, reason) in {(finding.kind, finding.reason) for finding in findings}


def test_a_placement_may_wait_for_the_switch_of_an_earlier_life_but_not_overtake_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In this story the venue confirms that it is off long after the placement was taken over."""
    assert play(with_lives(draw_story("kraken-futures", 91)), compare).findings == []
    restore = CancelAllAfter.restore

    def waits_for_nothing(switch: CancelAllAfter, seconds: int) -> None:
        restore(switch, seconds)
        switch._context.awaits_switch = False

    monkeypatch.setattr(CancelAllAfter, "restore", waits_for_nothing)
    findings = play(with_lives(draw_story("kraken-futures", 91)), compare).findings
    assert {finding.reason for finding in findings} == {"the switch of an earlier life is still set"}


@pytest.mark.parametrize("durability", ["process", "power"])
def test_only_a_loss_of_power_may_take_what_was_read(durability: Any) -> None:
    script = (BUY, steps.Trade(order=1, percent=30), steps.PowerLoss(client=0), steps.Open(client=0))
    played = told(*script, keeping=Keeping(durability=durability))
    (trader,) = played.traders
    assert played.findings == []
    assert trader.memory is not None
    assert bool(trader.memory.unsure) is (durability == "process")


def test_a_disk_that_fails_ends_the_journal_and_not_the_trading() -> None:
    script = (
        BUY,
        steps.FailSync(client=0, kept=False),
        steps.Trade(order=1, percent=30),
        steps.Open(client=0, after=2),
    )
    played = told(*script)
    (trader,) = played.traders
    assert played.findings == []
    assert trader.memory is not None
    unsure = [type(event).__name__ for event in trader.memory.unsure]
    assert unsure[0] == "JournalFailed"
    assert "Filled" in unsure
    fills = [event for _, event in trader.heard if isinstance(event, events.Filled)]
    assert [fill.last_quantity for fill in fills] == [30]  # the next life has told it, once
