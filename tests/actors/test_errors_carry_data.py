"""Through the whole client, at all three venues: a program decides by the data of an error, never by its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import (
    Client,
    ClientOrderId,
    DuplicateOrder,
    NewOrder,
    NotSent,
    OrderEnded,
    OrderRejected,
    RejectReason,
    Side,
    StrategyId,
    VenueOrderId,
    Why,
    open_client,
)
from protocol import commands
from protocol.errors import OutcomeUnknown, RequestFailed, SubscriberLagged
from protocol.events import CancelRejected, Disconnected, Rejected, ReplaceRejected
from protocol.values import InstrumentId, OrderStatus

from ..trading import config_for, open_quiet_venue, until

INSTRUMENTS = {
    "ax": ("XAU-PERP.AX", 2400),
    "kraken-futures": ("PF_XBTUSD.KRAKEN-FUTURES", 60000),
    "kraken-spot": ("BTC/USD.KRAKEN", 60000),
}
VENUES = pytest.mark.parametrize("name", INSTRUMENTS)


def buy(name: str, **terms: Any) -> NewOrder:
    instrument, price = INSTRUMENTS[name]
    return NewOrder.limit(instrument, Side.BUY, **({"quantity": 1, "price": price} | terms))


def status_of(error: NotSent | OrderRejected | RequestFailed | OutcomeUnknown) -> int:
    """What a web service around the client answers with: by data alone."""
    match error:
        case NotSent(why=Why.THROTTLED | Why.BUSY) | OrderRejected(why=RejectReason.RATE_LIMIT):
            return 429
        case NotSent(why=Why.DUPLICATE_ID):
            return 409
        case NotSent(why=why) if why.may_pass or why in (Why.CLOSING, Why.CLOSED, Why.SESSION_ENDED):
            return 503
        case NotSent():
            return 400
        case OrderRejected(why=RejectReason.UNAVAILABLE | RejectReason.MARKET_CLOSED):
            return 503
        case OrderRejected():
            return 422
    return 502


async def rejection(client: Client, order: NewOrder) -> OrderRejected:
    placed = await client.submit(order)
    with pytest.raises(OrderRejected) as refused:
        await placed.accepted()
    error = refused.value
    assert error.client_order_id == placed.client_order_id
    assert error.reason
    assert error.reason in str(error)
    assert (await placed.state()).why is error.why
    with pytest.raises(OrderRejected) as again:
        await placed.filled()
    assert again.value == error
    return error


# What the venue refuses

TOO_MUCH = {"ax": 100_000, "kraken-futures": 900, "kraken-spot": 100_000}


@VENUES
async def test_a_lack_of_funds_is_told_as_one(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            error = await rejection(client, buy(name, quantity=TOO_MUCH[name]))
            assert (error.why, status_of(error)) == (RejectReason.INSUFFICIENT_FUNDS, 422)
            told = (await until(stream, Rejected))[-1]
            assert isinstance(told, Rejected)
            assert (told.why, told.reason, told.due_post_only) == (error.why, error.reason, False)


@VENUES
async def test_a_post_only_order_that_would_trade_is_told_as_one(autojump_clock: MockClock, name: str) -> None:
    instrument, price = INSTRUMENTS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        await venue.trade(instrument.rpartition(".")[0], Side.SELL, price=price, quantity=1, rest=True)
        with client.events() as stream:
            placed = await client.submit(buy(name, post_only=True))
            with pytest.raises(OrderRejected) as refused:
                await placed.accepted()
            assert refused.value.why is RejectReason.POST_ONLY
            told = (await until(stream, Rejected))[-1]
            assert isinstance(told, Rejected)
            assert told.due_post_only


LIMITS: Mapping[str, dict[str, Any]] = {"ax": {"max_open_orders": 1}, "kraken-futures": {"most_orders": 1}}


@pytest.mark.parametrize("name", LIMITS)
async def test_too_many_open_orders_are_told_as_that(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name, **LIMITS[name]) as venue, open_client(config_for(venue)) as client:
        await (await client.submit(buy(name))).accepted()
        error = await rejection(client, buy(name))
        assert (error.why, status_of(error)) == (RejectReason.ORDER_LIMIT, 422)


@pytest.mark.parametrize(
    ("name", "settings"), [("ax", {"rate_limit": 1, "rate_burst": 1}), ("kraken-spot", {"rate_limit": True})]
)
async def test_the_venues_rate_limit_is_told_as_that(
    autojump_clock: MockClock, name: str, settings: dict[str, Any]
) -> None:
    options = {"use_budget": False} if name == "kraken-spot" else {}
    quantity = "0.001" if name == "kraken-spot" else 1
    whys = set()
    async with open_quiet_venue(name=name, **settings) as venue, open_client(config_for(venue, **options)) as client:
        for _ in range(200):
            order = await client.submit(buy(name, quantity=quantity))
            try:
                await order.accepted()
            except OrderRejected as error:
                whys.add((error.why, status_of(error)))
                break
    assert whys == {(RejectReason.RATE_LIMIT, 429)}


PRICES: Mapping[str, tuple[dict[str, Any], Decimal]] = {
    "ax": ({}, Decimal(9000)),
    "kraken-futures": ({}, Decimal(90000)),
    "kraken-spot": ({"price_band": Decimal(10)}, Decimal(90000)),
}


@VENUES
async def test_a_price_that_the_venue_does_not_take_is_told_as_one(autojump_clock: MockClock, name: str) -> None:
    settings, price = PRICES[name]
    quantity = "0.001" if name == "kraken-spot" else 1
    async with open_quiet_venue(name=name, **settings) as venue, open_client(config_for(venue)) as client:
        assert (await rejection(client, buy(name, price=price, quantity=quantity))).why is RejectReason.PRICE


async def test_a_quantity_that_the_venue_does_not_take_is_told_as_one(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-spot") as venue, open_client(config_for(venue)) as client:
        error = await rejection(client, buy("kraken-spot", quantity="0.0001", price=10))
        assert (error.why, error.reason) == (RejectReason.QUANTITY, "EOrder:Cost minimum not met")


@VENUES
async def test_an_order_that_the_venue_does_not_know_is_told_as_unknown(autojump_clock: MockClock, name: str) -> None:
    instrument, _ = INSTRUMENTS[name]
    ghost = ClientOrderId("ghost")
    nowhere = VenueOrderId("OAAAAA-BBBBB-CCCCCC")
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        where = InstrumentId.parse(instrument)
        assert await client.register_external_order(ghost, nowhere, where, StrategyId("mm"))
        with pytest.raises(RequestFailed) as failed:
            await client.order_status(ghost)
        assert (failed.value.why, failed.value.client_order_id) == (RejectReason.UNKNOWN_ORDER, ghost)
        with client.events() as stream:
            await client.cancel(ghost)
            told = (await until(stream, CancelRejected))[-1]
            assert isinstance(told, CancelRejected)
            assert told.why is RejectReason.UNKNOWN_ORDER


async def test_a_refused_replacement_says_why(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-futures") as venue, open_client(config_for(venue)) as client:
        order = await client.submit(buy("kraken-futures"))
        await order.accepted()
        with client.events() as stream:
            await client.replace(order, price=90000)
            told = (await until(stream, ReplaceRejected))[-1]
            assert isinstance(told, ReplaceRejected)
            assert told.why is RejectReason.PRICE


# What is stopped here


async def unsent(ask: Callable[[], Any]) -> NotSent:
    with pytest.raises(NotSent) as refused:
        await ask()
    return refused.value


@VENUES
async def test_what_is_invalid_names_its_field_and_its_order(autojump_clock: MockClock, name: str) -> None:
    mine = ClientOrderId("mine")
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        for terms, field in (
            ({"price": "0.00000001"}, "price"),
            ({"quantity": "0.000000001"}, "quantity"),
            ({"display_quantity": "-1"}, "display_quantity"),
            ({"trailing_offset": 1}, "trailing_offset"),
        ):
            error = await unsent(partial(client.submit, buy(name, client_order_id=mine, **terms)))
            assert (error.field, error.client_order_id, status_of(error)) == (field, mine, 400)
            assert error.why in (Why.INVALID, Why.UNSUPPORTED)
        elsewhere = NewOrder.limit("NO.WHERE", Side.BUY, quantity=1, price=1)
        error = await unsent(lambda: client.submit(elsewhere))
        assert (error.why, error.field, status_of(error)) == (Why.UNKNOWN_INSTRUMENT, "instrument", 400)


@VENUES
async def test_what_the_state_of_an_order_forbids_says_so(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await client.submit(buy(name, client_order_id=ClientOrderId("mine")))
        error = await unsent(lambda: client.submit(buy(name, client_order_id=ClientOrderId("mine"))))
        assert isinstance(error, DuplicateOrder)
        assert (error.why, error.client_order_id, status_of(error)) == (Why.DUPLICATE_ID, "mine", 409)
        error = await unsent(lambda: client.replace(order, quantity=2))
        assert (error.why, error.client_order_id) == (Why.NOT_ACCEPTED_YET, "mine")
        await order.accepted()
        await client.replace(order, quantity=2)
        error = await unsent(lambda: client.replace(order, quantity=3))
        assert (error.why, error.client_order_id, status_of(error)) == (Why.IN_FLIGHT, "mine", 503)
        await trio.sleep(5)
        await client.cancel(order)
        await order.done()
        error = await unsent(lambda: client.cancel(order))
        assert (error.why, error.client_order_id) == (Why.ORDER_ENDED, "mine")
        error = await unsent(lambda: client.cancel(ClientOrderId("nobody")))
        assert (error.why, error.client_order_id) == (Why.UNKNOWN_ORDER, "nobody")
        with pytest.raises(OrderEnded) as ended:
            await order.filled()
        end = ended.value
        assert (end.client_order_id, end.status) == (order.client_order_id, OrderStatus.CANCELED)
        assert end.cumulative == 0


@VENUES
async def test_a_client_without_a_connection_says_so(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            await venue.drop_connections()
            await until(stream, Disconnected)
        error = await unsent(lambda: client.submit(buy(name)))
        assert (error.why, error.why.may_pass, status_of(error)) == (Why.NOT_CONNECTED, True, 503)
        await client.close()
        error = await unsent(lambda: client.submit(buy(name)))
        assert (error.why, error.why.may_pass, status_of(error)) == (Why.CLOSED, False, 503)


async def test_the_venues_own_limit_says_after_how_long_there_is_room(autojump_clock: MockClock) -> None:
    name = "kraken-spot"
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue, tier="starter")) as client:
        with pytest.raises(NotSent) as refused:
            for _ in range(200):
                await client.submit(buy(name, quantity="0.001"))
        error = refused.value
        assert (error.why, status_of(error)) == (Why.THROTTLED, 429)
        assert error.retry_after is not None
        assert 0 < error.retry_after < 60
        await trio.sleep(error.retry_after)
        await client.submit(buy(name, quantity="0.001"))


async def test_too_many_waiting_requests_are_told_as_busy(autojump_clock: MockClock) -> None:
    options = {"order_credits": 1, "requests_per_second": 1}
    async with open_quiet_venue() as venue, open_client(config_for(venue, **options)) as client:
        whys = []
        for _ in range(4):
            try:
                await client.submit(buy("ax"))
            except NotSent as error:
                whys.append((error.why, status_of(error)))
    assert whys
    assert set(whys) == {(Why.BUSY, 429)}


async def test_what_a_venue_has_no_such_thing_for_is_unsupported(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="ax") as venue, open_client(config_for(venue)) as client:
        for ask in (
            lambda: client.submit_all([buy("ax")]),
            lambda: client.cancel_all_after(5),
            lambda: client.submit(buy("ax", reduce_only=True)),
        ):
            assert (await unsent(ask)).why is Why.UNSUPPORTED
    async with open_quiet_venue(name="kraken-spot") as venue, open_client(config_for(venue)) as client:
        error = await unsent(lambda: client.cancel_all(InstrumentId.parse("BTC/USD.KRAKEN")))
        assert (error.why, error.field) == (Why.UNSUPPORTED, "instrument")


async def test_a_part_of_a_batch_names_its_order(autojump_clock: MockClock) -> None:
    name, bad = "kraken-spot", ClientOrderId("bad")
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        orders = [buy(name), buy(name, price="-1", client_order_id=bad)]
        error = await unsent(lambda: client.submit_all(orders))
        assert (error.why, error.field, error.client_order_id) == (Why.INVALID, "price", bad)
        change = commands.Replace(client_order_id=bad, instrument="NO.WHERE", price=1)
        error = await unsent(lambda: client.batch([change]))
        assert (error.why, error.field, error.client_order_id) == (Why.UNKNOWN_INSTRUMENT, "instrument", bad)


async def test_an_order_that_was_never_written_says_why(autojump_clock: MockClock) -> None:
    options: dict[str, Any] = {"requests_per_second": 1}
    async with open_quiet_venue() as venue, open_client(config_for(venue, **options)) as client:
        await client.submit(buy("ax"))
        waiting = await client.submit(buy("ax"))
        await client.cancel(waiting)
        await venue.drop_connections()
        with pytest.raises(NotSent) as denied:
            await waiting.accepted()
        error = denied.value
        assert error.client_order_id == waiting.client_order_id
        assert error.why in (Why.NOT_CONNECTED, Why.WITHDRAWN)


async def test_a_subscriber_that_fell_behind_knows_what_it_lost(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue, open_client(config_for(venue, subscriber_batches=1)) as client:
        with client.events() as stream:
            for _ in range(5):
                order = await client.submit(buy("ax"))
                await order.accepted()
            with pytest.raises(SubscriberLagged) as lagged:
                async for _ in stream:
                    pass
        assert 0 < lagged.value.last_read < lagged.value.first_lost
