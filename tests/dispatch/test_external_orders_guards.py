"""Orders of other sessions: what is counted of them, what a report says, and when they are asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch import Reply, external_orders
from protocol.dispatch.records import Counted, Registered
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    StrategyId,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, external, refused, replaced, took, trade, traded, view
from ..watch_only import asked, come_back, watching

GOLD = InstrumentId.parse("GOLD.TEST")
HTTP_LISTS = frozenset({requests.ListOpenOrders, requests.QueryOrder})


def by_venue(rig: Rig) -> int:
    """What the venue's clock shows now."""
    return rig.wall + rig.time


def listed_in(reply: Reply) -> tuple[events.OrderStatusReport, ...]:
    assert isinstance(reply.value, tuple)
    return reply.value


def list_orders(rig: Rig, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The user asks for the open orders, and is answered at once. Gives what is asked for then."""
    rig.sends.clear()
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=orders))
    return asked(rig)


def reports(rig: Rig) -> list[events.OrderStatusReport]:
    """Those since the last look."""
    found = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    rig.records.clear()
    return found


def fills(rig: Rig) -> list[events.FillReport]:
    found = [event for event in rig.events() if isinstance(event, events.FillReport)]
    rig.records.clear()
    return found


def gone(rig: Rig) -> events.OrderStatusReport:
    """The link is lost, the login leaves the one order out, and the venue does not know it: what is told then."""
    (question,) = come_back(rig)
    rig.records.clear()
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    (report,) = reports(rig)
    assert report.status is None
    return report


def adopted(rig: Rig, report: events.OrderStatusReport) -> Registered:
    """What is recorded when the user adopts it."""
    rig.records.clear()
    rig.ask(commands.Adopt(report=report, client_order_id=None, strategy=StrategyId("mm")), None)
    (registered,) = [record for record in rig.records if isinstance(record, Registered)]
    return registered


def stop(**terms: Any) -> facts.OrderView:
    """An order with all that a venue can say of one."""
    known: dict[str, Any] = {
        "type": OrderType.STOP_LIMIT,
        "trigger_price": Decimal("101.0"),
        "trigger_type": TriggerType.LAST,
        "post_only": True,
        "reduce_only": True,
        "average_price": Decimal("99.5"),
        "display_quantity": Decimal(2),
        "parent": VenueOrderId("P1"),
        "reason": "so",
        "time": WALL + SECOND,
    }
    return view("X1", 7, **(known | terms))


# What a report says


def test_a_report_says_all_that_the_venue_says() -> None:
    rig = watching()
    rig.hear(facts.OrderAcknowledged(time=WALL + 9, order=stop()))
    (report,) = reports(rig)
    assert report == events.OrderStatusReport(
        local_time=by_venue(rig),
        account=AccountId("A"),
        instrument=GOLD,
        client_order_id=ClientOrderId("CID-7"),
        venue_order_id=VenueOrderId("X1"),
        venue_time=WALL + 9,
        status=OrderStatus.ACCEPTED,
        side=Side.BUY,
        type=OrderType.STOP_LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal("100.0"),
        trigger_price=Decimal("101.0"),
        quantity=Decimal(10),
        cumulative=Decimal(0),
        post_only=True,
        reason="so",
        reduce_only=True,
        trigger=TriggerType.LAST,
        average_price=Decimal("99.5"),
        display_quantity=Decimal(2),
        parent=VenueOrderId("P1"),
    )


@pytest.mark.parametrize(
    ("shown", "time"),
    [({"time": 5}, 5), ({"time": 5, "ended": 8}, 8), ({"ended": 8}, 8), ({}, 0)],
    ids=["when it began", "when it ended", "its end alone", "nothing"],
)
def test_what_a_list_shows_is_dated_by_the_last_that_the_venue_says_of_it(shown: dict[str, int], time: int) -> None:
    rig = Rig(logged_in=False)
    rig.log_in(view("X1", **shown))
    (report,) = reports(rig)
    assert report.venue_time == time


def test_the_word_of_the_news_goes_before_that_of_the_order() -> None:
    rig = watching()
    told = canceled("X1", 7)
    rig.hear(evolve(told, order=evolve(told.order, reason="of the order")))
    assert [report.reason for report in reports(rig)] == ["asked for"]


def test_two_readings_of_a_quantity_are_none_of_another_sessions_order() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", other_quantity=Decimal(6)))
    assert [report.quantity for report in reports(rig)] == [None]


def test_a_quantity_that_has_become_certain_is_told() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", other_quantity=Decimal(6)), acknowledged("X1"))
    assert [report.quantity for report in reports(rig)] == [None, Decimal(10)]


def test_an_order_that_a_login_shows_with_a_word_that_we_do_not_know_is_reported() -> None:
    rig = Rig(logged_in=False)
    rig.log_in(view("X1", status=None))
    assert [(report.venue_order_id, report.status) for report in reports(rig)] == [("X1", None)]


def status_of(rig: Rig, shown: facts.OrderView) -> events.OrderStatusReport:
    """The user asks where a1 stands, and the venue shows this."""
    rig.ask(commands.Status(ClientOrderId("a1")), None)
    rig.hear(took(rig.numbers, order=shown))
    (reply,) = rig.replies
    assert isinstance(reply.value, events.OrderStatusReport)
    return reply.value


def test_a_report_of_an_order_of_ours_fills_in_what_the_venue_leaves_out() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    blank = dict.fromkeys(("side", "type", "time_in_force", "price", "quantity"))
    report = status_of(rig, view("v1", 1, **blank))
    assert (report.client_order_id, report.side, report.type) == ("a1", Side.BUY, OrderType.LIMIT)
    assert (report.time_in_force, report.price, report.quantity) == (TimeInForce.GTC, Decimal("100.0"), Decimal(10))


def test_a_report_of_an_order_whose_side_and_type_nobody_told_us_takes_the_venues() -> None:
    rig = Rig()
    external(rig, "a1", "v1")
    report = status_of(rig, view("v1", 1, side=Side.SELL, type=OrderType.STOP_LIMIT))
    assert (report.client_order_id, report.side, report.type) == ("a1", Side.SELL, OrderType.STOP_LIMIT)


def test_a_report_says_what_the_venue_shows_although_more_is_known_here() -> None:
    """The list follows behind the news of a change."""
    rig = Rig(rules=VenueRules(venue="TEST", lists_lag=60 * SECOND, http_requests=HTTP_LISTS, changes_in_place=True))
    rig.live("a1", "v1")
    rig.wait(100)
    rig.hear(replaced("v1", None, 1), acknowledged("v1", 1, quantity=Decimal(12), price=Decimal("101.0")))
    order = rig.state.orders.by_client_order_id(ClientOrderId("a1"))
    assert order is not None
    assert (order.quantity, order.price) == (Decimal(12), Decimal("101.0"))
    rig.ask(commands.OpenOrders())
    old = view("v1", 1, reason="as it was", time_in_force=TimeInForce.DAY)
    rig.hear(took(rig.numbers, orders=(old,)))
    (reply,) = rig.replies
    (report,) = listed_in(reply)
    assert (report.quantity, report.price) == (Decimal(10), Decimal("100.0"))
    assert (report.time_in_force, report.reason) == (TimeInForce.DAY, "as it was")


def test_of_two_readings_of_a_quantity_the_order_of_ours_says_which_is_right() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    shown = view("v1", 1, quantity=Decimal(6), cumulative=Decimal(0), other_quantity=Decimal(10))
    assert status_of(rig, shown).quantity == Decimal(10)


def test_a_fill_is_told_with_all_that_the_venue_says() -> None:
    rig = watching()
    execution = evolve(trade("X1", "t1", 4, fee="0.5"), time=WALL + 7)
    rig.hear(facts.OrderFilled(time=WALL, order=view("X1", 7, status=None), trade=execution, final=False))
    assert fills(rig) == [
        events.FillReport(
            local_time=by_venue(rig),
            account=AccountId("A"),
            instrument=GOLD,
            client_order_id=ClientOrderId("CID-7"),
            venue_order_id=VenueOrderId("X1"),
            venue_time=WALL + 7,
            trade_id=TradeId("t1"),
            side=Side.BUY,
            last_price=Decimal("100.0"),
            last_quantity=Decimal(4),
            currency="USD",
            commission=Money(Decimal("0.5"), "USD"),
            liquidity=LiquiditySide.MAKER,
        )
    ]


def executed(oid: str, tid: str, quantity: int, time: int) -> facts.OrderFilled:
    """A fill alone: the venue says nothing of where the order stands."""
    shown = view(oid, status=None, cumulative=None)
    return facts.OrderFilled(time=time, order=shown, trade=evolve(trade(oid, tid, quantity), time=time), final=False)


def test_fills_and_counts_that_name_no_instrument_are_left_out_and_said() -> None:
    rig = watching(reads_history=True)
    rig.hear(evolve(acknowledged("X1"), order=evolve(view("X1"), symbol="")))
    assert "order X1, which is not ours, without its instrument" in rig.last.warnings[0]
    nameless = executed("X1", "t1", 1, by_venue(rig))
    assert rig.hear(evolve(nameless, trade=evolve(nameless.trade, symbol=""))) == []
    assert "execution t1 without its instrument" in rig.last.warnings[0]
    assert [type(request) for request in rig.sent()] == [requests.ListFills], "which names it"


# What is counted


def test_what_later_news_leave_out_stays_known() -> None:
    rig = watching()
    first = stop(other_quantity=None, cumulative=Decimal(3))
    rig.hear(facts.OrderAcknowledged(time=WALL, order=first))
    untold: dict[str, Any] = dict.fromkeys(
        ("price", "trigger_price", "quantity", "cumulative", "time_in_force", "trigger_type")
    )
    rig.hear(facts.OrderAcknowledged(time=WALL, order=evolve(first, **untold, wire_id=None, side=None, type=None)))
    second = reports(rig)[1]
    assert (second.client_order_id, second.side, second.type) == ("CID-7", Side.BUY, OrderType.STOP_LIMIT)
    told = second.price, second.trigger_price, second.quantity, second.cumulative, second.time_in_force, second.trigger
    assert told == (None,) * 6, "they may have changed unsaid"
    report = gone(rig)
    assert (report.price, report.trigger_price, report.trigger) == (
        Decimal("100.0"),
        Decimal("101.0"),
        TriggerType.LAST,
    )
    assert (report.quantity, report.cumulative, report.time_in_force) == (Decimal(10), Decimal(3), TimeInForce.GTC)


def test_what_later_news_change_is_known_as_it_is_now() -> None:
    rig = watching(view("X1"))
    rig.hear(acknowledged("X1", price=Decimal("101.0"), quantity=Decimal(12)))
    report = gone(rig)
    assert (report.price, report.quantity) == (Decimal("101.0"), Decimal(12))


def test_a_list_that_shows_an_order_with_a_word_that_we_do_not_know_opens_it() -> None:
    rig = watching()
    assert list_orders(rig, view("X1", status=None, cumulative=Decimal(2))) == []
    assert gone(rig).cumulative == Decimal(2)


def test_a_quantity_that_was_uncertain_stays_so_when_later_news_leave_it_out() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", other_quantity=Decimal(6)), acknowledged("X1", quantity=None))
    assert gone(rig).quantity is None


def test_a_fill_from_after_the_last_count_is_added_to_it_and_one_from_before_is_not() -> None:
    rig = watching()
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 50 * SECOND))
    rig.hear(executed("X1", "t0", 1, WALL + 40 * SECOND), executed("X1", "t1", 2, WALL + 50 * SECOND))
    rig.hear(executed("X1", "t2", 4, WALL + 60 * SECOND))
    assert gone(rig).cumulative == Decimal(7)


def test_a_count_that_comes_again_earlier_than_the_last_one_makes_later_fills_news() -> None:
    """Two feeds count 3: that of the later moment must not swallow a fill between them."""
    rig = watching()
    rig.hear(evolve(acknowledged("X1"), time=WALL + 30 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 50 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 40 * SECOND))
    rig.hear(executed("X1", "t1", 2, WALL + 45 * SECOND))
    assert gone(rig).cumulative == Decimal(5)


def test_a_count_that_comes_again_later_than_the_last_one_leaves_fills_between_them_news() -> None:
    rig = watching()
    rig.hear(evolve(acknowledged("X1"), time=WALL + 30 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 40 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 50 * SECOND))
    rig.hear(executed("X1", "t1", 2, WALL + 45 * SECOND))
    assert gone(rig).cumulative == Decimal(5)


def test_an_order_under_the_same_id_with_other_terms_keeps_its_count() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", cumulative=Decimal(4)), replaced("X1", "X1", cumulative=None))
    assert gone(rig).cumulative == Decimal(4)


def test_a_lower_count_is_old_and_a_higher_one_is_taken_with_its_time() -> None:
    rig = watching()
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(3)), time=WALL + 50 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(1)), time=WALL + 20 * SECOND))
    rig.hear(evolve(acknowledged("X1", cumulative=Decimal(5)), time=WALL + 60 * SECOND))
    rig.hear(executed("X1", "t1", 2, WALL + 55 * SECOND))
    assert gone(rig).cumulative == Decimal(5)


def shown_by_a_late_list(rig: Rig, began: int, cumulative: int) -> None:
    """A list that follows a minute behind shows the order, which began so many seconds ago."""
    time = by_venue(rig) - began * SECOND
    assert list_orders(rig, view("X1", time=time, cumulative=Decimal(cumulative))) == []


def test_of_an_order_that_began_after_a_list_holds_every_fill_is_counted() -> None:
    """Between the minute that the list is behind and now, nobody knows which fills its count has."""
    rig = watching(lists_lag=60 * SECOND)
    rig.wait(200)
    shown_by_a_late_list(rig, began=30, cumulative=0)
    rig.hear(executed("X1", "t1", 3, by_venue(rig) - 10 * SECOND))
    rig.hear(executed("X1", "t2", 1, by_venue(rig) - 5 * SECOND))
    assert gone(rig).cumulative == Decimal(4)


@pytest.mark.parametrize(("began", "untold"), [(59, Decimal(3)), (60, None), (61, None)])
def test_an_adopted_order_has_fills_untold_if_it_began_after_what_a_list_holds(
    began: int, untold: Decimal | None
) -> None:
    """Of one that began before, nobody knows how much of its count is older than the list."""
    rig = watching(lists_lag=60 * SECOND)
    rig.wait(200)
    shown_by_a_late_list(rig, began=began, cumulative=3)
    rig.ask(commands.OpenOrders())
    now = by_venue(rig)
    rig.hear(took(rig.numbers, orders=(view("X1", time=now - began * SECOND, cumulative=Decimal(3)),)))
    (reply,) = rig.replies
    (report,) = listed_in(reply)
    registered = adopted(rig, report)
    assert registered.heard == Decimal(3)
    assert registered.counted == Counted(since=now - 60 * SECOND, until=now, untold=untold)


def test_an_adopted_order_of_the_stream_has_told_what_was_heard_since_the_first_count() -> None:
    rig = watching()
    time = by_venue(rig) - 20 * SECOND
    shown = view("X1", time=time, cumulative=Decimal(2))
    rig.hear(facts.OrderAcknowledged(time=time, order=shown))
    (report,) = reports(rig)
    rig.hear(executed("X1", "t0", 1, time), executed("X1", "t1", 3, time + SECOND))
    registered = adopted(rig, report)
    assert registered.heard == Decimal(5)
    assert registered.counted == Counted(since=time, until=time, untold=Decimal(0))


def test_a_fill_of_an_open_order_is_known_among_many() -> None:
    rig = Rig(fill_window=1)
    rig.hear(acknowledged("X1"), traded("X1", "t1", 1, 1), traded("X1", "t2", 1, 2), traded("Y1", "u1", 1, 1))
    rig.records.clear()
    late = [evolve(trade("X1", tid, 1), time=by_venue(rig)) for tid in ("t1", "t2", "t3")]
    rig.hear(facts.FillsListed(request_id=RequestId(0), trades=tuple(late)))
    assert [fill.trade_id for fill in fills(rig)] == ["t3"]


def test_no_more_than_64_fills_of_an_order_are_known() -> None:
    rig = Rig(fill_window=1)
    names = [f"t{number}" for number in range(1, 66)]
    rig.hear(acknowledged("X1"), *(executed("X1", name, 1, by_venue(rig)) for name in (*names, "t65")))
    rig.hear(executed("Y1", "u1", 1, by_venue(rig)))
    rig.records.clear()
    late = [evolve(trade("X1", name, 1), time=by_venue(rig)) for name in names]
    rig.hear(facts.FillsListed(request_id=RequestId(0), trades=tuple(late)))
    assert [fill.trade_id for fill in fills(rig)] == ["t65"]


def test_the_ends_of_the_last_10000_orders_are_not_told_again() -> None:
    rig = watching()
    rig.hear(*(canceled(f"X{number}") for number in range(10_001)))
    rig.records.clear()
    rig.hear(canceled("X1"), canceled("X10000"), canceled("X0"))
    assert [report.venue_order_id for report in reports(rig)] == ["X0"]


def test_fills_of_an_order_of_which_the_venue_counts_nothing_are_added_up() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", cumulative=None), executed("X1", "t1", 3, by_venue(rig) + 1))
    assert gone(rig).cumulative == Decimal(3)


def test_what_was_taken_for_gone_is_completed_when_it_is_heard_of_again() -> None:
    rig = watching()
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(4)))
    gone(rig)
    shown = evolve(view("X1", cumulative=None), symbol="", side=None, type=None)
    assert rig.hear(facts.OrderAcknowledged(time=WALL, order=shown)) == ["OrderStatusReport"]
    (report,) = reports(rig)
    assert (report.instrument, report.side, report.type) == (GOLD, Side.BUY, OrderType.LIMIT)
    assert report.client_order_id == "CID-7"
    assert gone(rig).cumulative == Decimal(4)


def test_what_was_taken_for_gone_and_is_shown_with_an_unknown_word_is_no_news() -> None:
    rig = watching(view("X1"))
    gone(rig)
    assert rig.hear(acknowledged("X1", status=None)) == []
    assert rig.hear(canceled("X1")) == [], "its end was told, as far as anybody can"


def test_an_order_that_has_ended_since_its_report_is_not_adopted() -> None:
    rig = watching()
    rig.hear(acknowledged("X1"))
    (report,) = reports(rig)
    rig.hear(canceled("X1"))
    answer = rig.ask(commands.Adopt(report=report, client_order_id=None, strategy=StrategyId("mm")), None)
    assert str(answer) == "Order X1 was not adopted: it has ended since this report of it."


def test_one_that_is_remembered_is_no_further_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_orders, "MOST_REMEMBERED", 1)
    rig = watching(view("X1"))
    rig.hear(acknowledged("X1"))
    assert rig.last.warnings == []


def test_a_fill_of_an_order_that_is_older_than_every_placement_of_ours_waits_for_none() -> None:
    """The venue leaves the client id out, so the fill of an order that nobody has heard of may be ours."""
    rig = watching(unnamed_events=True)
    rig.hear(acknowledged("X1"))
    rig.wait(1)
    rig.place("a1")
    rig.records.clear()
    rig.hear(executed("X2", "t1", 1, by_venue(rig)), executed("X1", "t2", 1, by_venue(rig)))
    assert [fill.venue_order_id for fill in fills(rig)] == ["X1"]
