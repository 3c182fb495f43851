"""Orders of other sessions: every fill and every end of them is told once, and none from before the client began."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, Order, Side, SimulatedVenue, events, open_client
from protocol import commands, facts, requests
from protocol.dispatch import external_orders
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND

from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, trade, traded, view
from ..scripted_venue import wall_clock
from ..trading import config_for, drain, open_quiet_venue
from ..watch_only import asked, come_back, watching
from ..whole.test_same_story import MARKETS, Market


def reports(rig: Rig) -> list[tuple[str, OrderStatus | None, Decimal | None]]:
    """What was reported of orders since the last look: venue order id, status and how much has filled."""
    found = [record for record in rig.records if isinstance(record, events.OrderStatusReport)]
    rig.records.clear()
    return [(report.venue_order_id, report.status, report.cumulative) for report in found]


# Ends that a message tells


def test_an_end_is_told_once_however_often_the_venue_says_it() -> None:
    rig = watching(view("X1"))
    assert rig.hear(canceled("X1")) == ["OrderStatusReport"]
    assert rig.hear(canceled("X1"), acknowledged("X1")) == []
    assert come_back(rig, view("X1"), view("X2", status=OrderStatus.FILLED)) == []
    assert reports(rig) == []


def test_an_end_that_names_no_instrument_is_that_of_the_order_that_was_shown() -> None:
    rig = watching(view("X1", 7))
    fact = canceled("X1")
    rig.hear(evolve(fact, order=evolve(fact.order, symbol="", side=None, type=None)))
    (report,) = rig.events()
    assert isinstance(report, events.OrderStatusReport)
    assert (report.instrument.symbol, report.side, report.client_order_id) == ("GOLD", Side.BUY, "CID-7")
    assert rig.last.warnings == []


def test_an_order_that_goes_on_under_another_id_has_not_ended() -> None:
    rig = watching(view("X1"))
    rig.hear(replaced("X1", "X2"))
    assert come_back(rig, view("X2")) == []
    assert reports(rig) == [("X2", OrderStatus.ACCEPTED, Decimal(0))]


# Ends that no message tells


def test_an_order_that_a_login_leaves_out_is_asked_for_and_its_end_told() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert question.venue_order_id == "X1"
    ended = view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.hear(took(question.request_id, order=ended))
    assert reports(rig) == [("X1", OrderStatus.FILLED, Decimal(10))]
    assert come_back(rig) == []
    assert reports(rig) == []


def test_the_end_of_an_order_that_was_replaced_meanwhile_is_told_from_the_history_of_orders() -> None:
    """Its status says no more than that another id took its place."""
    rig = watching(view("X1", 7), reads_history=True, chain_history=True)
    (question,) = come_back(rig)
    rig.hear(took(question.request_id, order=view("X1", 7, status=None, replaced=True)))
    chain = view("X1", 7, status=None, replaced=True), view("X2", 7, status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.records.clear()
    for _ in range(100):
        for request in rig.sent():
            if isinstance(request, requests.ListOrderHistory):
                rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=chain))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
        rig.wait(1)
    assert reports(rig) == [("X2", OrderStatus.FILLED, Decimal(10))]


def test_an_order_of_which_all_has_filled_and_no_end_is_told_is_asked_for() -> None:
    rig = watching(view("X1"))
    rig.hear(traded("X1", "t1", 4, 4), traded("X1", "t2", 6, 10))
    rig.wait(4)
    assert asked(rig) == []
    rig.wait(1)
    (question,) = asked(rig)
    assert question.venue_order_id == "X1"
    rig.records.clear()
    rig.hear(took(question.request_id, order=view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))))
    assert reports(rig) == [("X1", OrderStatus.FILLED, Decimal(10))]
    rig.wait(100)
    assert asked(rig) == []


def test_a_list_from_before_its_last_fill_does_not_show_that_an_order_is_still_open() -> None:
    rig = watching(view("X1"), lists_lag=60 * SECOND)
    rig.wait(70)
    rig.ask(commands.OpenOrders())
    rig.hear(traded("X1", "t1", 10, 10))
    rig.hear(took(rig.numbers, orders=(view("X1", cumulative=Decimal(4)),)))
    rig.wait(5)
    assert [question.venue_order_id for question in asked(rig)] == ["X1"]


def test_an_order_whose_end_is_told_behind_its_fills_is_not_asked_for() -> None:
    rig = watching(view("X1"), view("X2"))
    filled = view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.hear(traded("X1", "t1", 10, 10), traded("X2", "t2", 9, 9))
    rig.wait(2)
    rig.hear(facts.OrderRemoved(time=WALL, order=filled, ending=OrderStatus.FILLED, filled=Decimal(10), reason=""))
    rig.wait(100)
    assert asked(rig) == []


def test_where_the_venue_does_not_know_an_order_any_more_no_end_is_made_up() -> None:
    rig = watching(view("X1"))
    rig.hear(traded("X1", "t1", 4, 4))
    (question,) = come_back(rig)
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    (report,) = (event for event in rig.events() if isinstance(event, events.OrderStatusReport))
    assert (report.status, report.cumulative) == (None, Decimal(4))
    assert report.reason == external_orders.GONE
    rig.records.clear()
    assert rig.hear(canceled("X1", total=4)) == []
    assert come_back(rig) == []
    assert reports(rig) == []


def later_question(rig: Rig, seconds: float) -> requests.QueryOrder:
    """What is asked for after so many seconds; those before are refused, as if the venue did not know the order."""
    until = rig.time + int(seconds * SECOND)
    while rig.time < until:
        rig.wait(1)
        for question in asked(rig):
            if rig.time >= until:
                return question
            rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    return later_question(rig, 1)


def test_answers_that_follow_behind_are_asked_for_until_they_can_know_of_an_end() -> None:
    """The venue's list of a login is ahead of what it answers about one order, which was placed just before."""
    rig = watching(lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}))
    rig.hear(acknowledged("X1"))
    (question,) = come_back(rig)
    assert rig.hear(refused(question.request_id, Outcome.NOT_FOUND)) == []
    question = later_question(rig, 60)
    assert reports(rig) == []
    rig.hear(took(question.request_id, order=view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))))
    assert reports(rig) == [("X1", OrderStatus.FILLED, Decimal(10))]


def test_an_answer_that_follows_behind_does_not_make_an_order_open_that_a_login_left_out() -> None:
    rig = watching(lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}))
    rig.hear(acknowledged("X1"))
    (question,) = come_back(rig)
    assert rig.hear(took(question.request_id, order=view("X1"))) == []
    rig.wait(1)
    assert [question.venue_order_id for question in asked(rig)] == ["X1"]


def test_a_fill_that_the_count_has_already_counts_once() -> None:
    """Of one execution, one feed tells the count and another one the fill, both with its time."""
    rig = watching()
    counted = acknowledged("X1", cumulative=Decimal(0))
    rig.hear(counted)
    for number, total in ((1, 3), (2, 5)):
        time = WALL + rig.time + number * SECOND
        shown = view("X1", cumulative=Decimal(total), status=OrderStatus.PARTIALLY_FILLED)
        fill = traded("X1", f"t{number}", total - (0, 0, 3)[number], total)
        rig.hear(
            evolve(counted, time=time, order=shown),
            evolve(fill, order=evolve(fill.order, status=None), trade=evolve(fill.trade, time=time)),
        )
    (question,) = come_back(rig)
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    assert reports(rig)[-1] == ("X1", None, Decimal(5))


def test_an_order_that_was_taken_for_gone_and_is_heard_of_again_is_open_again() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    assert reports(rig)[-1] == ("X1", None, Decimal(0))
    assert rig.hear(acknowledged("X1"), canceled("X1")) == ["OrderStatusReport", "OrderStatusReport"]
    assert rig.hear(canceled("X1")) == []


def test_an_order_that_is_open_although_a_list_left_it_out_goes_on() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert rig.hear(took(question.request_id, order=view("X1"))) == []
    assert rig.hear(canceled("X1")) == ["OrderStatusReport"]


def test_a_message_settles_what_is_being_asked() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert rig.hear(canceled("X1")) == ["OrderStatusReport"]
    assert rig.hear(refused(question.request_id, Outcome.NOT_FOUND)) == []


def test_an_order_that_is_heard_of_while_it_is_asked_for_is_open() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert rig.hear(acknowledged("X1")) == ["OrderStatusReport"]
    assert rig.hear(refused(question.request_id, Outcome.NOT_FOUND)) == []


@pytest.mark.parametrize("shown", [view("X1", status=None, reason="REPLACED"), view("X2", reason="REPLACED")])
def test_an_answer_that_does_not_say_how_an_order_ended_is_passed_on(shown: facts.OrderView) -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(took(question.request_id, order=shown))
    (report,) = (event for event in rig.events() if isinstance(event, events.OrderStatusReport))
    assert (report.venue_order_id, report.status) == ("X1", None)
    assert report.reason == f"{external_orders.GONE} REPLACED"


def test_every_login_asks_anew_for_what_was_not_answered_before_it() -> None:
    rig = watching(view("X1"))
    (lost,) = come_back(rig)
    (question,) = come_back(rig)
    assert (lost.venue_order_id, question.venue_order_id) == ("X1", "X1")
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    assert reports(rig) == [("X1", None, Decimal(0))]


def test_a_question_that_the_venue_does_not_answer_is_asked_again() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(refused(question.request_id, Outcome.THROTTLED))
    assert asked(rig) == []
    rig.wait(2)
    (second,) = asked(rig)
    rig.wait(11)
    (third,) = asked(rig)
    assert second.venue_order_id == third.venue_order_id == "X1"
    rig.hear(refused(second.request_id, Outcome.NOT_FOUND), refused(third.request_id, Outcome.NOT_FOUND))
    assert reports(rig) == [("X1", None, Decimal(0))]


def test_an_order_is_asked_for_with_growing_pauses_while_the_venue_does_not_answer() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    pauses = []
    for _ in range(7):
        rig.hear(refused(question.request_id, Outcome.AMBIGUOUS))
        before = rig.time
        rig.wait_for_sends()
        (question,) = asked(rig)
        pauses.append((rig.time - before) / SECOND)
    assert pauses == [1, 2, 5, 15, 60, 60, 60]


def test_few_are_asked_for_at_once_and_never_before_orders_of_ours() -> None:
    rig = watching(*(view(f"X{number}") for number in range(40)))
    rig.live("a1", "V1")
    first = come_back(rig)
    assert [question.venue_order_id for question in first] == ["V1"]
    rig.hear(took(first[0].request_id, order=view("V1", 1)))
    rig.wait(2)
    questions = asked(rig)
    assert len(questions) == external_orders.MOST_ASKED_AT_ONCE
    for _ in range(2):
        for question in questions:
            rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
        questions = asked(rig)
    for question in questions:
        rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    assert sorted(told[0] for told in reports(rig)) == sorted(f"X{number}" for number in range(40))


def list_orders(rig: Rig, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The user asks for the open orders. Gives what is asked for then."""
    rig.sends.clear()
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=orders))
    return asked(rig)


def test_a_list_that_follows_behind_proves_nothing_about_an_order_heard_of_since() -> None:
    rig = watching(lists_lag=60 * SECOND)
    rig.hear(acknowledged("X1"))
    rig.wait(59)
    assert list_orders(rig) == []
    rig.wait(1)
    assert [question.venue_order_id for question in list_orders(rig)] == ["X1"]


def test_a_list_that_follows_behind_does_not_answer_what_a_login_after_it_asks() -> None:
    rig = watching(lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}))
    rig.hear(acknowledged("X1"))
    (question,) = come_back(rig)
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    rig.wait(10)
    list_orders(rig, view("X1"))
    question = later_question(rig, 60)
    rig.hear(took(question.request_id, order=view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))))
    assert reports(rig)[-1] == ("X1", OrderStatus.FILLED, Decimal(10))


def test_an_order_that_only_a_list_showed_is_missed_by_the_next_one() -> None:
    rig = watching()
    assert list_orders(rig, view("X1")) == []
    rig.wait(1)
    assert [question.venue_order_id for question in list_orders(rig)] == ["X1"]
    assert reports(rig) == []


def test_what_turned_out_to_be_ours_is_not_missed_as_another_sessions() -> None:
    rig = watching()
    rig.place("a1")
    number = rig.numbers
    assert rig.hear(acknowledged("V1")) == ["OrderStatusReport"]  # without its client id
    rig.hear(took(number, "V1"), canceled("V1", 1))
    assert come_back(rig) == []
    assert reports(rig) == []


def test_beyond_what_is_remembered_a_warning_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_orders, "MOST_REMEMBERED", 2)
    rig = watching(view("X1"), view("X2"))
    rig.hear(acknowledged("X3"))
    assert "More than 2 orders" in rig.last.warnings[0]
    rig.hear(acknowledged("X4"))
    assert rig.last.warnings == []
    assert rig.hear(canceled("X3")) == ["OrderStatusReport"]
    assert rig.hear(canceled("X3")) == []


# Fills


def listed(*trades: facts.Trade, number: int = 0) -> facts.FillsListed:
    return facts.FillsListed(request_id=RequestId(number), trades=trades)


def test_a_fill_of_an_open_order_is_told_once_although_many_others_came_between() -> None:
    rig = Rig(fill_window=2)
    rig.hear(acknowledged("X1"), traded("X1", "t1", 1, 1))
    for number in range(5):
        rig.hear(traded(f"Y{number}", f"u{number}", 1, 1))
    late = evolve(trade("X1", "t1", 1), time=WALL + 3600 * SECOND)
    assert rig.hear(listed(late)) == []
    rig.hear(canceled("X1", total=1))
    assert rig.hear(listed(late)) == []


def test_readings_of_our_own_tell_no_fill_from_before_the_client_began() -> None:
    rig = watching(reads_history=True)
    rig.lose_link()
    rig.log_in()
    (reading,) = (request for request in rig.sent() if isinstance(request, requests.ListFills))
    old = evolve(trade("X1", "t1", 1), time=WALL + 99 * SECOND)
    new = evolve(trade("X1", "t2", 1), time=WALL + 101 * SECOND)
    rig.records.clear()
    rig.hear(listed(old, new, number=reading.request_id))
    told = [event.trade_id for event in rig.events() if isinstance(event, events.FillReport)]
    assert told == ["t2"]


def test_fills_that_the_user_asks_for_are_told_whenever_they_were() -> None:
    rig = watching(reads_history=True)
    rig.ask(commands.ReadFills(start=0, end=WALL))
    old = evolve(trade("X1", "t1", 1), time=WALL - 3600 * SECOND)
    assert rig.hear(listed(old, number=rig.numbers)) == ["FillReport"]


# Over the simulated venues


everywhere = pytest.mark.parametrize("kind", MARKETS)


@asynccontextmanager
async def trader_at(kind: str, **settings: Any) -> AsyncIterator[tuple[SimulatedVenue, Client]]:
    """A venue and somebody who trades there."""
    async with open_quiet_venue(name=kind, wall_clock=wall_clock, **settings) as venue:
        async with open_client(config_for(venue, wall_clock=wall_clock)) as trader:
            yield venue, trader


@asynccontextmanager
async def watcher_at(venue: SimulatedVenue) -> AsyncIterator[EventStream]:
    """What a second client hears that begins now and only watches, after its login."""
    async with open_client(config_for(venue, wall_clock=wall_clock)) as watcher:
        with watcher.events() as stream:
            await drain(stream, 2)
            yield stream


async def place(trader: Client, market: Market, units: int = 2, level: int = 0) -> Order:
    wanted = NewOrder.limit(market.instrument, Side.BUY, quantity=units * market.unit, price=market.prices[level])
    order = await trader.submit(wanted)
    await order.accepted()
    return order


async def id_of(order: Order) -> VenueOrderId | None:
    return (await order.state()).venue_order_id


async def sell(venue: SimulatedVenue, market: Market, units: int = 1, level: int = 0) -> None:
    await venue.trade(market.symbol, Side.SELL, price=market.prices[level], quantity=units * market.unit)


def ends_of(heard: list[events.Event]) -> list[tuple[VenueOrderId | None, OrderStatus | None]]:
    return [
        (event.venue_order_id, event.status)
        for event in heard
        if isinstance(event, events.OrderStatusReport) and (event.status is None or event.status.is_terminal)
    ]


def filled(heard: list[events.Event]) -> Decimal:
    return sum((event.last_quantity for event in heard if isinstance(event, events.FillReport)), Decimal(0))


@everywhere
async def test_a_watcher_hears_every_fill_and_every_end_once(autojump_clock: MockClock, kind: str) -> None:
    market = MARKETS[kind]
    async with trader_at(kind) as (venue, trader):
        first = await place(trader, market)
        await sell(venue, market)  # before anybody watches
        await trio.sleep(2)
        async with watcher_at(venue) as heard_by:
            second = await place(trader, market, level=1)
            await sell(venue, market, units=2, level=1)
            await sell(venue, market)
            third = await place(trader, market, level=1)
            await trader.cancel(third)
            await third.done()
            await venue.drop_connections()
            heard = await drain(heard_by, 200)
        ids = [await id_of(order) for order in (second, first, third)]
    statuses = [OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.CANCELED]
    assert ends_of(heard) == list(zip(ids, statuses, strict=True))
    assert filled(heard) == 3 * market.unit


@everywhere
async def test_a_watcher_hears_how_orders_ended_while_its_link_was_down(autojump_clock: MockClock, kind: str) -> None:
    market = MARKETS[kind]
    async with trader_at(kind) as (venue, trader):
        await place(trader, market)
        gone = await place(trader, market, level=1)
        async with watcher_at(venue) as heard_by:
            await venue.drop_connections()
            await sell(venue, market, units=2, level=1)
            heard = await drain(heard_by, 200)
            await venue.drop_connections()
            again = await drain(heard_by, 200)
        assert ends_of(heard) == [(await id_of(gone), OrderStatus.FILLED)]
    assert ends_of(again) == []
    assert filled(again) == 0


@everywhere
async def test_a_reconnect_tells_no_fill_from_before_the_watcher_began(autojump_clock: MockClock, kind: str) -> None:
    market = MARKETS[kind]
    async with trader_at(kind) as (venue, trader):
        await place(trader, market, units=4)
        await sell(venue, market, units=3)
        await trio.sleep(1)
        async with watcher_at(venue) as heard_by:
            await venue.drop_connections()
            assert filled(await drain(heard_by, 200)) == 0


@pytest.mark.parametrize("full_fill", ["delta", "cancel_only"])
async def test_a_full_fill_at_kraken_futures_is_an_end_however_it_is_told(
    autojump_clock: MockClock, full_fill: str
) -> None:
    kind = "kraken-futures"
    async with trader_at(kind, full_fill=full_fill) as (venue, trader):
        async with watcher_at(venue) as heard_by:
            order = await place(trader, MARKETS[kind])
            await sell(venue, MARKETS[kind], units=2)
            heard = await drain(heard_by, 200)
        assert ends_of(heard) == [(await id_of(order), OrderStatus.FILLED)]
    assert filled(heard) == 2 * MARKETS[kind].unit
