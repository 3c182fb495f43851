"""What is refused here: the sentence names the order and says that nothing was sent, and nothing was."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors import (
    AxConfig,
    Client,
    ClientOrderId,
    NewOrder,
    NotSent,
    OffsetUnit,
    Order,
    Side,
    SimulatedVenue,
    TimeInForce,
    open_client,
)
from protocol import commands
from protocol.simulation.triggers import Trailing

from ..trading import config_for, open_quiet_venue


@frozen
class Market:
    """Where a test trades. price: at which a buy order rests."""

    instrument: str
    price: int

    @property
    def symbol(self) -> str:
        return self.instrument.rpartition(".")[0]

    def buy(self, quantity: Any = 1, price: Any = None, side: Any = Side.BUY, **terms: Any) -> NewOrder:
        return NewOrder.limit(self.instrument, side, quantity=quantity, price=price or self.price, **terms)


MARKETS = {
    "ax": Market("XAU-PERP.AX", 2400),
    "kraken-futures": Market("PF_XBTUSD.KRAKEN-FUTURES", 60000),
    "kraken-spot": Market("BTC/USD.KRAKEN", 60000),
}
KRAKEN = ("kraken-futures", "kraken-spot")


# Which order, and that it was not sent


@pytest.mark.parametrize("name", MARKETS)
async def test_a_refusal_names_the_order_and_says_that_it_was_not_sent(autojump_clock: MockClock, name: str) -> None:
    market = MARKETS[name]
    refusals = {
        market.buy(price="0.00000001", client_order_id="mine"): "Order mine was not sent: the price 1E-8 is not a mul",
        market.buy(7, price="-1"): f"Order to BUY 7 {market.instrument} was not sent: the price -1 must be greater ",
        market.buy(client_order_id="x" * 101): f"Order to BUY 1 {market.instrument} was not sent: a client order id ",
        market.buy(client_order_id="a\nb"): f"Order to BUY 1 {market.instrument} was not sent: a client order id ",
        Market("NO.WHERE", 1).buy(): (
            "Order to BUY 1 NO.WHERE was not sent: instrument NO.WHERE is not in the cache: it is of WHERE, and "
        ),
    }
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        for order, told in refusals.items():
            with pytest.raises(NotSent) as refusal:
                await client.submit(order)
            assert str(refusal.value).startswith(told)
            assert str(refusal.value).endswith(".")
        assert venue.exchange.engine.orders == {}


@pytest.mark.parametrize("name", MARKETS)
async def test_the_refusal_of_a_change_names_the_order(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await client.submit(MARKETS[name].buy())
        await order.accepted()
        what = f"The change of order {order.client_order_id} was not sent:"
        for terms, told in (
            ({}, "it changes nothing."),
            ({"price": "-1"}, "the price -1 must be greater than zero"),
            ({"time_in_force": TimeInForce.FOK}, ""),
        ):
            with pytest.raises(NotSent) as refusal:
                await client.replace(order, **terms)
            assert str(refusal.value).startswith(f"{what} {told}")
        change = commands.Replace(client_order_id=order.client_order_id, instrument="NO.WHERE", price=1)
        with pytest.raises(NotSent, match=f"^{what} instrument NO.WHERE is not in the cache"):
            await client.batch([change])


@pytest.mark.parametrize("name", MARKETS)
async def test_a_refusal_of_a_batch_tells_which_part_it_is_about(autojump_clock: MockClock, name: str) -> None:
    market = MARKETS[name]
    orders = [market.buy(), market.buy(2), market.buy(2, price="-1"), market.buy()]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with pytest.raises(NotSent) as refusal:
            await client.submit_all(orders)
        told = str(refusal.value)
        assert told.startswith(
            f"Order to BUY 2 {market.instrument} was not sent: the price -1 must be greater than zero"
        )
        assert told.endswith(". This is number 3 of the 4 in the batch, of which nothing was sent.")
        assert venue.exchange.engine.orders == {}


async def test_an_order_at_a_bad_moment_is_named(autojump_clock: MockClock) -> None:
    late = MARKETS["kraken-spot"].buy(time_in_force=TimeInForce.GTD, expire_time=1)
    async with open_quiet_venue(name="kraken-spot") as venue, open_client(config_for(venue)) as client:
        with pytest.raises(
            NotSent, match=r"^Order to BUY 1 BTC/USD\.KRAKEN was not sent: it must expire in the future"
        ):
            await client.submit(late)


# The unit of a trailing offset


async def place_trailing_stop(client: Client, market: Market) -> Order:
    stop = NewOrder.trailing_stop(
        market.instrument, Side.SELL, quantity=1, trailing_offset=500, trailing_unit=OffsetUnit.PRICE
    )
    order = await client.submit(stop)
    await order.accepted()
    return order


def trails(venue: SimulatedVenue, market: Market) -> list[Trailing]:
    """How the orders that wait at the venue follow the market."""
    return [waiting.trailing for waiting in venue.exchange.engine.markets[market.symbol].triggers._waiting.values()]


@pytest.mark.parametrize("name", KRAKEN)
async def test_a_new_trailing_offset_is_not_sent_without_its_unit(autojump_clock: MockClock, name: str) -> None:
    market = MARKETS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await place_trailing_stop(client, market)
        change = commands.Replace(
            client_order_id=order.client_order_id, instrument=order.identity.instrument, trailing_offset=5
        )
        told = (
            f"The change of order {order.client_order_id} was not sent: say with trailing_unit whether the trailing "
            "offset is in PERCENT or PRICE."
        )
        with pytest.raises(NotSent) as refusal:
            await client.replace(order, trailing_offset=5)
        assert str(refusal.value) == told
        with pytest.raises(NotSent) as refusal:
            await client.batch([commands.Place(market.buy()), change])
        assert told in str(refusal.value)
        await trio.sleep(5)
        assert trails(venue, market) == [Trailing(Decimal(500), percent=False)]
        assert len(await client.open_orders()) == 1, "nothing of the batch was sent"


@pytest.mark.parametrize("name", KRAKEN)
@pytest.mark.parametrize(
    ("unit", "trailing"), [("PRICE", Trailing(Decimal(400))), ("PERCENT", Trailing(Decimal(5), percent=True))]
)
async def test_a_new_trailing_offset_arrives_in_the_unit_that_is_given(
    autojump_clock: MockClock, name: str, unit: str, trailing: Trailing
) -> None:
    market = MARKETS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await place_trailing_stop(client, market)
        await client.replace(order, trailing_offset=trailing.distance, trailing_unit=OffsetUnit[unit])
        await trio.sleep(5)
        assert trails(venue, market) == [trailing]


@pytest.mark.parametrize("name", KRAKEN)
async def test_a_change_of_something_else_needs_no_unit(autojump_clock: MockClock, name: str) -> None:
    market = MARKETS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await place_trailing_stop(client, market)
        await client.replace(order, quantity=2)
        await trio.sleep(5)
        assert (await order.state()).quantity == 2
        assert trails(venue, market) == [Trailing(Decimal(500), percent=False)]


@pytest.mark.parametrize("number", [0.5, float("nan"), True])
def test_a_change_takes_exact_numbers_alone(number: Any) -> None:
    for term in ("quantity", "price", "trigger_price", "trailing_offset", "display_quantity"):
        with pytest.raises(TypeError):
            commands.Replace(client_order_id=ClientOrderId("a"), instrument="XAU-PERP.AX", **{term: number})


def test_a_change_reads_its_numbers_and_its_instrument_from_text() -> None:
    change = commands.Replace(client_order_id=ClientOrderId("a"), instrument="XAU-PERP.AX", quantity=3, price="2400.5")
    assert (change.quantity, change.price, str(change.instrument)) == (Decimal(3), Decimal("2400.5"), "XAU-PERP.AX")


@pytest.mark.parametrize(
    "senseless",
    [
        {"heartbeat": 0},
        {"close_grace": math.inf},
        {"budget_patience": -1},
        {"requests_per_second": 0},
        {"subscriber_batches": 0},
        {"order_credits": 1.5},
        {"cancel_all_after": 86_400},
        {"instruments": ("EURUSD-PERP",)},
        {"on_close": "cancel_all"},
        {"reconnect": "soon"},
        {"credentials": "key"},
        {"strict": "no"},
        {"request_timeout": 0},
        {"url": None},
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_refused_where_it_is_written(senseless: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        AxConfig(**senseless)


@pytest.mark.parametrize("seconds", [-1, 86_400])
async def test_the_timer_that_cancels_all_orders_takes_less_than_a_day_and_no_time_that_is_over(
    autojump_clock: MockClock, seconds: int
) -> None:
    async with open_quiet_venue(name="kraken-futures") as venue, open_client(config_for(venue)) as client:
        with pytest.raises(NotSent, match=f"takes 0 to 86399 seconds, not {seconds}"):
            await client.cancel_all_after(seconds)
        for right in (86_399, 0):
            await client.cancel_all_after(right)


def test_a_venue_without_the_timer_is_not_asked_for_it() -> None:
    with pytest.raises(ValueError, match="no timer"):
        AxConfig(cancel_all_after=60).venue()
