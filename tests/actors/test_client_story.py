"""Trading through the whole graph, at a simulated venue in memory, on virtual time."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from actors import (
    Client,
    ConnectionMode,
    DuplicateOrder,
    Instrument,
    NewOrder,
    NotSent,
    OrderEnded,
    OrderRejected,
    OrderStatus,
    OrderType,
    RequestFailed,
    Side,
    TimeInForce,
    events,
    open_client,
)
from protocol.simulation.faults import Fault, FaultKind
from protocol.values import ClientOrderId, StrategyId, VenueOrderId

from ..trading import GOLD, config_for, drain, names, open_quiet_venue, sell, trading, until


async def test_a_session_from_login_to_the_last_event(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(sell(40))
        assert order.request_id == 1
        await order.accepted()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=15)
        await client.replace(order, price="2411.5")
        await until(stream, events.Updated)
        await venue.trade("XAU-PERP", Side.BUY, price="2411.5", quantity=5)
        await client.cancel(order)
        state = await order.done()
        assert (state.status, state.cumulative) == (OrderStatus.CANCELED, Decimal(20))
        await client.close()
        rest = [event async for event in stream]
        assert names(rest) == ["Filled", "Canceled", "Disconnected", "CloseReport"]
        assert {execution.trade_id for execution in venue.executions()} == {
            event.trade_id for event in [*rest] if isinstance(event, events.Filled)
        } | {venue.executions()[0].trade_id}


async def test_the_first_stream_begins_with_the_connection(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        await client.submit(sell())
        seen = await until(stream, events.Accepted)
        assert names(seen) == ["Connected", "Authenticated", "Reconciled", "Submitted", "Accepted"]
        assert [event.sequence for event in seen] == [1, 2, 3, 4, 5]
        with client.events() as later:
            assert await drain(later) == []


async def test_events_carry_who_what_where_and_when(autojump_clock: MockClock) -> None:
    async with trading(trader="TRADER-7", account="AX-001") as (_, client, stream):
        await client.submit(sell(strategy=StrategyId("gold"), client_order_id=ClientOrderId("mine-1")))
        event = (await until(stream, events.Accepted))[-1]
        assert isinstance(event, events.Accepted)
        carried = (event.trader, event.strategy, event.account, str(event.instrument), event.client_order_id)
        assert carried == ("TRADER-7", "gold", "AX-001", GOLD, "mine-1")
        assert event.venue_order_id is not None
        assert event.venue_time > 0
        assert event.local_time > 0


async def test_a_market_order_is_priced_by_the_venue_and_fills(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await venue.trade("XAU-PERP", Side.SELL, price="2411.2", quantity=3, rest=True)
        await venue.trade("XAU-PERP", Side.SELL, price="2411.4", quantity=7, rest=True)
        order = await client.submit(NewOrder.market(GOLD, Side.BUY, quantity=8))
        state = await order.filled()
        assert state.price == Decimal("2411.4")
        fills = [event for event in await drain(stream) if isinstance(event, events.Filled)]
        assert [(fill.last_quantity, fill.last_price) for fill in fills] == [
            (Decimal(3), Decimal("2411.2")),
            (Decimal(5), Decimal("2411.4")),
        ]


async def test_a_market_order_into_an_empty_book_is_denied(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = await client.submit(NewOrder.market(GOLD, Side.BUY, quantity=8))
        with pytest.raises(NotSent, match="nothing to trade against"):
            await order.filled()
        assert venue.exchange.engine.orders == {}


async def test_an_unfilled_ioc_is_canceled(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        order = await client.submit(sell(time_in_force=TimeInForce.IOC))
        with pytest.raises(OrderEnded, match="CANCELED"):
            await order.filled()


async def test_a_rejection_reaches_whoever_waits(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await venue.trade("XAU-PERP", Side.BUY, price="2411.0", quantity=3, rest=True)
        order = await client.submit(sell(price="2411.0", post_only=True))
        with pytest.raises(OrderRejected, match="post-only"):
            await order.accepted()


async def test_the_handle_gives_its_own_events_up_to_the_end(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order, other = await client.submit(sell(4)), await client.submit(sell(4, "2413.0"))
        with order.events() as own:
            await other.accepted()
            await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
            seen = [event async for event in own]
        assert all(isinstance(e, events.OrderEvent) and e.client_order_id == order.client_order_id for e in seen)
        assert names(seen)[-1] == "Filled"


async def test_a_cancel_needs_the_venue_id_where_the_config_says_so(autojump_clock: MockClock) -> None:
    """The seed's own rule; by default the client order id does while the venue id is unknown."""
    drop = Fault(kind=FaultKind.DROP_ANSWER, nth=1), Fault(kind=FaultKind.DROP_EVENT, nth=1)
    async with trading(*drop, cancel_by_client_id=False) as (_, client, _stream):
        order = await client.submit(sell())
        await trio.sleep(1)
        with pytest.raises(NotSent, match=f"{order.client_order_id}.*missing venue_order_id"):
            await client.cancel(order)
    async with trading(*drop) as (_, client, _stream):
        order = await client.submit(sell())
        await trio.sleep(1)
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_known_venue_order_id_is_what_a_cancel_sends(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        order = await client.submit(sell())
        await order.accepted()
        assert await client.cancel(order) == 2
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_questions_are_answered_by_the_venue(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        order = await client.submit(sell(10))
        await order.accepted()
        (report,) = await client.open_orders()
        assert (report.client_order_id, report.quantity) == (order.client_order_id, Decimal(10))
        assert (await client.order_status(order)).status is OrderStatus.ACCEPTED
        assert await client.resolve(order.identity.wire_id or 0) == order.client_order_id
        assert await client.resolve(1) is None
        await client.cancel_all()
        await order.done()
        assert await client.open_orders() == ()


async def test_history_brings_the_fees(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(sell(4))
        await order.accepted()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
        await order.filled()
        now = venue.wall_clock()
        assert await client.read_fills(start=now - 10**12, end=now + 10**12) == 1
        fee = (await until(stream, events.FeeReported))[-1]
        assert isinstance(fee, events.FeeReported)
        assert fee.commission.amount == venue.executions()[0].fee


async def test_orders_placed_elsewhere_are_reports_until_they_are_registered(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        async with open_client(config_for(venue)) as elsewhere:
            order = await elsewhere.submit(sell(6))
            oid = (await order.accepted()).venue_order_id
        report = (await until(stream, events.OrderStatusReport))[-1]
        assert isinstance(report, events.OrderStatusReport)
        assert report.venue_order_id == oid
        name, strategy = ClientOrderId("adopted-1"), StrategyId("s")
        assert await client.register_external_order(name, VenueOrderId(oid or ""), GOLD, strategy)
        assert await client.register_external_order(name, VenueOrderId("other"), GOLD, strategy)
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=6)
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert fill.client_order_id == "adopted-1"


async def test_an_order_of_an_unknown_instrument_is_not_registered(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with trading() as (_, client, _stream):
        name, oid = ClientOrderId("x-1"), VenueOrderId("O-1")
        with caplog.at_level(logging.WARNING, "trio_orders"):
            assert not await client.register_external_order(name, oid, "COPPER.AX", StrategyId("s"))
        assert "x-1" in caplog.text
        assert await client.order_state(name) is None


async def test_instruments_are_cached_on_connect_and_later(autojump_clock: MockClock) -> None:
    copper = Instrument(id="COPPER.AX", price_increment="0.5")
    tin = Instrument(id="TIN.AX", price_increment="1")
    async with trading(instruments=(copper,)) as (_, client, _stream):
        assert client.instrument("COPPER.AX") == copper
        assert client.instrument("XAU-PERP") is not None
        assert client.instrument("TIN.AX") is None
        await client.cache_instrument(tin)
        assert client.instrument("TIN") == tin


def active(client: Client) -> bool:
    return client.is_active  # in a function, or a type checker takes the property for unchanged


async def test_modes_can_be_read_without_waiting(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        assert active(client)
        assert client.mode is ConnectionMode.ACTIVE
        await until(stream, events.Reconciled)
        await venue.drop_connections()
        await until(stream, events.Disconnected)
        assert not active(client)
        await until(stream, events.Reconciled)
        assert active(client)
        await client.disconnect()
        await until(stream, events.Disconnected)
        assert client.is_closed
        with pytest.raises(NotSent):
            await client.submit(sell())
    assert client.is_closed


# Bad input: a clear error, nothing sent, nothing left behind


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (sell("0.5"), "whole number"),  # type: ignore[arg-type]
        (sell(0), "less than one"),
        (NewOrder.limit("COPPER.AX", Side.BUY, quantity=1, price="1"), "not in the cache"),
        (NewOrder.limit("XAU-PERP.KRAKEN", Side.BUY, quantity=1, price="1"), "not in the cache"),
        (
            NewOrder(instrument=GOLD, side=Side.BUY, type=OrderType.STOP_MARKET, quantity=1),
            "no orders of type",
        ),
        (NewOrder(instrument=GOLD, side=Side.BUY, type=OrderType.LIMIT, quantity=1), "needs a price"),
        (NewOrder(instrument=GOLD, side=Side.BUY, type=OrderType.STOP_LIMIT, quantity=1, price="2400"), "trigger"),
        (NewOrder.stop_limit(GOLD, Side.BUY, quantity=1, price="2400", trigger_price="2399"), "trade at once"),
        (sell(price="2412.05"), "tick size"),
        (sell(price="-1"), "greater than zero"),
        (sell(time_in_force=TimeInForce.FOK), "time in force"),
        (sell(post_only=True, time_in_force=TimeInForce.IOC), "post-only"),
        (sell(reduce_only=True), "reduce-only"),
        (sell(tag="no spaces!"), "tag"),
        (sell(client_order_id=ClientOrderId("x" * 37)), "36"),
    ],
)
async def test_a_wrong_order_is_refused_here(autojump_clock: MockClock, order: NewOrder, words: str) -> None:
    async with trading() as (venue, client, stream):
        await until(stream, events.Reconciled)
        with pytest.raises(NotSent, match=words):
            await client.submit(order)
        assert await drain(stream) == []
        assert venue.exchange.engine.orders == {}
        if order.client_order_id is not None:
            assert await client.order_state(order.client_order_id) is None


async def test_a_client_order_id_is_good_for_one_order(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = sell(client_order_id=ClientOrderId("once"))
        await client.submit(order)
        with pytest.raises(DuplicateOrder, match="once"):
            await client.submit(order)
        await trio.sleep(1)
        assert len(venue.exchange.engine.orders) == 1


def test_a_float_is_no_price() -> None:
    with pytest.raises(TypeError, match="float"):
        sell(price=2412.0)  # type: ignore[arg-type]


async def test_a_stop_limit_goes_out_where_the_venue_supports_it(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(supports_stop_limit=True) as venue:
        async with open_client(config_for(venue, supports_stop_limit=True)) as client:
            stop = NewOrder.stop_limit(GOLD, Side.BUY, quantity=2, price="2415.0", trigger_price="2413.0")
            order = await client.submit(stop)
            await order.accepted()
            await venue.trade("XAU-PERP", Side.SELL, price="2414.0", quantity=5, rest=True)
            assert (await order.state()).status is OrderStatus.ACCEPTED
            await venue.trade("XAU-PERP", Side.SELL, price="2413.5", quantity=1, rest=True)
            await venue.trade("XAU-PERP", Side.BUY, price="2413.5", quantity=1)
            assert (await order.filled()).cumulative == 2


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED, FaultKind.BINARY, FaultKind.UNKNOWN_EVENT])
async def test_a_message_that_makes_no_sense_costs_one_warning(
    autojump_clock: MockClock, kind: FaultKind, caplog: pytest.LogCaptureFixture
) -> None:
    async with trading(Fault(kind=kind, nth=1)) as (_, client, _stream):
        with caplog.at_level(logging.WARNING, "trio_orders"):
            order = await client.submit(sell())
            await order.accepted()
        assert client.statistics.unreadable == 1
        assert len([record for record in caplog.records if "message begins" in record.message]) == 1
        assert client.is_active


async def test_a_fill_with_unknown_words_is_still_a_fill(autojump_clock: MockClock) -> None:
    async with trading(Fault(kind=FaultKind.UNKNOWN_WORD, nth=2)) as (venue, client, stream):
        await (await client.submit(sell(10))).accepted()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=3)
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert fill.last_quantity == 3


async def test_a_refused_question_raises(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = await client.submit(sell())
        await order.accepted()
        venue.exchange.engine.orders.clear()
        with pytest.raises(RequestFailed, match="no such order"):
            await client.order_status(order)
