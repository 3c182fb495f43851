"""What each event of an order's life says, field by field, and what an end leaves to be watched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.facts import Outcome
from protocol.reasons import RejectReason, Why
from protocol.structs import evolve
from protocol.values import NO_TIME, LiquiditySide, OrderStatus, RequestId, Side, TimeInForce, TradeId
from protocol.values import VenueOrderId as Oid
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, IN_PLACE, ask_for, at_work, order_of, whose
from ..order_life import WALL, Rig, acknowledged, canceled, expired, external, refused, rejected, took, traded, view

READS = VenueRules(venue="TEST", reads_history=True, check_unfilled_cancels=True)


# Living


def test_an_accepted_order_is_told_with_the_venues_id_and_time() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    rig.time += SECOND
    rig.hear(acknowledged("v1", 1))
    assert rig.events() == [events.Accepted(**whose(rig))]
    assert rig.last.warnings == []
    assert rig.hear(acknowledged("v1", 1)) == []


def test_an_answer_that_comes_behind_the_news_keeps_the_id_and_is_the_end_of_the_placement() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(acknowledged("v1", 1))
    assert rig.hear(took(1, "v1")) == []
    assert rig.hear(refused(1, Outcome.DEFINITE)) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_a_placement_that_was_given_up_is_over_when_the_order_is_shown() -> None:
    rig = Rig()
    rig.place("a1")
    rig.wait(15)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted"]
    rig.sent()
    assert rig.hear(refused(1, Outcome.DEFINITE)) == []
    assert rig.sent() == []


def test_a_refusal_of_an_accepted_order_is_a_contradiction_and_asked_about() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(acknowledged("v1", 1))
    rig.sent()
    assert rig.hear(refused(1, Outcome.DEFINITE)) == []
    (query,) = rig.sent()
    assert (type(query), query.venue_order_id) == (requests.QueryOrder, "v1")


def test_a_fired_trigger_is_told_once_with_the_venues_time() -> None:
    rig = Rig()
    rig.place("a1", trigger_price="99.0")
    rig.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=Decimal("99.0")))
    rig.records.clear()
    fired = facts.OrderTriggered(time=WALL + 5, order=view("v1", 1, trigger_price=Decimal("99.0")))
    assert rig.hear(fired) == ["Triggered"]
    assert rig.events() == [events.Triggered(**whose(rig, time=WALL + 5))]
    assert rig.hear(fired) == []
    assert rig.status("a1") is OrderStatus.TRIGGERED


def test_an_order_that_nobody_knows_of_is_told_with_the_reason_and_since_when() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    rig.time += SECOND
    rig.hear(refused(1, Outcome.AMBIGUOUS, "broken"))
    now = rig.wall + rig.time
    assert rig.events() == [events.StatusUnknown(**whose(rig, None, NO_TIME), reason="broken", since=now)]
    assert order_of(rig).reason == "broken"


def denied() -> Rig:
    """The venue was asked for the order as often as it takes to prove that it never arrived."""
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is not OrderStatus.DENIED:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    return rig


def test_an_order_that_never_arrived_is_told_without_an_id_or_a_time() -> None:
    rig = denied()
    (told,) = [event for event in rig.events() if isinstance(event, events.Denied)]
    reason = "The venue has no such order, and it takes the placement no more: it never arrived there."
    assert told == events.Denied(**whose(rig, None, NO_TIME), reason=reason, why=Why.NEVER_ARRIVED)


def test_a_denied_order_that_is_shown_is_reopened_and_accepted() -> None:
    rig = denied()
    rig.records.clear()
    rig.wait(2)
    rig.sent()
    rig.hear(acknowledged("v1", 1))
    reopened = events.Reopened(
        **whose(rig),
        was=OrderStatus.DENIED,
        status=OrderStatus.ACCEPTED,
        leaves=Decimal(10),
        reason="The venue shows the order, so it arrived there after all.",
    )
    assert rig.events() == [reopened, events.Accepted(**whose(rig))]
    assert rig.hear(acknowledged("v1", 1)) == []


@pytest.mark.parametrize(("filled", "status"), [(0, OrderStatus.ACCEPTED), (4, OrderStatus.PARTIALLY_FILLED)])
def test_an_accepted_order_that_was_lost_is_reopened_as_far_as_it_has_filled(filled: int, status: OrderStatus) -> None:
    rig = at_work()
    if filled:
        rig.hear(traded("v1", "t1", filled, filled, 1))
    vanish(rig)
    rig.records.clear()
    assert rig.hear(acknowledged("v1", 1, cumulative=Decimal(filled))) == ["Reopened"]
    reopened = events.Reopened(
        **whose(rig),
        was=OrderStatus.UNKNOWN,
        status=status,
        leaves=Decimal(10 - filled),
        reason="The venue shows the order again.",
    )
    assert rig.events() == [reopened]
    assert rig.status("a1") is status


def vanish(rig: Rig) -> None:
    """After a new login, the venue denies three times to know the order."""
    rig.lose_link()
    rig.sent()
    rig.log_in()
    while rig.status("a1") is not OrderStatus.UNKNOWN:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))


def test_a_rejected_order_that_is_shown_alive_is_warned_of_and_one_that_is_shown_ended_is_not() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(rejected("v1", 1))
    assert rig.hear(acknowledged("v1", 1)) == []
    assert rig.last.warnings == [
        "The venue shows order a1 as live, though it had rejected it. If you do not want it, cancel it at the venue."
    ]
    rig.log_in(view("v1", 1, status=OrderStatus.CANCELED))
    assert rig.last.warnings == []
    rig.log_in(view("v1", 1, status=None))
    assert rig.last.warnings == []


# Ends


@pytest.mark.parametrize("filled", [0, 4])
def test_a_canceled_order_is_told_with_the_reason_and_what_had_filled(filled: int) -> None:
    rig = at_work()
    if filled:
        rig.hear(traded("v1", "t1", filled, filled, 1))
    rig.records.clear()
    assert rig.hear(canceled("v1", 1, filled)) == ["Canceled"]
    assert rig.events() == [
        events.Canceled(**whose(rig), reason="asked for", cumulative=Decimal(filled), due_post_only=False)
    ]
    assert rig.hear(canceled("v1", 1, filled)) == []


def test_an_expired_order_is_told_with_the_reason_and_what_had_filled() -> None:
    rig = at_work()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.records.clear()
    rig.hear(evolve(expired("v1", 1), reason="its time was over"))
    assert rig.events() == [events.Expired(**whose(rig), reason="its time was over", cumulative=Decimal(4))]
    assert rig.hear(expired("v1", 1)) == []


@pytest.mark.parametrize(("why", "told"), [("", "the rest of an IOC order"), ("nothing to meet", "nothing to meet")])
def test_an_order_that_may_not_rest_is_canceled_where_the_venue_says_expired(why: str, told: str) -> None:
    rig = at_work()
    rig.hear(evolve(expired("v1", 1, TimeInForce.IOC), reason=why))
    assert rig.events() == [events.Canceled(**whose(rig), reason=told, cumulative=Decimal(0))]


def test_an_expiry_that_does_not_say_how_long_the_order_was_for_goes_by_what_was_placed() -> None:
    rig = Rig()
    rig.place("a1", time_in_force=TimeInForce.IOC)
    rig.hear(acknowledged("v1", 1, time_in_force=TimeInForce.IOC))
    rig.records.clear()
    gone = expired("v1", 1)
    rig.hear(evolve(gone, order=evolve(gone.order, time_in_force=None)))
    assert rig.events() == [events.Canceled(**whose(rig), reason="the rest of an IOC order", cumulative=Decimal(0))]


@pytest.mark.parametrize("due", [True, False])
def test_a_rejected_order_is_told_with_the_venues_id_and_whether_it_would_have_traded(due: bool) -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    assert rig.hear(rejected("v1", 1, post_only=due)) == ["Rejected"]
    why = RejectReason.POST_ONLY if due else RejectReason.OTHER
    assert rig.events() == [events.Rejected(**whose(rig), reason="NO", due_post_only=due, why=why)]
    assert rig.hear(rejected("v1", 1, post_only=due)) == []


@pytest.mark.parametrize("due", [True, False])
def test_an_order_taken_out_of_the_book_as_rejected_was_canceled(due: bool) -> None:
    rig = at_work()
    rig.hear(evolve(rejected("v1", 1, post_only=due), removed=True))
    assert rig.events() == [events.Canceled(**whose(rig), reason="NO", cumulative=Decimal(0), due_post_only=due)]


def test_a_refused_placement_is_told_without_a_time() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    rig.hear(evolve(refused(1, Outcome.DEFINITE, "closed"), why=RejectReason.MARKET_CLOSED))
    told = events.Rejected(
        **whose(rig, None, NO_TIME), reason="closed", due_post_only=False, why=RejectReason.MARKET_CLOSED
    )
    assert rig.events() == [told]


def test_an_order_that_was_not_written_is_denied_with_the_reason() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    assert rig.apply(NotWritten([RequestId(1)], "cut", Why.BUSY)) == ["Denied"]
    assert rig.events() == [events.Denied(**whose(rig, None, NO_TIME), reason="cut", why=Why.BUSY)]


# Fills


def test_a_fill_is_told_with_all_that_follows_from_it() -> None:
    rig = at_work()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    fill = events.Filled(
        **whose(rig),
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
    assert rig.events() == [fill]
    rig.records.clear()
    rig.hear(traded("v1", "t2", 6, 10, 1))
    changed: dict[str, Any] = {
        "trade_id": TradeId("t2"),
        "last_quantity": Decimal(6),
        "cumulative": Decimal(10),
        "leaves": Decimal(0),
    }
    assert rig.events() == [evolve(fill, **changed, status=OrderStatus.FILLED, concluded=True)]


# What others had asked for


def test_a_refused_cancel_is_told_with_its_number() -> None:
    rig = at_work()
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.time += SECOND
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE, "too late")) == ["CancelRejected"]
    assert rig.events() == [
        events.CancelRejected(**whose(rig, time=NO_TIME), request_id=RequestId(2), reason="too late")
    ]


def test_a_refused_change_is_told_with_its_number() -> None:
    rig = at_work()
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    rig.time += SECOND
    rig.hear(refused(rig.numbers, Outcome.DEFINITE, "too late"))
    assert rig.events() == [
        events.ReplaceRejected(**whose(rig, time=NO_TIME), request_id=RequestId(2), reason="too late")
    ]


def test_a_refused_cancel_that_nobody_asked_for_is_not_told() -> None:
    rig = Rig(cancel_unknown=True)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.records.clear()
    cancel = ask_for(rig, requests.CancelOrder)
    assert rig.hear(refused(cancel.request_id, Outcome.DEFINITE)) == []


@pytest.mark.parametrize("extra", [0, 5], ids=["the same quantity", "more"])
def test_an_order_that_was_executed_whole_while_it_might_have_grown_is_complete_when_it_does_not(extra: int) -> None:
    rig = at_work(IN_PLACE)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=10 + extra, price="99.0"))
    names = rig.hear(traded("v1", "t1", 10, 10, 1))
    assert names == ["Filled"]
    rig.records.clear()
    names = rig.hear(refused(rig.numbers, Outcome.DEFINITE, "no"))
    if extra:
        assert names == ["ReplaceRejected", "Completed"]
        assert rig.events()[-1] == events.Completed(**whose(rig, time=NO_TIME), cumulative=Decimal(10), concluded=True)
    assert rig.status("a1") is OrderStatus.FILLED


def test_an_order_in_doubt_is_not_complete_because_its_change_was_refused() -> None:
    rig = at_work(IN_PLACE)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=15))
    rig.hear(traded("v1", "t1", 10, 10, 1))
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE, "no")) == ["ReplaceRejected"]


# Adopted


def test_an_adopted_order_is_told_as_accepted_when_its_news_come() -> None:
    """What is registered by its id was accepted by somebody's hand; the venue's first word of it says so."""
    rig = Rig()
    external(rig, "x7", "v7")
    rig.records.clear()
    names = rig.hear(acknowledged("v7", None))
    assert names == ["Accepted"]
