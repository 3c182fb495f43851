"""What an adopted or registered order begins with: its terms, what counts as heard of it, and its name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from protocol import commands, events, facts, requests
from protocol.dispatch.records import Counted, Registered
from protocol.orders import OrderIdentity, OrderState
from protocol.structs import evolve
from protocol.values import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    StrategyId,
    TimeInForce,
    TraderId,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueRules

from ..order_life import GOLD, WALL, Rig, acknowledged, canceled, external, replaced, took, trade, view


def at(second: float) -> int:
    return WALL + int(second * SECOND)


def shown(rig: Rig) -> events.OrderStatusReport:
    """The newest report of an order that is not ours."""
    return [record for record in rig.records if isinstance(record, events.OrderStatusReport)][-1]


def adopt(rig: Rig, report: events.OrderStatusReport, name: str | None = None) -> Any:
    rig.records.clear()
    client_order_id = None if name is None else ClientOrderId(name)
    return rig.ask(commands.Adopt(report=report, client_order_id=client_order_id, strategy=StrategyId("mm")), None)


Way = Callable[[Rig], Any]
BOTH_WAYS: tuple[Way, Way] = (lambda rig: adopt(rig, shown(rig), "a1"), lambda rig: external(rig, "a1", "X1"))
"""An order of another session becomes ours by adopting a report of it, or by registering its ids."""


def registered(rig: Rig) -> Registered:
    (record,) = [record for record in rig.records if isinstance(record, Registered)]
    return record


def identity(name: str, strategy: str, **known: Any) -> OrderIdentity:
    """Of an order that is tracked from 100 s on."""
    return OrderIdentity(
        trader=TraderId("T"),
        strategy=StrategyId(strategy),
        account=AccountId("A"),
        instrument=InstrumentId("GOLD", "TEST"),
        client_order_id=ClientOrderId(name),
        currency=GOLD.quote_currency,
        local_time=at(100),
        **known,
    )


FIRST = {"side": Side.SELL, "cumulative": Decimal(4), "trigger_price": Decimal(99), "post_only": True}


def test_an_adopted_order_begins_with_all_that_the_venue_has_shown() -> None:
    rig = Rig()
    stop = OrderType.STOP_LIMIT
    rig.hear(evolve(acknowledged("X1", 7, type=stop, status=OrderStatus.TRIGGERED, **FIRST), time=at(98)))
    state = adopt(rig, shown(rig))
    known = identity("CID-7", "mm", side=Side.SELL, type=stop, wire_id=7)
    assert rig.records[0] == Registered(
        identity=known,
        venue_order_id=VenueOrderId("X1"),
        heard=Decimal(4),
        counted=Counted(since=at(98), until=at(98), untold=Decimal(0)),
        quantity=Decimal(10),
        price=Decimal("100.0"),
        trigger_price=Decimal(99),
        time_in_force=TimeInForce.GTC,
        post_only=True,
    )
    assert state == OrderState(
        identity=known,
        status=OrderStatus.TRIGGERED,
        venue_order_id=VenueOrderId("X1"),
        quantity=Decimal(10),
        cumulative=Decimal(4),
        price=Decimal("100.0"),
        trigger_price=Decimal(99),
        time_in_force=TimeInForce.GTC,
        reason="",
        request_id=None,
    )
    assert [type(record).__name__ for record in rig.records] == ["Registered", "Accepted", "Triggered"]
    accepted, triggered = rig.events()
    assert isinstance(accepted, events.Accepted)
    assert isinstance(triggered, events.Triggered)
    assert (accepted.venue_time, triggered.venue_time) == (at(98), at(98))


def test_what_a_market_order_may_cost_at_most_is_no_price_of_it() -> None:
    for take in BOTH_WAYS:
        rig = Rig()
        rig.hear(acknowledged("X1", 7, type=OrderType.MARKET))
        take(rig)
        assert registered(rig).price is None
        assert rig.state.orders.live[ClientOrderId("a1")].price is None


def counts_more_than_the_stream() -> tuple[Rig, events.OrderStatusReport]:
    """A list that was asked for at 102 s and came at 104 s counts 6; the stream said 2 at 99 s and at 103 s."""
    rig = Rig()
    rig.hear(evolve(acknowledged("X1", 7, cumulative=Decimal(2)), time=at(99)))
    rig.wait(2)
    rig.ask(commands.OpenOrders())
    question = rig.numbers
    rig.wait(1)
    rig.hear(evolve(acknowledged("X1", 7, cumulative=Decimal(2)), time=at(103)))
    rig.wait(1)
    rig.hear(took(question, orders=(view("X1", 7, cumulative=Decimal(6)),)))
    (reply,) = rig.replies
    assert isinstance(reply.value, tuple)
    (report,) = reply.value
    assert isinstance(report, events.OrderStatusReport)
    return rig, report


def test_what_the_list_counts_beyond_the_last_message_counts_as_heard() -> None:
    rig, report = counts_more_than_the_stream()
    assert adopt(rig, report).cumulative == 6
    record = registered(rig)
    assert record.heard == 6
    assert record.counted == Counted(since=at(99), until=at(104), untold=Decimal(4))
    rig.ask(commands.ReadFills(start=0, end=2 * WALL))
    rows = tuple(evolve(trade("X1", tid, size), time=at(time)) for tid, size, time in (("t1", 4, 101), ("t2", 1, 105)))
    assert rig.hear(facts.FillsListed(request_id=RequestId(rig.numbers), trades=rows)) == ["Filled"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 7


def test_a_report_that_counts_nothing_or_less_takes_nothing_from_what_is_known() -> None:
    for count in (None, Decimal(1), Decimal(6)):
        rig = Rig()
        rig.hear(evolve(acknowledged("X1", 7, cumulative=Decimal(6)), time=at(99)))
        report = evolve(shown(rig), cumulative=count)
        assert adopt(rig, report).cumulative == 6
        record = registered(rig)
        assert record.heard == 6
        assert record.counted == Counted(since=at(99), until=at(99), untold=Decimal(0))


def test_an_adopted_order_is_no_other_sessions_any_more() -> None:
    """What it goes on as is news of an order of ours, and no report."""
    for take in BOTH_WAYS:
        rig = Rig()
        rig.hear(acknowledged("X1", 7))
        take(rig)
        rig.records.clear()
        assert "OrderStatusReport" not in rig.hear(replaced("X1", "X2", 7))
        rig.lose_link()
        rig.log_in(view("X2", 7))
        assert not any(isinstance(record, events.OrderStatusReport) for record in rig.records)


def test_an_order_that_has_ended_is_not_adopted_and_the_answer_says_since_when() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7))
    report = shown(rig)
    rig.hear(canceled("X1", 7))
    ended = shown(rig)
    assert str(adopt(rig, ended)) == "Order CID-7 was not adopted: it has ended, CANCELED."
    assert str(adopt(rig, report)) == "Order CID-7 was not adopted: it has ended since this report of it."
    unknown = evolve(ended, venue_order_id=VenueOrderId("X2"), status=OrderStatus.EXPIRED)
    assert str(adopt(rig, unknown)) == "Order CID-7 was not adopted: it has ended, EXPIRED."
    assert rig.records == []


def test_an_order_that_the_venue_showed_without_its_status_is_adopted_as_open() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7, status=None))
    assert adopt(rig, shown(rig)).status is OrderStatus.ACCEPTED


def test_the_end_of_an_adopted_order_leaves_nobody_to_be_asked_for() -> None:
    """Nothing is open, so no list of open orders is needed."""
    for take in BOTH_WAYS:
        rig = Rig(rules=VenueRules(venue="TEST", reads_history=True))
        rig.hear(acknowledged("X1", 7))
        take(rig)
        assert rig.hear(canceled("X1", 7))[-1] == "Canceled"
        rig.wait(61)
        assert [type(request) for request in rig.sent()] == [requests.ListFills]


# By name and venue order id alone


def test_a_registered_order_begins_with_all_that_the_venue_has_shown() -> None:
    rig = Rig()
    rig.hear(evolve(acknowledged("X7", 9, type=OrderType.STOP_LIMIT, **FIRST), time=at(98)))
    rig.records.clear()
    assert external(rig, "a5", "X7") is True
    assert rig.records == [
        Registered(
            identity=identity("a5", "s", side=Side.SELL, type=OrderType.STOP_LIMIT, wire_id=9),
            venue_order_id=VenueOrderId("X7"),
            heard=Decimal(4),
            counted=Counted(since=at(98), until=at(98), untold=Decimal(0)),
            quantity=Decimal(10),
            price=Decimal("100.0"),
            trigger_price=Decimal(99),
            time_in_force=TimeInForce.GTC,
            post_only=True,
        )
    ]


def test_an_order_of_which_nothing_was_shown_is_registered_by_its_names_alone() -> None:
    """Its id on the wire is what its name would be sent as."""
    rig = Rig()
    assert external(rig, "a5", "X7") is True
    assert rig.records == [
        Registered(identity=identity("a5", "s", side=None, type=None, wire_id=5), venue_order_id=VenueOrderId("X7"))
    ]


def test_a_quantity_of_two_readings_is_not_taken_over_at_the_registration() -> None:
    rig = Rig()
    rig.hear(acknowledged("X7", 9, other_quantity=Decimal(12)))
    assert external(rig, "a5", "X7") is True
    assert registered(rig).quantity is None


def test_an_order_is_registered_once_under_one_name() -> None:
    rig = Rig()
    assert external(rig, "a5", "X7") is True
    rig.records.clear()
    assert external(rig, "a6", "X7") is False
    assert rig.last.warnings == [
        "Order a6 was not registered: venue order X7 is known here already, as order a5. Use that name."
    ]
    assert external(rig, "a5", "X7") is True
    assert external(rig, "a5", "X8") is True
    assert rig.last.warnings == []
    assert rig.records == []
    assert list(rig.state.orders.live) == ["a5"]
    assert rig.state.orders.live[ClientOrderId("a5")].venue_order_id == "X7"
