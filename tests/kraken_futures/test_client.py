"""Trading Kraken Futures through the whole graph, on virtual time over memory: REST for orders, the socket for news."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors import (
    ApiKey,
    AuthenticationError,
    Client,
    ClientOrderId,
    EventStream,
    KrakenFuturesConfig,
    NewOrder,
    NotSent,
    OffsetUnit,
    OnClose,
    Order,
    OrderEnded,
    OrderRejected,
    OrderStatus,
    Side,
    SimulatedVenue,
    TimeInForce,
    TriggerType,
    events,
    open_client,
)
from protocol.orders import VenueOptions
from protocol.simulation.exchange import Tell
from protocol.simulation.faults import Fault, FaultKind, drawn
from protocol.values import Instant

from ..stories import orders_of, tell
from ..trading import config_for, drain, names, open_quiet_venue, until

VENUE = "kraken-futures"
BTC = "PF_XBTUSD.KRAKEN-FUTURES"
SECRET = "c29tZXRoaW5nIGVsc2UgZW50aXJlbHk="


def buy(quantity: str = "1", price: str = "60000", **terms: Any) -> NewOrder:
    return NewOrder.limit(BTC, Side.BUY, quantity=quantity, price=price, **terms)


@asynccontextmanager
async def trading(
    *faults: Fault, client: dict[str, Any] | None = None, **venue_settings: Any
) -> AsyncIterator[tuple[SimulatedVenue, Client, EventStream]]:
    async with open_quiet_venue(*faults, name=VENUE, **venue_settings) as venue:
        async with open_client(config_for(venue, **(client or {}))) as ours:
            with ours.events() as stream:
                yield venue, ours, stream


async def sell_to_us(venue: SimulatedVenue, quantity: str, price: str = "60000") -> None:
    await venue.trade("PF_XBTUSD", Side.SELL, price=price, quantity=quantity)


async def offer(venue: SimulatedVenue, quantity: str, price: str = "60000") -> None:
    """Somebody's resting sell order, for us to buy from."""
    await venue.trade("PF_XBTUSD", Side.SELL, price=price, quantity=quantity, rest=True)


# The story


async def test_an_order_lives_from_submission_to_its_last_fill(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await sell_to_us(venue, "0.4")
        await sell_to_us(venue, "0.6")
        state = await order.filled()
        assert (state.cumulative, state.leaves, state.status) == (1, 0, OrderStatus.FILLED)
        heard = await drain(stream, 5)
        assert names(heard) == [
            "Connected",
            "Authenticated",
            "Reconciled",
            "Submitted",
            "Accepted",
            "Filled",
            "Filled",
        ]
        fill = heard[5]
        assert isinstance(fill, events.Filled)
        assert fill.commission is not None
        assert fill.commission.amount == Decimal("-2.4"), "a maker's rebate"
        assert fill.leaves == Decimal("0.6")


@pytest.mark.parametrize(
    "switches",
    [
        {"fills_first": False},
        {"qty_semantics": "total"},
        {"full_fill": "cancel_only"},
        {"full_fill": "cancel_only", "fills_first": False},
        {"omit_client_id": True},
        {"zero_prices": False},
        {"snapshot_first": True},
        {"snake_case": True},
        {"fill_statuses": True},
        {"feed_delay": 300_000_000},
        {"removal": "delta"},
        {"microseconds": True},
        {"server_time": False},
        {"post_reason": "post_order_failed_because_it_would_be_filled"},
    ],
    ids=str,
)
async def test_the_stream_is_the_same_however_the_venue_tells_it(
    autojump_clock: MockClock, switches: dict[str, Any]
) -> None:
    async with trading(**switches) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await trio.sleep(1)
        await sell_to_us(venue, "0.4")
        await client.replace(order, price="59999")
        await trio.sleep(1)
        await sell_to_us(venue, "0.6", "59999")
        await order.filled()
        other = await client.submit(buy())
        await other.accepted()
        await trio.sleep(1)
        await client.cancel(other)
        await other.done()
        heard = await drain(stream, 5)
        assert names(heard)[3:] == [
            "Submitted",
            "Accepted",
            "Filled",
            "Updated",
            "Filled",
            "Submitted",
            "Accepted",
            "Canceled",
        ]


async def test_an_order_that_trades_as_it_comes_is_told_once(autojump_clock: MockClock) -> None:
    async with trading(feed_delay=100_000_000) as (venue, client, stream):
        await offer(venue, "0.7")
        order = await client.submit(buy())
        await order.accepted()
        heard = await drain(stream, 3)
        assert [name for name in names(heard) if name in ("Accepted", "Filled", "FeeReported")] == [
            "Accepted",
            "Filled",
            "FeeReported",
        ]
        fee = heard[-1]
        assert isinstance(fee, events.FeeReported)
        assert fee.commission.amount == Decimal("21"), "the answer tells the fill, the feed its fee"
        assert (await order.state()).leaves == Decimal("0.3")


@pytest.mark.parametrize(
    ("name", "on_the_wire"),
    [("kraken-futures", "O20260227002321004001100"), ("kraken-spot", "O27002321004001100")],
)
async def test_a_long_client_order_id_comes_back_whole(autojump_clock: MockClock, name: str, on_the_wire: str) -> None:
    """It crosses the wire of Spot cut to eighteen characters, and that of Futures whole (spec A.13)."""
    full = ClientOrderId("O20260227002321004001100")
    instrument = BTC if name == "kraken-futures" else "BTC/USD.KRAKEN"
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            order = await client.submit(
                NewOrder.limit(instrument, Side.BUY, quantity=1, price=60000, client_order_id=full)
            )
            await order.accepted()
            accepted = (await until(stream, events.Accepted))[-1]
            assert isinstance(accepted, events.Accepted)
            assert accepted.client_order_id == full
            (row,) = await client.open_orders()
            assert row.client_order_id == full
            assert await client.resolve(on_the_wire) == full
            assert await client.resolve("unknown") is None


# Every type of order


async def test_a_market_order_takes_what_is_there(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await offer(venue, "5")
        order = await client.submit(NewOrder.market(BTC, Side.BUY, quantity="2"))
        assert (await order.filled()).cumulative == 2


@pytest.mark.parametrize("remainder", ["delta", "cancel_only"])
@pytest.mark.parametrize("fills_first", [True, False])
async def test_the_rest_of_an_order_that_must_trade_at_once_is_canceled_behind_its_fills(
    autojump_clock: MockClock, remainder: str, fills_first: bool
) -> None:
    async with trading(remainder=remainder, fills_first=fills_first) as (venue, client, stream):
        await offer(venue, "0.7")
        order = await client.submit(buy(time_in_force=TimeInForce.IOC))
        with pytest.raises(OrderEnded, match=r"0\.7"):
            await order.filled()
        heard = [name for name in names(await drain(stream, 5)) if name in ("Filled", "Canceled")]
        assert heard == ["Filled", "Canceled"]


async def test_an_order_that_must_trade_at_once_and_cannot_is_rejected(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        order = await client.submit(buy(time_in_force=TimeInForce.IOC))
        with pytest.raises(OrderRejected, match="iocWouldNotExecute"):
            await order.accepted()
        assert names(await drain(stream, 3))[-1] == "Rejected"


async def test_all_or_nothing_is_nothing_when_there_is_too_little(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await offer(venue, "0.7")
        order = await client.submit(buy(time_in_force=TimeInForce.FOK))
        with pytest.raises(OrderRejected):
            await order.filled()
        order = await client.submit(buy("0.7", time_in_force=TimeInForce.FOK))
        assert (await order.filled()).cumulative == Decimal("0.7")


async def test_a_post_only_order_that_would_trade_is_rejected_for_that(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "0.7")
        order = await client.submit(buy(post_only=True))
        with pytest.raises(OrderRejected, match="postWouldExecute"):
            await order.accepted()
        rejection = (await until(stream, events.Rejected))[-1]
        assert isinstance(rejection, events.Rejected)
        assert rejection.due_post_only


@pytest.mark.parametrize("child_order_id", ["new", "same"])
@pytest.mark.parametrize("limited", [True, False])
async def test_a_stop_fires_and_its_order_goes_on_under_our_name(
    autojump_clock: MockClock, child_order_id: str, limited: bool
) -> None:
    async with trading(child_order_id=child_order_id) as (venue, client, stream):
        await venue.trade("PF_XBTUSD", Side.BUY, price="63000", quantity="9", rest=True)
        if limited:
            stop = NewOrder.stop_limit(BTC, Side.SELL, quantity="1", price="62000", trigger_price="64000")
        else:
            stop = NewOrder.stop_market(
                BTC, Side.SELL, quantity="1", trigger_price="64000", trigger=TriggerType.MARK, reduce_only=False
            )
        order = await client.submit(stop)
        await order.accepted()
        for signal in ("last", "mark"):
            await venue.act(lambda exchange, now, signal=signal: exchange.set_price("PF_XBTUSD", signal, 63500, now))
        assert (await order.filled()).cumulative == 1
        heard = names(await drain(stream, 3))
        assert heard.index("Accepted") < heard.index("Triggered") < heard.index("Filled")
        assert heard.count("Accepted") == heard.count("Triggered") == heard.count("Filled") == 1


@pytest.mark.parametrize("child_order_id", ["new", "same"])
@pytest.mark.parametrize("announce_child", [True, False])
async def test_a_stop_that_fires_where_nobody_buys_is_over(
    autojump_clock: MockClock, announce_child: bool, child_order_id: str
) -> None:
    """The id of the order that it becomes is news, if it is another."""
    async with trading(announce_child=announce_child, child_order_id=child_order_id) as (venue, client, stream):
        stop = NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="64000", trigger=TriggerType.MARK)
        order = await client.submit(stop)
        await order.accepted()
        await venue.act(lambda exchange, now: exchange.set_price("PF_XBTUSD", "mark", 63500, now))
        assert (await order.done()).status is OrderStatus.CANCELED
        heard = names(await drain(stream, 3))
        renamed = ["Updated"] if child_order_id == "new" else []
        assert heard[3:] == ["Submitted", "Accepted", "Triggered", *renamed, "Canceled"]


async def test_triggers_and_trailing_stops_are_taken(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        orders = [
            NewOrder.market_if_touched(BTC, Side.SELL, quantity="1", trigger_price="70000"),
            NewOrder.limit_if_touched(BTC, Side.SELL, quantity="1", price="69900", trigger_price="70000"),
            NewOrder.trailing_stop(BTC, Side.SELL, quantity="1", trailing_offset="2"),
            NewOrder.trailing_stop(
                BTC, Side.SELL, quantity="1", trailing_offset="500", trailing_unit=OffsetUnit.PRICE, limit_offset="1"
            ),
        ]
        for order in orders:
            await (await client.submit(order)).accepted()
        assert len(await client.open_orders()) == 4


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (buy(time_in_force=TimeInForce.GTD), "no time in force GTD"),
        (buy(display_quantity="0.1"), "icebergs"),
        (buy(quote_quantity=True), "quote currency"),
        (buy(price="60000.3"), "tick size"),
        (buy("0.00001"), "minimum|increment"),
        (buy(tag="mine"), "order tags"),
        (buy(margin=True), "margin"),
        (buy(options=VenueOptions()), "options"),
        (NewOrder.limit("NOPE.KRAKEN-FUTURES", Side.BUY, quantity=1, price=1), "not in the cache"),
        (buy(trigger=TriggerType.MARK), "trigger"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_venue_cannot_express_is_refused_here(
    autojump_clock: MockClock, order: NewOrder, why: str
) -> None:
    async with trading() as (_, client, stream):
        await until(stream, events.Reconciled)
        with pytest.raises(NotSent, match=why):
            await client.submit(order)
        assert await drain(stream, 1) == []


# Changes, cancels, batches


async def test_a_change_that_the_venue_refuses_leaves_the_order(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "1", "60001")
        order = await client.submit(buy(post_only=True))
        await order.accepted()
        await client.replace(order, price="60001")
        refusal = (await until(stream, events.ReplaceRejected))[-1]
        assert isinstance(refusal, events.ReplaceRejected)
        assert "postWouldExecute" in refusal.reason
        assert (await order.state()).price == 60000


async def test_a_change_of_quantity_counts_what_has_filled(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await sell_to_us(venue, "0.4")
        await client.replace(order, quantity="2")
        await until(stream, events.Updated)
        state = await order.state()
        assert (state.quantity, state.leaves) == (2, Decimal("1.6"))
        await sell_to_us(venue, "1.6")
        assert (await order.filled()).cumulative == 2


async def test_everything_is_canceled_at_once(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        orders = [await client.submit(buy(price=str(60000 + number))) for number in range(3)]
        for order in orders:
            await order.accepted()
        await client.cancel_all()
        for order in orders:
            assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_batch_tells_of_each_part(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await offer(venue, "1", "60001")
        good, bad, market = await client.submit_all(
            [buy(), buy(price="60001", post_only=True), NewOrder.market(BTC, Side.BUY, quantity="1")]
        )
        await good.accepted()
        with pytest.raises(OrderRejected, match="postWouldExecute"):
            await bad.accepted()
        assert (await market.filled()).cumulative == 1
        await client.cancel_many([good])
        assert (await good.done()).status is OrderStatus.CANCELED


@pytest.mark.parametrize("nested", [True, False])
async def test_many_are_canceled_in_one_call(autojump_clock: MockClock, nested: bool) -> None:
    async with trading(nested_cancels=nested) as (_, client, _):
        orders = await client.submit_all([buy(price=str(60000 + number)) for number in range(12)])
        for order in orders:
            await order.accepted()
        await client.cancel_many(orders)
        for order in orders:
            assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_cancel_that_overtakes_its_held_order_still_cancels_it(autojump_clock: MockClock) -> None:
    async with trading(maker_protection=50_000_000) as (_, client, _):
        order = await client.submit(buy())
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_client_that_dies_leaves_its_orders_to_the_switch(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE) as venue:
        async with open_client(config_for(venue, cancel_all_after=60)) as client:
            await (await client.submit(buy())).accepted()
            await trio.sleep(200)
            assert len(await client.open_orders()) == 1, "as long as it lives it renews the switch"
            client.abort()
        await trio.sleep(61)
        async with open_client(config_for(venue)) as client:
            assert await client.open_orders() == ()


async def test_a_client_that_leaves_turns_the_switch_off(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE) as venue:
        async with open_client(config_for(venue, cancel_all_after=60)) as client:
            await (await client.submit(buy())).accepted()
        await trio.sleep(100)
        async with open_client(config_for(venue, on_close=OnClose.CANCEL_ALL)) as client:
            assert len(await client.open_orders()) == 1
        async with open_client(config_for(venue)) as client:
            assert await client.open_orders() == ()


# What goes wrong


async def test_a_wrong_secret_ends_the_client_with_a_sentence(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE) as venue:
        with pytest.raises(AuthenticationError, match="Check the key, its secret"):
            async with open_client(config_for(venue, credentials=ApiKey("demo-key", SECRET))):
                pass


def test_a_secret_that_is_no_secret_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="base64"):
        KrakenFuturesConfig(credentials=ApiKey("k", "not base64!")).venue()


async def test_a_placement_whose_answer_is_lost_is_unknown_until_the_venue_tells(autojump_clock: MockClock) -> None:
    lost = Fault(kind=FaultKind.REST_ERROR_EXECUTED, nth=3, code=503)  # after the instruments and the time
    async with trading(lost, feed_delay=200_000_000) as (_, client, stream):
        order = await client.submit(buy())
        heard = await until(stream, events.Accepted)
        assert names(heard)[-2:] == ["StatusUnknown", "Accepted"]
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_placement_that_never_arrived_is_denied_once_history_says_so(autojump_clock: MockClock) -> None:
    lost = Fault(kind=FaultKind.REST_ERROR, nth=3, code=502)  # after the instruments and the time
    async with trading(lost) as (_, client, stream):
        order = await client.submit(buy())
        heard = await until(stream, events.Denied)
        assert names(heard)[-2:] == ["StatusUnknown", "Denied"]
        with pytest.raises(NotSent, match="never"):
            await order.filled()


async def test_fills_of_a_lost_connection_are_there_before_all_is_reconciled(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await until(stream, events.Accepted)
        await venue.drop_connections()
        await sell_to_us(venue, "0.4")
        heard = await until(stream, events.Reconciled)
        assert names(heard)[0] == "Disconnected"
        assert names(heard)[-1] == "Reconciled"
        assert names(heard).count("Filled") == 1
        assert "MissingFills" not in names(heard)


@pytest.mark.parametrize("resumed", [True, False])
async def test_a_client_whose_fills_feed_ended_hears_of_fills_all_the_same(
    autojump_clock: MockClock, resumed: bool
) -> None:
    """The venue may resume it, or find that the challenge is too old by now."""

    def end_fills(exchange: Any, now: Instant) -> list[Tell]:
        ((number, session),) = exchange._sessions.items()
        del session.feeds["fills"]
        if not resumed:
            session.challenge = None
        return [Tell(number, '{"event":"unsubscribed","feed":"fills"}')]

    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await until(stream, events.Accepted)
        await venue.act(end_fills)
        await trio.sleep(1)
        await sell_to_us(venue, "1")
        assert (await order.filled()).cumulative == 1
        ours, link = ["Filled"], ["Disconnected", "Reconnected", "Authenticated", "Reconciled"]
        assert names(await drain(stream)) == (ours if resumed else [*link, *ours])


@pytest.mark.parametrize("unfilled_on_triggers", [True, False])
async def test_a_stop_keeps_its_quantity_though_the_list_of_open_orders_may_leave_it_out(
    autojump_clock: MockClock, unfilled_on_triggers: bool
) -> None:
    async with trading(unfilled_on_triggers=unfilled_on_triggers) as (_, client, stream):
        stop = await client.submit(NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="50000"))
        await stop.accepted()
        await (await client.submit(buy())).accepted()
        await trio.sleep(130)  # the list is compared twice meanwhile
        assert sorted(report.quantity for report in await client.open_orders() if report.quantity) == [1, 1]
        assert (await stop.state()).quantity == 1
        assert "Updated" not in names(await drain(stream, 1))


AWAY = [Fault(kind=FaultKind.REFUSE_UPGRADE, nth=number, code=503) for number in range(2, 9)]
"""Longer than orders/status tells of an order that has ended."""


@pytest.mark.parametrize(
    "switches",
    [{}, {"history_page": 1}, {"history_choice": "opened"}, {"history_choice": "closed"}],
    ids=str,
)
async def test_an_order_that_ended_while_we_were_away_long_is_settled_by_history(
    autojump_clock: MockClock, switches: dict[str, Any]
) -> None:
    async with trading(*AWAY, **switches) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await venue.drop_connections()
        await venue.act(lambda exchange, now: exchange.end_orders("contract_expired", now))
        heard = await until(stream, events.Reconciled, 2)
        assert names(heard)[-2:] == ["Expired", "Reconciled"]
        assert (await order.done()).status is OrderStatus.EXPIRED


@pytest.mark.parametrize("history_page", [1, 100])
async def test_a_stop_that_ended_while_we_were_away_long_is_settled_by_the_history_of_triggers(
    autojump_clock: MockClock, history_page: int
) -> None:
    async with trading(*AWAY, history_page=history_page) as (venue, client, stream):
        order = await client.submit(NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="50000"))
        await order.accepted()
        await venue.drop_connections()
        await venue.act(lambda exchange, now: exchange.end_orders("dead_man_switch", now))
        heard = await until(stream, events.Reconciled, 2)
        assert names(heard)[-2:] == ["Canceled", "Reconciled"]
        assert (await order.done()).reason == "dead_man_switch"


@pytest.mark.parametrize("child_order_id", ["same", "new"])
@pytest.mark.parametrize(
    "switches", [{}, {"history_places_with_fills": False}, {"history_shows_new_as_old": True}], ids=str
)
async def test_a_stop_that_fired_and_filled_while_we_were_away_long_is_filled(
    autojump_clock: MockClock, child_order_id: str, switches: dict[str, Any]
) -> None:
    async with trading(*AWAY, child_order_id=child_order_id, **switches) as (venue, client, stream):
        stop = NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="64000", trigger=TriggerType.MARK)
        order = await client.submit(stop)
        await order.accepted()
        await venue.drop_connections()
        await venue.trade("PF_XBTUSD", Side.BUY, price="63900", quantity="1", rest=True)
        await venue.act(lambda exchange, now: exchange.set_price("PF_XBTUSD", "mark", 63950, now))
        heard = names(await until(stream, events.Reconciled, 2))
        assert heard.count("Filled") == 1
        assert not {"Canceled", "Denied", "MissingFills"} & set(heard)
        assert (await order.state()).status is OrderStatus.FILLED


async def test_a_fee_that_the_feed_leaves_out_follows_from_the_history(autojump_clock: MockClock) -> None:
    async with trading(fees_on_feed=False) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await sell_to_us(venue, "1")
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert fill.commission is None, "not told, which is not zero"
        fee = (await until(stream, events.FeeReported))[-1]
        assert isinstance(fee, events.FeeReported)
        assert fee.commission.amount == Decimal("-6"), "a maker's rebate"


async def test_a_full_budget_keeps_room_for_cancels(autojump_clock: MockClock) -> None:
    """The venue throttles by the same rules, so anything over its budget would be refused there."""
    async with trading(throttle=True, client={"budget_patience": 0.0}) as (_, client, stream):
        orders = [await client.submit(buy(price=str(50000 + number))) for number in range(60)]
        await trio.sleep(3)
        for order in orders[:10]:
            await client.cancel(order)
        heard = await drain(stream, 1)
        assert names(heard).count("Denied") >= 20
        assert names(heard).count("Canceled") == 10
        assert "Rejected" not in names(heard)


async def test_a_placement_waiting_for_its_budget_can_be_canceled_unsent(autojump_clock: MockClock) -> None:
    async with trading(client={"budget_patience": 30.0}) as (_, client, stream):
        orders = [await client.submit(buy(price=str(50000 + number))) for number in range(45)]
        await client.cancel(orders[-1])
        with pytest.raises(NotSent, match="before it was sent"):
            await orders[-1].accepted()
        await trio.sleep(30)
        assert names(await drain(stream, 1)).count("Accepted") == 44


@pytest.mark.parametrize("together", [False, True])
async def test_placements_that_wait_do_not_follow_a_cancel_of_all(autojump_clock: MockClock, together: bool) -> None:
    async with trading(client={"budget_patience": 30.0}) as (venue, client, stream):
        orders = [await client.submit(buy(price=str(50000 + number))) for number in range(44)]
        if together:
            await client.cancel_many(orders[-2:])
        else:
            await client.cancel_all()
        await trio.sleep(60)
        heard = names(await drain(stream, 1))
        assert heard.count("Denied") == 2 if together else heard.count("Denied") >= 2
        exchange = venue.exchange
        ours = [order for order in exchange.engine.orders.values() if order.account in exchange.client_accounts]
        assert len([order for order in ours if order.is_open]) == (42 if together else 0)


# The books, whatever goes wrong

KINDS = (
    FaultKind.DUPLICATE_EVENT,
    FaultKind.DROP_EVENT,
    FaultKind.DELAY_EVENT,
    FaultKind.REST_ERROR,
    FaultKind.REST_ERROR_EXECUTED,
    FaultKind.DROP_SESSIONS,
    FaultKind.UNKNOWN_WORD,
)


async def story(seed: int) -> None:
    """Orders, changes, cancels and fills at a venue where things go wrong; afterwards the books are compared."""
    chance = random.Random(seed)
    faults = drawn(chance.random, chance=0.05, among=KINDS, last=60).faults
    switches = {
        "fills_first": chance.random() < 0.5,
        "qty_semantics": chance.choice(["remaining", "total"]),
        "full_fill": chance.choice(["delta", "cancel_only"]),
        "remainder": chance.choice(["delta", "cancel_only"]),
        "omit_client_id": chance.random() < 0.5,
    }
    async with open_quiet_venue(*faults, name=VENUE, **switches) as venue:
        await tell(venue, chance, orders_of(BTC))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.random_module(), st.integers(0, 10**6))
def test_every_fill_comes_once_whatever_goes_wrong_and_whoever_goes_first(schedule: object, seed: int) -> None:
    """Hypothesis seeds Trio's scheduler, so a failing interleaving is found again."""
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("seed", range(20))
def test_every_fill_comes_once_whatever_goes_wrong(seed: int) -> None:
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))


# Stops, whatever goes wrong

STOP_KINDS = (FaultKind.DUPLICATE_EVENT, FaultKind.DROP_EVENT, FaultKind.DELAY_EVENT)


async def story_of_stops(seed: int) -> None:
    """Stops fire and trade at a venue where events are lost, doubled and late; afterwards the books are compared."""
    chance = random.Random(seed)
    faults = drawn(chance.random, chance=0.06, among=STOP_KINDS, last=60).faults
    switches = {
        "fills_first": chance.random() < 0.5,
        "qty_semantics": chance.choice(["remaining", "total"]),
        "omit_client_id": chance.random() < 0.5,
        "full_fill": chance.choice(["delta", "cancel_only"]),
        "child_order_id": chance.choice(["new", "same"]),
        "announce_child": chance.random() < 0.5,
    }
    async with open_quiet_venue(*faults, name=VENUE, **switches) as venue:
        heard = await tell(venue, chance, fire_stops)
    assert all(event.quantity == 1 for event in heard if isinstance(event, events.Updated)), "none was edited"
    assert all(event.reported <= 1 for event in heard if isinstance(event, events.MissingFills)), "more than there was"


async def fire_stops(venue: SimulatedVenue, client: Client, chance: random.Random) -> list[Order]:
    """Sells that wait below the market. Each finds a buyer as it fires, for all of it or a part; some find another
    later, some are canceled, and a market order that is too late finds nobody."""
    orders = []
    for number in range(5):
        trigger = 64000 - 100 * number
        terms: dict[str, Any] = {"quantity": "1", "trigger_price": str(trigger), "trigger": TriggerType.MARK}
        limited = chance.random() < 0.6
        if limited:
            order = NewOrder.stop_limit(BTC, Side.SELL, price=str(trigger - 500), **terms)
        else:
            order = NewOrder.stop_market(BTC, Side.SELL, **terms)
        orders.append(await client.submit(order))
        await trio.sleep(chance.choice([0, 1]))
        await venue.trade("PF_XBTUSD", Side.BUY, price=trigger - 400, quantity=chance.choice(["0.4", "1"]), rest=True)
        await venue.act(lambda exchange, now, to=trigger - 50: exchange.set_price("PF_XBTUSD", "mark", to, now))
        await trio.sleep(chance.choice([0, 1]))
        if chance.random() < 0.5:
            await venue.trade("PF_XBTUSD", Side.BUY, price=trigger - 400, quantity="0.6")
        elif limited and chance.random() < 0.5:
            with suppress(NotSent):  # it may be filled by now
                await client.cancel(orders[-1])
        await trio.sleep(1)
    return orders


@pytest.mark.parametrize("seed", [*range(30), 168, 499])
def test_every_fill_of_a_stop_comes_once_whatever_goes_wrong(seed: int) -> None:
    trio.run(story_of_stops, seed, clock=MockClock(autojump_threshold=0))
