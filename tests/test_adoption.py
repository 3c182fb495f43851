"""Orders that were not submitted here are tracked from what the venue shows of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, Side, StrategyId, events, open_client
from protocol import commands, facts
from protocol.errors import NotSent
from protocol.orders import OrderState
from protocol.values import ClientOrderId, OrderStatus, OrderType, RequestId, TimeInForce, VenueOrderId
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Desk, acknowledged, canceled, external, replaced, took, trade, traded, view
from .scripted_venue import wall_clock
from .test_same_story import MARKETS
from .trading import config_for, drain, names, open_quiet_venue


def shown(desk: Desk, oid: str = "X1") -> events.OrderStatusReport:
    """The newest report of this order."""
    found = [
        record
        for record in desk.records
        if isinstance(record, events.OrderStatusReport) and record.venue_order_id == oid
    ]
    return found[-1]


def adopt(desk: Desk, report: events.OrderStatusReport, name: str | None = None) -> Any:
    client_order_id = None if name is None else ClientOrderId(name)
    return desk.ask(commands.Adopt(report=report, client_order_id=client_order_id, strategy=StrategyId("mm")), None)


def answered_reports(desk: Desk) -> tuple[events.OrderStatusReport, ...]:
    """The last answer."""
    (reply,) = desk.replies
    assert isinstance(reply.value, tuple)
    return reply.value


def test_an_adopted_order_is_what_the_venue_shows_of_it() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(4)))
    state = adopt(desk, shown(desk))
    assert isinstance(state, OrderState)
    identity = state.identity
    assert (identity.client_order_id, identity.strategy) == ("CID-7", "mm")
    assert (identity.side, identity.type, identity.wire_id) == (Side.BUY, OrderType.LIMIT, 7)
    assert (state.status, state.venue_order_id) == (OrderStatus.ACCEPTED, "X1")
    assert (state.quantity, state.cumulative, state.price) == (Decimal(10), Decimal(4), Decimal("100.0"))
    assert state.time_in_force is TimeInForce.GTC


def behind(**rules: Any) -> Desk:
    """At a venue whose lists follow 60 s behind what it tells at a login."""
    return Desk(rules=VenueRules(venue="TEST", lists_lag=60 * SECOND, **rules))


def listed(desk: Desk, *orders: facts.OrderView) -> tuple[events.OrderStatusReport, ...]:
    """The venue's answer to the question for open orders."""
    desk.ask(commands.OpenOrders())
    desk.hear(took(desk.numbers, orders=orders))
    return answered_reports(desk)


def test_an_order_that_a_login_showed_no_more_is_not_adopted_from_an_older_list() -> None:
    desk = behind()
    desk.wait(5)
    (old,) = listed(desk, view("X1", 7, time=WALL))
    refusal = adopt(desk, old)
    assert isinstance(refusal, NotSent)
    assert "it is not known here that TEST has it open" in str(refusal)
    (new,) = listed(desk, view("X2", 8, time=WALL + desk.time))
    assert isinstance(adopt(desk, new), OrderState), "that one was placed after the login"
    desk.wait(60)
    (younger,) = listed(desk, view("X1", 7, time=WALL))
    assert isinstance(adopt(desk, younger), OrderState), "and that list is younger than the login"


def test_what_filled_within_the_lag_of_the_list_that_was_adopted_from_may_not_have_been_counted() -> None:
    desk = behind(reads_history=True)
    desk.wait(100)
    (report,) = listed(desk, view("X1", 7, time=WALL + desk.time - 50 * SECOND))
    adopt(desk, report, "a1")
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED))
    missed = evolve(trade("X1", "t1", 4), time=WALL + desk.time - 10 * SECOND)
    assert desk.hear(facts.FillsListed(request_id=RequestId(0), trades=(missed,), cursor=None)) == ["Filled"]
    assert desk.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_fills_after_the_adoption_complete_the_order() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(4)))
    adopt(desk, shown(desk))
    assert desk.hear(traded("X1", "t1", 2, 6)) == ["Filled"]
    assert desk.status("CID-7") is OrderStatus.PARTIALLY_FILLED
    assert desk.hear(traded("X1", "t2", 4, 10)) == ["Filled"]
    assert desk.status("CID-7") is OrderStatus.FILLED


def test_a_fill_told_between_the_report_and_the_adoption_counts_and_is_not_told_again() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7))
    report = shown(desk)
    fill = traded("X1", "t1", 4, 4)
    assert "FillReport" in desk.hear(fill)
    assert adopt(desk, report).cumulative == 4
    assert desk.hear(fill) == []
    desk.hear(traded("X1", "t2", 6, 10))
    assert desk.status("CID-7") is OrderStatus.FILLED


def fill_alone(tid: str, size: int, at: int) -> facts.OrderTraded:
    """As a feed of fills tells it, which does not know the order's count. at: seconds."""
    fact = traded("X1", tid, size, 0)
    return evolve(
        fact,
        order=evolve(fact.order, cumulative=None, status=None),
        trade=evolve(fact.trade, time=WALL + at * SECOND),
    )


def test_fills_count_that_came_after_the_venues_own_count() -> None:
    desk = Desk()
    desk.log_in(view("X1", 7, cumulative=Decimal(4)))
    report = shown(desk)
    assert desk.hear(fill_alone("t1", 1, at=99), fill_alone("t2", 2, at=101)) == ["FillReport", "FillReport"]
    assert adopt(desk, report).cumulative == 6


def test_a_fill_of_the_very_moment_of_the_venues_count_is_in_it() -> None:
    desk = Desk()
    desk.hear(evolve(acknowledged("X1", 7, cumulative=Decimal(1)), time=WALL + 99 * SECOND))
    report = shown(desk)
    assert desk.hear(fill_alone("t1", 1, at=99)) == ["FillReport"]
    assert adopt(desk, report).cumulative == 1


def test_what_history_tells_from_before_the_adoption_is_counted_already() -> None:
    desk = Desk()
    desk.log_in(view("X1", 7, cumulative=Decimal(4)))
    adopt(desk, shown(desk))
    before, after = (evolve(trade("X1", tid, 2), time=WALL + at * SECOND) for tid, at in (("t1", 99), ("t2", 101)))
    desk.ask(commands.ReadFills(start=0, end=2 * WALL))
    answer = facts.FillsListed(request_id=RequestId(desk.numbers), trades=(before, after))
    assert desk.hear(answer) == ["Filled"]
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 6


def adopted_from_a_slow_list() -> tuple[Desk, facts.Trade]:
    """The list counts 4, was asked for at 100 s and came at 103 s. The execution of 4 was at 102 s: nobody can say
    whether it is among them."""
    desk = Desk()
    desk.ask(commands.OpenOrders())
    desk.wait(3)
    desk.hear(took(desk.numbers, orders=(view("X1", 7, cumulative=Decimal(4)),)))
    (report,) = answered_reports(desk)
    adopt(desk, report)
    return desk, evolve(trade("X1", "t1", 4), time=WALL + 102 * SECOND)


def test_a_count_of_a_list_that_lags_may_have_every_fill_until_it_came_though_a_younger_message_counted_less() -> None:
    desk = behind(reads_history=True)
    desk.hear(evolve(acknowledged("X1", 7), time=WALL + desk.time))
    desk.wait(2)
    desk.ask(commands.OpenOrders())
    desk.wait(2)
    desk.hear(took(desk.numbers, orders=(view("X1", 7, cumulative=Decimal(4)),)))
    adopt(desk, shown(desk), "a1")
    counted = evolve(trade("X1", "t1", 4), time=WALL + desk.time - 3 * SECOND)
    assert desk.hear(facts.FillsListed(request_id=RequestId(0), trades=(counted,), cursor=None)) == []
    assert desk.state.orders.live[ClientOrderId("a1")].cumulative == 4


LATER = (("X1", "t2", 2), ("X2", "t3", 5))


def read_by_the_user(desk: Desk, *trades: facts.Trade) -> list[str]:
    desk.ask(commands.ReadFills(start=0, end=2 * WALL))
    return desk.hear(facts.FillsListed(request_id=RequestId(desk.numbers), trades=trades))


def test_a_fill_that_the_adopted_count_may_have_already_is_not_told() -> None:
    desk, fill = adopted_from_a_slow_list()
    assert read_by_the_user(desk, fill) == []


def test_a_fill_that_the_adopted_count_may_have_already_is_told_once_the_venue_counts_more() -> None:
    desk, fill = adopted_from_a_slow_list()
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(8)))
    assert "Filled" in read_by_the_user(desk, fill)
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 8


def test_what_is_missing_under_a_later_id_tells_nothing_of_a_fill_that_the_adopted_count_may_have_already() -> None:
    desk, fill = adopted_from_a_slow_list()
    desk.hear(replaced("X1", "X2", 7, filled=6), acknowledged("X2", 7, cumulative=Decimal(5)))
    later, last = (evolve(trade(oid, tid, size), time=desk.time + WALL) for oid, tid, size in LATER)
    read_by_the_user(desk, fill, later, last)
    assert [record.trade_id for record in desk.records if isinstance(record, events.Filled)] == ["t2", "t3"]
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 11


def at(tid: str, size: int, second: int) -> facts.Trade:
    return evolve(trade("X1", tid, size), time=WALL + second * SECOND)


def test_what_the_adopted_list_counts_beyond_the_login_is_not_told_again() -> None:
    desk = behind(reads_history=True)
    desk.log_in(view("X1", 7, cumulative=Decimal(2)))  # at 100 s
    desk.wait(3)
    (report,) = listed(desk, view("X1", 7, cumulative=Decimal(6)))
    assert adopt(desk, report).cumulative == 6
    assert read_by_the_user(desk, at("t1", 4, second=101), at("t2", 1, second=104)) == ["Filled"]
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 7


def test_a_fill_that_comes_late_is_not_told_if_the_adopted_count_has_it() -> None:
    desk = Desk()
    desk.hear(evolve(acknowledged("X1", 7), time=WALL + 99 * SECOND))
    desk.wait(3)
    (report,) = listed(desk, view("X1", 7, cumulative=Decimal(4)))
    assert adopt(desk, report).cumulative == 4
    assert desk.hear(fill_alone("t1", 4, at=101), fill_alone("t2", 1, at=104)) == ["Filled"]
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 5


def test_of_what_filled_about_the_time_of_the_adopted_count_the_first_is_in_it() -> None:
    """Both are within the lag of the list, and by now the venue counts both."""
    desk = behind(reads_history=True)
    desk.hear(evolve(acknowledged("X1", 7), time=WALL + 99 * SECOND))
    desk.wait(10)
    (report,) = listed(desk, view("X1", 7, cumulative=Decimal(3)))
    adopt(desk, report)
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(5), status=OrderStatus.PARTIALLY_FILLED))
    both = at("t1", 3, second=105), at("t2", 2, second=107)
    for _ in range(2):
        read_by_the_user(desk, *both)
    fills = [record.trade_id for record in desk.records if isinstance(record, events.Filled)]
    assert fills == ["t2"]
    assert desk.state.orders.live[ClientOrderId("CID-7")].cumulative == 5


def test_an_order_that_began_within_the_lag_of_the_list_had_nothing_filled_before() -> None:
    desk = behind(reads_history=True)
    desk.wait(100)
    (report,) = listed(desk, view("X1", 7, time=WALL + 190 * SECOND, cumulative=Decimal(3)))
    adopt(desk, report)
    desk.hear(acknowledged("X1", 7, cumulative=Decimal(5), status=OrderStatus.PARTIALLY_FILLED))
    assert "Filled" in read_by_the_user(desk, at("t1", 3, second=191), at("t2", 2, second=195))
    fills = [record.trade_id for record in desk.records if isinstance(record, events.Filled)]
    assert fills == ["t2"]


def test_without_a_quantity_of_the_venues_no_arithmetic_completes_an_adopted_order() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7, quantity=None))
    adopt(desk, shown(desk))
    fill = traded("X1", "t1", 10, 10)
    desk.hear(evolve(fill, order=evolve(fill.order, quantity=None)))
    assert desk.status("CID-7") is OrderStatus.PARTIALLY_FILLED


def test_an_order_that_has_fired_is_adopted_as_such() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7, status=OrderStatus.TRIGGERED, trigger_price=Decimal(99), type=OrderType.STOP_LIMIT))
    state = adopt(desk, shown(desk))
    assert (state.status, state.trigger_price) == (OrderStatus.TRIGGERED, 99)


def test_an_order_without_a_client_id_gets_its_name_from_the_venues() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1"))
    state = adopt(desk, shown(desk))
    assert (state.client_order_id, state.identity.wire_id) == ("X1", None)


def test_adopting_an_order_that_is_tracked_gives_its_state() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7))
    report = shown(desk)
    first = adopt(desk, report, "a1")
    desk.records.clear()
    assert adopt(desk, report, "a2") == first
    assert desk.records == []


def test_what_the_list_of_open_orders_shows_can_be_adopted() -> None:
    desk = Desk()
    desk.ask(commands.OpenOrders())
    desk.hear(took(desk.numbers, orders=(view("X1", 7, side=Side.SELL),)))
    (report,) = answered_reports(desk)
    assert adopt(desk, report).identity.side is Side.SELL


def test_an_order_that_has_ended_is_not_adopted() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7))
    report = shown(desk)
    desk.hear(canceled("X1", 7))
    for stale in (report, shown(desk)):
        refusal = adopt(desk, stale)
        assert isinstance(refusal, NotSent)
        assert "CID-7 was not adopted: it has ended" in str(refusal)
    assert not desk.state.orders.live


def test_an_order_of_which_nothing_is_known_is_not_adopted() -> None:
    desk = Desk()
    desk.hear(acknowledged("X1", 7))
    report = evolve(shown(desk), venue_order_id=VenueOrderId("X2"))
    assert "not known here that TEST has it open" in str(adopt(desk, report))


def test_a_name_that_another_order_has_is_not_given_again() -> None:
    desk = Desk()
    desk.live("a1", "V1")
    desk.hear(acknowledged("X1", 7))
    assert "known already" in str(adopt(desk, shown(desk), "a1"))
    assert adopt(desk, shown(desk), "a2").client_order_id == "a2"


def test_a_registered_order_is_completed_from_what_the_venue_has_shown() -> None:
    desk = Desk()
    desk.hear(acknowledged("X7", 9, side=Side.SELL, cumulative=Decimal(4)))
    assert external(desk, "a5", "X7") is True
    order = desk.state.orders.live[ClientOrderId("a5")]
    assert (order.identity.side, order.identity.type, order.identity.wire_id) == (Side.SELL, OrderType.LIMIT, 9)
    assert (order.quantity, order.cumulative) == (Decimal(10), Decimal(4))


def test_reports_of_a_registered_order_take_the_venues_word_for_what_is_not_known() -> None:
    desk = Desk()
    external(desk, "a5", "X7")
    desk.ask(commands.OpenOrders())
    desk.hear(took(desk.numbers, orders=(view("X7", 9, side=Side.SELL),)))
    (report,) = answered_reports(desk)
    assert (report.client_order_id, report.side, report.type) == ("a5", Side.SELL, OrderType.LIMIT)


# Over the simulated venues


async def position_of(heard: EventStream) -> Decimal:
    """As the examples reckon it."""
    position = Decimal(0)
    for event in await drain(heard, 5):
        if isinstance(event, events.Filled):
            buys = event.identity.side is Side.BUY
            position += event.last_quantity if buys else -event.last_quantity
    return position


async def open_order(client: Client) -> events.OrderStatusReport:
    (report,) = await client.open_orders()
    return report


@pytest.mark.parametrize("how", ["adopted", "registered"])
@pytest.mark.parametrize("kind", MARKETS)
async def test_after_a_restart_the_fills_of_a_buy_order_count_as_bought(
    autojump_clock: MockClock, kind: str, how: str
) -> None:
    market = MARKETS[kind]
    price = market.prices[0]
    async with open_quiet_venue(name=kind, wall_clock=wall_clock) as venue:
        config = config_for(venue, wall_clock=wall_clock)
        async with open_client(config) as before:
            wanted = NewOrder.limit(market.instrument, Side.BUY, quantity=4 * market.unit, price=price)
            await (await before.submit(wanted)).accepted()
            await venue.trade(market.symbol, Side.SELL, price=price, quantity=market.unit)
            await before.close()
        async with open_client(config) as client:
            report = await open_order(client)
            if how == "adopted":
                order = await client.adopt(report, strategy=StrategyId("mm"))
                assert (await order.state()).cumulative == market.unit
            else:
                name = report.client_order_id or ClientOrderId("again")
                instrument = str(report.instrument)
                assert await client.register_external_order(name, report.venue_order_id, instrument, StrategyId("mm"))
            with client.events() as stream:
                await venue.trade(market.symbol, Side.SELL, price=price, quantity=3 * market.unit)
                assert await position_of(stream) == 3 * market.unit
            if how == "adopted":
                end = await order.done()
                assert (end.status, end.cumulative) == (OrderStatus.FILLED, 4 * market.unit)


@pytest.mark.parametrize("kind", MARKETS)
async def test_an_adopted_order_outlives_a_lost_link_and_can_be_canceled(autojump_clock: MockClock, kind: str) -> None:
    market = MARKETS[kind]
    async with open_quiet_venue(name=kind, wall_clock=wall_clock) as venue:
        config = config_for(venue, wall_clock=wall_clock)
        async with open_client(config) as trader, open_client(config) as client:
            wanted = NewOrder.limit(market.instrument, Side.BUY, quantity=4 * market.unit, price=market.prices[0])
            await (await trader.submit(wanted)).accepted()
            order = await client.adopt(await open_order(client))
            with client.events() as stream:
                await venue.drop_connections()
                heard = await drain(stream, 100)
            told: list[events.Event] = [event for event in heard if isinstance(event, events.OrderEvent)]
            assert names(told) in ([], ["Accepted"])  # by the adoption, maybe before the stream was opened
            await client.cancel(order)
            assert (await order.done()).status is OrderStatus.CANCELED
