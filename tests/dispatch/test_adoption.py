"""Orders that were not submitted here are tracked from what the venue shows of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, Side, StrategyId, events, open_client
from protocol import commands, facts
from protocol.errors import NotSent
from protocol.orders import OrderState
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, OrderType, RequestId, TimeInForce, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, external, replaced, took, trade, traded, view
from ..scripted_venue import wall_clock
from ..trading import config_for, drain, names, open_quiet_venue
from ..whole.test_same_story import MARKETS


def shown(rig: Rig, oid: str = "X1") -> events.OrderStatusReport:
    """The newest report of this order."""
    found = [
        record
        for record in rig.records
        if isinstance(record, events.OrderStatusReport) and record.venue_order_id == oid
    ]
    return found[-1]


def adopt(rig: Rig, report: events.OrderStatusReport, name: str | None = None) -> Any:
    client_order_id = None if name is None else ClientOrderId(name)
    return rig.ask(commands.Adopt(report=report, client_order_id=client_order_id, strategy=StrategyId("mm")), None)


def answered_reports(rig: Rig) -> tuple[events.OrderStatusReport, ...]:
    """The last answer."""
    (reply,) = rig.replies
    assert isinstance(reply.value, tuple)
    return reply.value


def test_an_adopted_order_is_what_the_venue_shows_of_it() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(4)))
    state = adopt(rig, shown(rig))
    assert isinstance(state, OrderState)
    identity = state.identity
    assert (identity.client_order_id, identity.strategy) == ("CID-7", "mm")
    assert (identity.side, identity.type, identity.wire_id) == (Side.BUY, OrderType.LIMIT, 7)
    assert (state.status, state.venue_order_id) == (OrderStatus.ACCEPTED, "X1")
    assert (state.quantity, state.cumulative, state.price) == (Decimal(10), Decimal(4), Decimal("100.0"))
    assert state.time_in_force is TimeInForce.GTC


def behind(**rules: Any) -> Rig:
    """At a venue whose lists follow 60 s behind what it tells at a login."""
    return Rig(rules=VenueRules(venue="TEST", lists_lag=60 * SECOND, **rules))


def listed(rig: Rig, *orders: facts.OrderView) -> tuple[events.OrderStatusReport, ...]:
    """The venue's answer to the question for open orders."""
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=orders))
    return answered_reports(rig)


def test_an_order_that_a_login_showed_no_more_is_not_adopted_from_an_older_list() -> None:
    rig = behind()
    rig.wait(5)
    (old,) = listed(rig, view("X1", 7, time=WALL))
    refusal = adopt(rig, old)
    assert isinstance(refusal, NotSent)
    assert "it is not known here that TEST has it open" in str(refusal)
    (new,) = listed(rig, view("X2", 8, time=WALL + rig.time))
    assert isinstance(adopt(rig, new), OrderState), "that one was placed after the login"
    rig.wait(60)
    (younger,) = listed(rig, view("X1", 7, time=WALL))
    assert isinstance(adopt(rig, younger), OrderState), "and that list is younger than the login"


def test_what_filled_within_the_lag_of_the_list_that_was_adopted_from_may_not_have_been_counted() -> None:
    rig = behind(reads_history=True)
    rig.wait(100)
    (report,) = listed(rig, view("X1", 7, time=WALL + rig.time - 50 * SECOND))
    adopt(rig, report, "a1")
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED))
    missed = evolve(trade("X1", "t1", 4), time=WALL + rig.time - 10 * SECOND)
    assert rig.hear(facts.FillsListed(request_id=RequestId(0), trades=(missed,), cursor=None)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_fills_after_the_adoption_complete_the_order() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(4)))
    adopt(rig, shown(rig))
    assert rig.hear(traded("X1", "t1", 2, 6)) == ["Filled"]
    assert rig.status("CID-7") is OrderStatus.PARTIALLY_FILLED
    assert rig.hear(traded("X1", "t2", 4, 10)) == ["Filled"]
    assert rig.status("CID-7") is OrderStatus.FILLED


def test_a_fill_told_between_the_report_and_the_adoption_counts_and_is_not_told_again() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7))
    report = shown(rig)
    fill = traded("X1", "t1", 4, 4)
    assert "FillReport" in rig.hear(fill)
    assert adopt(rig, report).cumulative == 4
    assert rig.hear(fill) == []
    rig.hear(traded("X1", "t2", 6, 10))
    assert rig.status("CID-7") is OrderStatus.FILLED


def fill_alone(tid: str, size: int, at: int) -> facts.OrderFilled:
    """As a feed of fills tells it, which does not know the order's count. at: seconds."""
    fact = traded("X1", tid, size, 0)
    return evolve(
        fact,
        order=evolve(fact.order, cumulative=None, status=None),
        trade=evolve(fact.trade, time=WALL + at * SECOND),
    )


def test_fills_count_that_came_after_the_venues_own_count() -> None:
    rig = Rig()
    rig.log_in(view("X1", 7, cumulative=Decimal(4)))
    report = shown(rig)
    assert rig.hear(fill_alone("t1", 1, at=99), fill_alone("t2", 2, at=101)) == ["FillReport", "FillReport"]
    assert adopt(rig, report).cumulative == 6


def test_a_fill_of_the_very_moment_of_the_venues_count_is_in_it() -> None:
    rig = Rig()
    rig.hear(evolve(acknowledged("X1", 7, cumulative=Decimal(1)), time=WALL + 99 * SECOND))
    report = shown(rig)
    assert rig.hear(fill_alone("t1", 1, at=99)) == ["FillReport"]
    assert adopt(rig, report).cumulative == 1


def test_what_history_tells_from_before_the_adoption_is_counted_already() -> None:
    rig = Rig()
    rig.log_in(view("X1", 7, cumulative=Decimal(4)))
    adopt(rig, shown(rig))
    before, after = (evolve(trade("X1", tid, 2), time=WALL + at * SECOND) for tid, at in (("t1", 99), ("t2", 101)))
    rig.ask(commands.ReadFills(start=0, end=2 * WALL))
    answer = facts.FillsListed(request_id=RequestId(rig.numbers), trades=(before, after))
    assert rig.hear(answer) == ["Filled"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 6


def adopted_from_a_slow_list() -> tuple[Rig, facts.Trade]:
    """The list counts 4, was asked for at 100 s and came at 103 s. The execution of 4 was at 102 s: nobody can say
    whether it is among them."""
    rig = Rig()
    rig.ask(commands.OpenOrders())
    rig.wait(3)
    rig.hear(took(rig.numbers, orders=(view("X1", 7, cumulative=Decimal(4)),)))
    (report,) = answered_reports(rig)
    adopt(rig, report)
    return rig, evolve(trade("X1", "t1", 4), time=WALL + 102 * SECOND)


def test_a_count_of_a_list_that_lags_may_have_every_fill_until_it_came_though_a_younger_message_counted_less() -> None:
    rig = behind(reads_history=True)
    rig.hear(evolve(acknowledged("X1", 7), time=WALL + rig.time))
    rig.wait(2)
    rig.ask(commands.OpenOrders())
    rig.wait(2)
    rig.hear(took(rig.numbers, orders=(view("X1", 7, cumulative=Decimal(4)),)))
    adopt(rig, shown(rig), "a1")
    counted = evolve(trade("X1", "t1", 4), time=WALL + rig.time - 3 * SECOND)
    assert rig.hear(facts.FillsListed(request_id=RequestId(0), trades=(counted,), cursor=None)) == []
    assert rig.state.orders.live[ClientOrderId("a1")].cumulative == 4


LATER = (("X1", "t2", 2), ("X2", "t3", 5))


def read_by_the_user(rig: Rig, *trades: facts.Trade) -> list[str]:
    rig.ask(commands.ReadFills(start=0, end=2 * WALL))
    return rig.hear(facts.FillsListed(request_id=RequestId(rig.numbers), trades=trades))


def test_a_fill_that_the_adopted_count_may_have_already_is_not_told() -> None:
    rig, fill = adopted_from_a_slow_list()
    assert read_by_the_user(rig, fill) == []


def test_a_fill_that_the_adopted_count_may_have_already_is_told_once_the_venue_counts_more() -> None:
    rig, fill = adopted_from_a_slow_list()
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(8)))
    assert "Filled" in read_by_the_user(rig, fill)
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 8


def test_what_is_missing_under_a_later_id_tells_nothing_of_a_fill_that_the_adopted_count_may_have_already() -> None:
    rig, fill = adopted_from_a_slow_list()
    rig.hear(replaced("X1", "X2", 7, filled=6), acknowledged("X2", 7, cumulative=Decimal(5)))
    later, last = (evolve(trade(oid, tid, size), time=rig.time + WALL) for oid, tid, size in LATER)
    read_by_the_user(rig, fill, later, last)
    assert [record.trade_id for record in rig.records if isinstance(record, events.Filled)] == ["t2", "t3"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 11


def at(tid: str, size: int, second: int) -> facts.Trade:
    return evolve(trade("X1", tid, size), time=WALL + second * SECOND)


def test_what_the_adopted_list_counts_beyond_the_login_is_not_told_again() -> None:
    rig = behind(reads_history=True)
    rig.log_in(view("X1", 7, cumulative=Decimal(2)))  # at 100 s
    rig.wait(3)
    (report,) = listed(rig, view("X1", 7, cumulative=Decimal(6)))
    assert adopt(rig, report).cumulative == 6
    assert read_by_the_user(rig, at("t1", 4, second=101), at("t2", 1, second=104)) == ["Filled"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 7


def test_a_fill_that_comes_late_is_not_told_if_the_adopted_count_has_it() -> None:
    rig = Rig()
    rig.hear(evolve(acknowledged("X1", 7), time=WALL + 99 * SECOND))
    rig.wait(3)
    (report,) = listed(rig, view("X1", 7, cumulative=Decimal(4)))
    assert adopt(rig, report).cumulative == 4
    assert rig.hear(fill_alone("t1", 4, at=101), fill_alone("t2", 1, at=104)) == ["Filled"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 5


def test_of_what_filled_about_the_time_of_the_adopted_count_the_first_is_in_it() -> None:
    """Both are within the lag of the list, and by now the venue counts both."""
    rig = behind(reads_history=True)
    rig.hear(evolve(acknowledged("X1", 7), time=WALL + 99 * SECOND))
    rig.wait(10)
    (report,) = listed(rig, view("X1", 7, cumulative=Decimal(3)))
    adopt(rig, report)
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(5), status=OrderStatus.PARTIALLY_FILLED))
    both = at("t1", 3, second=105), at("t2", 2, second=107)
    for _ in range(2):
        read_by_the_user(rig, *both)
    fills = [record.trade_id for record in rig.records if isinstance(record, events.Filled)]
    assert fills == ["t2"]
    assert rig.state.orders.live[ClientOrderId("CID-7")].cumulative == 5


def test_an_order_that_began_within_the_lag_of_the_list_had_nothing_filled_before() -> None:
    rig = behind(reads_history=True)
    rig.wait(100)
    (report,) = listed(rig, view("X1", 7, time=WALL + 190 * SECOND, cumulative=Decimal(3)))
    adopt(rig, report)
    rig.hear(acknowledged("X1", 7, cumulative=Decimal(5), status=OrderStatus.PARTIALLY_FILLED))
    assert "Filled" in read_by_the_user(rig, at("t1", 3, second=191), at("t2", 2, second=195))
    fills = [record.trade_id for record in rig.records if isinstance(record, events.Filled)]
    assert fills == ["t2"]


def test_without_a_quantity_of_the_venues_no_arithmetic_completes_an_adopted_order() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7, quantity=None))
    adopt(rig, shown(rig))
    fill = traded("X1", "t1", 10, 10)
    rig.hear(evolve(fill, order=evolve(fill.order, quantity=None)))
    assert rig.status("CID-7") is OrderStatus.PARTIALLY_FILLED


def test_an_order_that_has_fired_is_adopted_as_such() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7, status=OrderStatus.TRIGGERED, trigger_price=Decimal(99), type=OrderType.STOP_LIMIT))
    state = adopt(rig, shown(rig))
    assert (state.status, state.trigger_price) == (OrderStatus.TRIGGERED, 99)


def test_an_order_without_a_client_id_gets_its_name_from_the_venues() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1"))
    state = adopt(rig, shown(rig))
    assert (state.client_order_id, state.identity.wire_id) == ("X1", None)


def test_adopting_an_order_that_is_tracked_gives_its_state() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7))
    report = shown(rig)
    first = adopt(rig, report, "a1")
    rig.records.clear()
    assert adopt(rig, report, "a2") == first
    assert rig.records == []


def test_what_the_list_of_open_orders_shows_can_be_adopted() -> None:
    rig = Rig()
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=(view("X1", 7, side=Side.SELL),)))
    (report,) = answered_reports(rig)
    assert adopt(rig, report).identity.side is Side.SELL


def test_an_order_that_has_ended_is_not_adopted() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7))
    report = shown(rig)
    rig.hear(canceled("X1", 7))
    for stale in (report, shown(rig)):
        refusal = adopt(rig, stale)
        assert isinstance(refusal, NotSent)
        assert "CID-7 was not adopted: it has ended" in str(refusal)
    assert not rig.state.orders.live


def test_an_order_of_which_nothing_is_known_is_not_adopted() -> None:
    rig = Rig()
    rig.hear(acknowledged("X1", 7))
    report = evolve(shown(rig), venue_order_id=VenueOrderId("X2"))
    assert "not known here that TEST has it open" in str(adopt(rig, report))


def test_a_name_that_another_order_has_is_not_given_again() -> None:
    rig = Rig()
    rig.live("a1", "V1")
    rig.hear(acknowledged("X1", 7))
    assert "known already" in str(adopt(rig, shown(rig), "a1"))
    assert adopt(rig, shown(rig), "a2").client_order_id == "a2"


def test_a_registered_order_is_completed_from_what_the_venue_has_shown() -> None:
    rig = Rig()
    rig.hear(acknowledged("X7", 9, side=Side.SELL, cumulative=Decimal(4)))
    assert external(rig, "a5", "X7") is True
    order = rig.state.orders.live[ClientOrderId("a5")]
    assert (order.identity.side, order.identity.type, order.identity.wire_id) == (Side.SELL, OrderType.LIMIT, 9)
    assert (order.quantity, order.cumulative) == (Decimal(10), Decimal(4))


def test_reports_of_a_registered_order_take_the_venues_word_for_what_is_not_known() -> None:
    rig = Rig()
    external(rig, "a5", "X7")
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=(view("X7", 9, side=Side.SELL),)))
    (report,) = answered_reports(rig)
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
