"""What is refused here: the sentence names the order and says that nothing was sent, and nothing was."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors import Client, ClientOrderId, NewOrder, NotSent, OffsetUnit, Order, Side, SimulatedVenue, open_client
from protocol import commands
from protocol.simulation.triggers import Trailing

from .trading import config_for, open_quiet_venue


@frozen
class Market:
    """Where a test trades. price: at which a buy order rests."""

    instrument: str
    price: int

    @property
    def symbol(self) -> str:
        return self.instrument.rpartition(".")[0]

    def buy(self, quantity: object = 1, price: object = None, **terms: object) -> NewOrder:
        price = self.price if price is None else price
        return NewOrder.limit(self.instrument, Side.BUY, quantity=quantity, price=price, **terms)  # type: ignore[arg-type]


MARKETS = {
    "ax": Market("XAU-PERP.AX", 2400),
    "kraken-futures": Market("PF_XBTUSD.KRAKEN-FUTURES", 60000),
    "kraken-spot": Market("BTC/USD.KRAKEN", 60000),
}
KRAKEN = ("kraken-futures", "kraken-spot")


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
        assert trails(venue, market) == [Trailing(500, percent=False)]
        assert len(await client.open_orders()) == 1, "nothing of the batch was sent"


@pytest.mark.parametrize("name", KRAKEN)
@pytest.mark.parametrize(("unit", "trailing"), [("PRICE", Trailing(400)), ("PERCENT", Trailing(5, percent=True))])
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
        assert trails(venue, market) == [Trailing(500, percent=False)]


@pytest.mark.parametrize("number", [0.5, float("nan"), True])
def test_a_change_takes_exact_numbers_alone(number: object) -> None:
    for term in ("quantity", "price", "trigger_price", "trailing_offset", "display_quantity"):
        with pytest.raises(TypeError):
            commands.Replace(client_order_id=ClientOrderId("a"), instrument="XAU-PERP.AX", **{term: number})


def test_a_change_reads_its_numbers_and_its_instrument_from_text() -> None:
    change = commands.Replace(client_order_id=ClientOrderId("a"), instrument="XAU-PERP.AX", quantity=3, price="2400.5")
    assert (change.quantity, change.price, str(change.instrument)) == (Decimal(3), Decimal("2400.5"), "XAU-PERP.AX")
