"""A client trades at the made-up fourth venue, with nothing but the venue's own files added."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors import (
    ApiKey,
    AuthenticationError,
    Client,
    EventStream,
    Fault,
    FaultKind,
    NewOrder,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    Side,
    SimulatedVenue,
    TimeInForce,
    events,
    open_client,
    venues,
)
from protocol.facts import Unreadable
from protocol.simulation.exchange import ExchangeInput
from protocol.simulation.input_log import encode_input, replay
from protocol.values import Instant

from ..trading import config_for, names, open_quiet_venue, until
from .toy.codec import decode
from .toy.enumerations import REJECT_REASONS

APPLE = "APPLE/USD.TOY"


@pytest.fixture(autouse=True)
def toy_is_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if `toy.py` stood in `actors/venues`."""
    monkeypatch.setattr(venues, "__path__", [*venues.__path__, str(Path(__file__).parent / "venues")])
    yield
    sys.modules.pop("actors.venues.toy", None)
    monkeypatch.delattr(venues, "toy", raising=False)


@asynccontextmanager
async def trading_toys(*faults: Fault, **settings: object) -> AsyncIterator[tuple[SimulatedVenue, Client, EventStream]]:
    async with open_quiet_venue(*faults, name="toy", **settings) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            yield venue, client, stream


def sell(quantity: str = "3", price: str = "2.60", **terms: object) -> NewOrder:
    return NewOrder.limit(APPLE, Side.SELL, quantity=quantity, price=price, **terms)  # type: ignore[arg-type]


def test_a_venue_is_found_by_the_name_of_its_file() -> None:
    assert sorted(venues.VENUES) == ["ax", "kraken-futures", "kraken-spot", "toy"]
    assert venues.venue_row("toy").name == "toy"


async def test_an_order_is_placed_filled_and_canceled(autojump_clock: trio.testing.MockClock) -> None:
    async with trading_toys() as (venue, client, stream):
        order = await client.submit(sell())
        await order.accepted()
        await venue.trade("APPLE/USD", Side.BUY, price="2.60", quantity="1")
        read = await until(stream, events.Filled)
        await client.cancel(order)
        read += await until(stream, events.Canceled)
    assert names(read)[-4:] == ["Submitted", "Accepted", "Filled", "Canceled"]
    (execution,) = venue.executions()
    filled = next(event for event in read if isinstance(event, events.Filled))
    assert (filled.last_quantity, filled.last_price, filled.trade_id) == (
        Decimal(1),
        Decimal("2.60"),
        execution.trade_id,
    )


async def test_what_happened_while_the_connection_was_lost_is_heard_and_reconciled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trading_toys() as (venue, client, stream):
        resting, taken = await client.submit(sell()), await client.submit(sell(price="2.55"))
        await resting.accepted()
        await taken.accepted()
        await until(stream, events.Accepted, 2)
        await venue.drop_connections()
        await venue.trade("APPLE/USD", Side.BUY, price="2.55", quantity="2")
        read = await until(stream, events.Reconciled)
        assert [str(event.last_quantity) for event in read if isinstance(event, events.Filled)] == ["2"]
        assert not [event for event in read if isinstance(event, events.MissingFills)]
        await client.cancel(taken)
        read = await until(stream, events.Canceled)
        assert (await client.order_status(resting)).client_order_id == resting.client_order_id
        assert [order.client_order_id for order in await client.open_orders()] == [resting.client_order_id]


async def test_an_immediate_order_takes_a_quote_and_its_rest_is_canceled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trading_toys(quotes=True) as (_, client, stream):
        order = await client.submit(sell(quantity="101", price="2.49", time_in_force=TimeInForce.IOC))
        await order.done()
        read = await until(stream, events.Canceled)
    (fill,) = [event for event in read if isinstance(event, events.Filled)]
    assert (fill.last_quantity, fill.last_price) == (Decimal(100), Decimal("2.49"))


async def test_cancel_all_ends_every_order(autojump_clock: trio.testing.MockClock) -> None:
    async with trading_toys() as (_, client, stream):
        for price in ("2.60", "2.61"):
            await (await client.submit(sell(price=price))).accepted()
        assert await client.cancel_all() == 2
        await until(stream, events.Canceled, 2)


@pytest.mark.parametrize(
    "order",
    [
        NewOrder.market(APPLE, Side.BUY, quantity="1"),
        sell(price="2.605"),
        sell(quantity="0.7"),
        sell(post_only=True),
        sell(time_in_force=TimeInForce.FOK),
        NewOrder.limit("PEAR/USD.TOY", Side.SELL, quantity="1", price="1"),
    ],
)
async def test_orders_that_the_venue_does_not_have_are_not_sent(
    order: NewOrder, autojump_clock: trio.testing.MockClock
) -> None:
    async with trading_toys() as (venue, client, _):
        with pytest.raises(NotSent):
            await client.submit(order)
        assert not venue.exchange.engine.accounts["demo"].orders


async def test_orders_cannot_be_replaced(autojump_clock: trio.testing.MockClock) -> None:
    async with trading_toys() as (_, client, _):
        order = await client.submit(sell())
        await order.accepted()
        with pytest.raises(NotSent, match="replaces no orders"):
            await client.replace(order, price="2.70")


async def test_faults_hit_as_at_every_other_venue(autojump_clock: trio.testing.MockClock) -> None:
    refused = Fault(kind=FaultKind.PLACE_ERROR, nth=1)
    silent = Fault(kind=FaultKind.DROP_ANSWER, nth=2)
    lost = Fault(kind=FaultKind.DROP_EVENT, nth=1)
    async with trading_toys(refused, silent, lost) as (_, client, stream):
        order = await client.submit(sell())
        with pytest.raises(OrderRejected, match="try again later") as refusal:
            await order.accepted()
        assert refusal.value.why in REJECT_REASONS.values()
        order = await client.submit(sell())
        with pytest.raises(OutcomeUnknown):
            await order.accepted()
        await until(stream, events.StatusUnknown)
        await until(stream, events.Accepted)  # the venue was asked


async def test_a_wrong_secret_is_refused(autojump_clock: trio.testing.MockClock) -> None:
    async with open_quiet_venue(name="toy") as venue:
        config = config_for(venue, credentials=ApiKey("demo-key", "guess"))
        with pytest.raises(AuthenticationError):
            async with open_client(config):
                pass


async def test_a_logged_run_holds_no_token_and_leads_to_the_same_orders(
    autojump_clock: trio.testing.MockClock,
) -> None:
    brains: list[Any] = []
    lines: list[str] = []

    def log(item: ExchangeInput, now: Instant) -> None:
        line = encode_input(brains[0], item, now)
        lines.extend([] if line is None else [line])

    async with trading_toys(on_input=log, prepare=lambda brain, now: brains.append(brain)) as (_, client, _):
        await (await client.submit(sell())).accepted()
    again: Any = venues.venue_row("toy").simulation().make_exchange(Random(0).random, None, quotes=False)
    assert replay(again, lines, Instant(0, 0)) == len(lines)
    assert "toy-token" not in "".join(lines)
    first, second = (list(brain.engine.accounts["demo"].orders.values()) for brain in (brains[0], again))
    assert first == second
    assert len(first) == 1


@given(st.text() | st.binary() | st.from_regex(r'\{"(event|number|order|fills)": ?("fill"|1|\{\}|\[\{\}\])\}'))
def test_whatever_the_venue_sends_becomes_facts(message: str | bytes) -> None:
    facts = decode(message)
    assert facts
    if message in ("", b""):
        assert isinstance(facts[0], Unreadable)
