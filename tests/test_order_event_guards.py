"""What each event of an order's life says, field by field, and what an end leaves to be watched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.facts import Outcome
from protocol.values import NO_TIME, LiquiditySide, OrderStatus, RequestId, Side, TimeInForce, TradeId
from protocol.values import VenueOrderId as Oid
from protocol.venue import SECOND, VenueRules

from .guarding import A1, IN_PLACE, ask_for, at_work, order_of, whose
from .order_life import (
    WALL,
    Desk,
    acknowledged,
    canceled,
    expired,
    external,
    refused,
    rejected,
    took,
    traded,
    view,
)

READS = VenueRules(venue="TEST", reads_history=True, check_unfilled_cancels=True)


# Living


def test_an_accepted_order_is_told_with_the_venues_id_and_time() -> None:
    desk = Desk()
    desk.place("a1")
    desk.records.clear()
    desk.time += SECOND
    desk.hear(acknowledged("v1", 1))
    assert desk.events() == [events.Accepted(**whose(desk))]
    assert desk.last.warnings == []
    assert desk.hear(acknowledged("v1", 1)) == []


def test_an_answer_that_comes_behind_the_news_keeps_the_id_and_is_the_end_of_the_placement() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(acknowledged("v1", 1))
    assert desk.hear(took(1, "v1")) == []
    assert desk.hear(refused(1, Outcome.DEFINITE)) == []
    assert desk.status("a1") is OrderStatus.ACCEPTED


def test_a_placement_that_was_given_up_is_over_when_the_order_is_shown() -> None:
    desk = Desk()
    desk.place("a1")
    desk.wait(15)
    assert desk.status("a1") is OrderStatus.UNKNOWN
    assert desk.hear(acknowledged("v1", 1)) == ["Accepted"]
    desk.sent()
    assert desk.hear(refused(1, Outcome.DEFINITE)) == []
    assert desk.sent() == []


def test_a_refusal_of_an_accepted_order_is_a_contradiction_and_asked_about() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(acknowledged("v1", 1))
    desk.sent()
    assert desk.hear(refused(1, Outcome.DEFINITE)) == []
    (query,) = desk.sent()
    assert (type(query), query.venue_order_id) == (requests.QueryOrder, "v1")


def test_a_fired_trigger_is_told_once_with_the_venues_time() -> None:
    desk = Desk()
    desk.place("a1", trigger_price="99.0")
    desk.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=Decimal("99.0")))
    desk.records.clear()
    fired = facts.OrderTriggered(time=WALL + 5, order=view("v1", 1, trigger_price=Decimal("99.0")))
    assert desk.hear(fired) == ["Triggered"]
    assert desk.events() == [events.Triggered(**whose(desk, time=WALL + 5))]
    assert desk.hear(fired) == []
    assert desk.status("a1") is OrderStatus.TRIGGERED


def test_an_order_that_nobody_knows_of_is_told_with_the_reason_and_since_when() -> None:
    desk = Desk()
    desk.place("a1")
    desk.records.clear()
    desk.time += SECOND
    desk.hear(refused(1, Outcome.AMBIGUOUS, "broken"))
    now = desk.wall + desk.time
    assert desk.events() == [events.Unknown(**whose(desk, None, NO_TIME), reason="broken", since=now)]
    assert order_of(desk).reason == "broken"


def denied() -> Desk:
    """The venue was asked for the order as often as it takes to prove that it never arrived."""
    desk = Desk()
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    while desk.status("a1") is not OrderStatus.DENIED:
        query = ask_for(desk, requests.QueryOrder)
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    return desk


def test_an_order_that_never_arrived_is_told_without_an_id_or_a_time() -> None:
    desk = denied()
    (told,) = [event for event in desk.events() if isinstance(event, events.Denied)]
    reason = "The venue has no such order, and it takes the placement no more: it never arrived there."
    assert told == events.Denied(**whose(desk, None, NO_TIME), reason=reason)


def test_a_denied_order_that_is_shown_is_reopened_and_accepted() -> None:
    desk = denied()
    desk.records.clear()
    desk.wait(2)
    desk.sent()
    desk.hear(acknowledged("v1", 1))
    reopened = events.Reopened(
        **whose(desk),
        was=OrderStatus.DENIED,
        status=OrderStatus.ACCEPTED,
        leaves=Decimal(10),
        reason="The venue shows the order, so it arrived there after all.",
    )
    assert desk.events() == [reopened, events.Accepted(**whose(desk))]
    assert desk.hear(acknowledged("v1", 1)) == []


@pytest.mark.parametrize(("filled", "status"), [(0, OrderStatus.ACCEPTED), (4, OrderStatus.PARTIALLY_FILLED)])
def test_an_accepted_order_that_was_lost_is_reopened_as_far_as_it_has_filled(filled: int, status: OrderStatus) -> None:
    desk = at_work()
    if filled:
        desk.hear(traded("v1", "t1", filled, filled, 1))
    vanish(desk)
    desk.records.clear()
    assert desk.hear(acknowledged("v1", 1, cumulative=Decimal(filled))) == ["Reopened"]
    reopened = events.Reopened(
        **whose(desk),
        was=OrderStatus.UNKNOWN,
        status=status,
        leaves=Decimal(10 - filled),
        reason="The venue shows the order again.",
    )
    assert desk.events() == [reopened]
    assert desk.status("a1") is status


def vanish(desk: Desk) -> None:
    """After a new login, the venue denies three times to know the order."""
    desk.lose_link()
    desk.sent()
    desk.log_in()
    while desk.status("a1") is not OrderStatus.UNKNOWN:
        query = ask_for(desk, requests.QueryOrder)
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))


def test_a_rejected_order_that_is_shown_alive_is_warned_of_and_one_that_is_shown_ended_is_not() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(rejected("v1", 1))
    assert desk.hear(acknowledged("v1", 1)) == []
    assert desk.last.warnings == [
        "The venue shows order a1 as live, though it had rejected it. If you do not want it, cancel it at the venue."
    ]
    desk.log_in(view("v1", 1, status=OrderStatus.CANCELED))
    assert desk.last.warnings == []
    desk.log_in(view("v1", 1, status=None))
    assert desk.last.warnings == []


# Ends


@pytest.mark.parametrize("filled", [0, 4])
def test_a_canceled_order_is_told_with_the_reason_and_what_had_filled(filled: int) -> None:
    desk = at_work()
    if filled:
        desk.hear(traded("v1", "t1", filled, filled, 1))
    desk.records.clear()
    assert desk.hear(canceled("v1", 1, filled)) == ["Canceled"]
    assert desk.events() == [
        events.Canceled(**whose(desk), reason="asked for", cumulative=Decimal(filled), due_post_only=False)
    ]
    assert desk.hear(canceled("v1", 1, filled)) == []


def test_an_expired_order_is_told_with_the_reason_and_what_had_filled() -> None:
    desk = at_work()
    desk.hear(traded("v1", "t1", 4, 4, 1))
    desk.records.clear()
    desk.hear(evolve(expired("v1", 1), reason="its time was over"))
    assert desk.events() == [events.Expired(**whose(desk), reason="its time was over", cumulative=Decimal(4))]
    assert desk.hear(expired("v1", 1)) == []


@pytest.mark.parametrize(("why", "told"), [("", "the rest of an IOC order"), ("nothing to meet", "nothing to meet")])
def test_an_order_that_may_not_rest_is_canceled_where_the_venue_says_expired(why: str, told: str) -> None:
    desk = at_work()
    desk.hear(evolve(expired("v1", 1, TimeInForce.IOC), reason=why))
    assert desk.events() == [events.Canceled(**whose(desk), reason=told, cumulative=Decimal(0))]


def test_an_expiry_that_does_not_say_how_long_the_order_was_for_goes_by_what_was_placed() -> None:
    desk = Desk()
    desk.place("a1", time_in_force=TimeInForce.IOC)
    desk.hear(acknowledged("v1", 1, time_in_force=TimeInForce.IOC))
    desk.records.clear()
    gone = expired("v1", 1)
    desk.hear(evolve(gone, order=evolve(gone.order, time_in_force=None)))
    assert desk.events() == [events.Canceled(**whose(desk), reason="the rest of an IOC order", cumulative=Decimal(0))]


@pytest.mark.parametrize("due", [True, False])
def test_a_rejected_order_is_told_with_the_venues_id_and_whether_it_would_have_traded(due: bool) -> None:
    desk = Desk()
    desk.place("a1")
    desk.records.clear()
    assert desk.hear(rejected("v1", 1, post_only=due)) == ["Rejected"]
    assert desk.events() == [events.Rejected(**whose(desk), reason="NO", due_post_only=due)]
    assert desk.hear(rejected("v1", 1, post_only=due)) == []


@pytest.mark.parametrize("due", [True, False])
def test_an_order_taken_out_of_the_book_as_rejected_was_canceled(due: bool) -> None:
    desk = at_work()
    desk.hear(evolve(rejected("v1", 1, post_only=due), removed=True))
    assert desk.events() == [events.Canceled(**whose(desk), reason="NO", cumulative=Decimal(0), due_post_only=due)]


def test_a_refused_placement_is_told_without_a_time() -> None:
    desk = Desk()
    desk.place("a1")
    desk.records.clear()
    desk.hear(evolve(refused(1, Outcome.DEFINITE, "closed"), due_post_only=True))
    assert desk.events() == [events.Rejected(**whose(desk, None, NO_TIME), reason="closed", due_post_only=True)]


def test_an_order_that_was_not_written_is_denied_with_the_reason() -> None:
    desk = Desk()
    desk.place("a1")
    desk.records.clear()
    assert desk.apply(NotWritten([RequestId(1)], "cut")) == ["Denied"]
    assert desk.events() == [events.Denied(**whose(desk, None, NO_TIME), reason="cut")]


# Fills


def test_a_fill_is_told_with_all_that_follows_from_it() -> None:
    desk = at_work()
    desk.hear(traded("v1", "t1", 4, 4, 1))
    fill = events.Filled(
        **whose(desk),
        trade_id=TradeId("t1"),
        fill_venue_order_id=Oid("v1"),
        last_price=Decimal("100.0"),
        last_quantity=Decimal(4),
        cumulative=Decimal(4),
        leaves=Decimal(6),
        overfill=Decimal(0),
        currency="USD",
        commission=None,
        liquidity=LiquiditySide.MAKER,
        status=OrderStatus.PARTIALLY_FILLED,
        side=Side.BUY,
        concluded=False,
    )
    assert desk.events() == [fill]
    desk.records.clear()
    desk.hear(traded("v1", "t2", 6, 10, 1))
    changed: dict[str, Any] = {
        "trade_id": TradeId("t2"),
        "last_quantity": Decimal(6),
        "cumulative": Decimal(10),
        "leaves": Decimal(0),
    }
    assert desk.events() == [evolve(fill, **changed, status=OrderStatus.FILLED, concluded=True)]


# What others had asked for


def test_a_refused_cancel_is_told_with_its_number() -> None:
    desk = at_work()
    desk.ask(commands.Cancel(A1), Admission.CANCEL)
    desk.time += SECOND
    assert desk.hear(refused(desk.numbers, Outcome.DEFINITE, "too late")) == ["CancelRejected"]
    assert desk.events() == [
        events.CancelRejected(**whose(desk, time=NO_TIME), request_id=RequestId(2), reason="too late")
    ]


def test_a_refused_change_is_told_with_its_number() -> None:
    desk = at_work()
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    desk.time += SECOND
    desk.hear(refused(desk.numbers, Outcome.DEFINITE, "too late"))
    assert desk.events() == [
        events.ModifyRejected(**whose(desk, time=NO_TIME), request_id=RequestId(2), reason="too late")
    ]


def test_a_refused_cancel_that_nobody_asked_for_is_not_told() -> None:
    desk = Desk(cancel_unknown=True)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.records.clear()
    cancel = ask_for(desk, requests.CancelOrder)
    assert desk.hear(refused(cancel.request_id, Outcome.DEFINITE)) == []


@pytest.mark.parametrize("extra", [0, 5], ids=["the same quantity", "more"])
def test_an_order_that_was_executed_whole_while_it_might_have_grown_is_complete_when_it_does_not(extra: int) -> None:
    desk = at_work(IN_PLACE)
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=10 + extra, price="99.0"))
    names = desk.hear(traded("v1", "t1", 10, 10, 1))
    assert names == ["Filled"]
    desk.records.clear()
    names = desk.hear(refused(desk.numbers, Outcome.DEFINITE, "no"))
    if extra:
        assert names == ["ModifyRejected", "Completed"]
        assert desk.events()[-1] == events.Completed(
            **whose(desk, time=NO_TIME), cumulative=Decimal(10), concluded=True
        )
    assert desk.status("a1") is OrderStatus.FILLED


def test_an_order_in_doubt_is_not_complete_because_its_change_was_refused() -> None:
    desk = at_work(IN_PLACE)
    desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=15))
    desk.hear(traded("v1", "t1", 10, 10, 1))
    desk.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    assert desk.hear(refused(desk.numbers, Outcome.DEFINITE, "no")) == ["ModifyRejected"]


# Adopted


def test_an_adopted_order_is_told_as_accepted_when_its_news_come() -> None:
    """What is registered by its id was accepted by somebody's hand; the venue's first word of it says so."""
    desk = Desk()
    external(desk, "x7", "v7")
    desk.records.clear()
    names = desk.hear(acknowledged("v7", None))
    assert names == ["Accepted"]
