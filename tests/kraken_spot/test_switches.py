"""The client in every position of the simulated Kraken Spot's switches: where it is not proven what the real venue
does, it must not matter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from actors import (
    Client,
    ConditionalClose,
    EventStream,
    KrakenSpotOptions,
    NewOrder,
    OrderRejected,
    OrderStatus,
    OrderType,
    Side,
    SimulatedVenue,
    TimeInForce,
    events,
)
from protocol.simulation.faults import FaultKind
from protocol.simulation.kraken_spot.settings import KrakenSpotExchangeSettings

from ..trading import drain, names
from .test_client import buy, sell_to_us, trading

POSITIONS: dict[str, dict[str, Any]] = {
    "as we think": {},
    "client ids left out of deltas": {"echo_client_ids": False},
    "amendments without quantities": {"strict_delta": True},
    "no word that an order is filled": {"omit_filled": True},
    "reports before answers": {"events_first": True},
    "two reports in one message": {"reports_per_message": 2},
    "fees left out": {"trade_fees": "missing"},
    "fees as an empty list": {"trade_fees": "empty"},
    "a stop that fired shown as new": {"fired_snapshot": "new"},
    "an order that would trade is refused": {"post_only": "error"},
    "the older word for an order that is gone": {"gone_error": "EOrder:Unknown order"},
    "batches answered as objects": {"batch_objects": True},
    "legs that fail left out": {"failed_legs": "left out"},
    "lists a minute late": {"rest_lag": 60 * 10**9},
    "a query without an id finds nothing": {"query_without_txid": "empty"},
    "fills put together under the first one's id": {"consolidated_id": "first"},
    "the text None for no parent": {"refid_as_text": True},
    "a tag of nothing": {"zero_userref": True},
    "pairs with their class": {"pair_class": True},
    "tables of fees": {"fee_tiers": True},
    "no FOK over the socket": {"socket_fok": False},
    "no numbers without a point": {"whole_numbers": False},
    "no capitals in client ids": {"uppercase_ids": False},
    "reading history costs 4": {"history_cost": 4, "rate_limit": True},
}


async def tell_a_story(venue: SimulatedVenue, client: Client, stream: EventStream) -> list[events.Event]:
    """An order that fills in part, is changed, and fills while the link is down; one that is canceled."""
    order = await client.submit(buy(client_order_id="story-1"))
    other = await client.submit(buy(price="50000", client_order_id="story-2"))
    await order.accepted()
    await other.accepted()
    await sell_to_us(venue, "0.4")
    await trio.sleep(1)
    await client.replace(order, quantity="2")
    await trio.sleep(1)
    await venue.drop_connections()
    await sell_to_us(venue, "1.6")
    await trio.sleep(20)
    await client.cancel(other)
    heard = await drain(stream, 200)
    assert [(await each.state()).status for each in (order, other)] == [OrderStatus.FILLED, OrderStatus.CANCELED]
    assert (await order.state()).cumulative == 2
    return heard


@pytest.mark.parametrize("rest_entry", [False, True], ids=["socket", "rest"])
@pytest.mark.parametrize("position", POSITIONS)
async def test_a_story_ends_the_same_in_every_position(
    autojump_clock: MockClock, position: str, rest_entry: bool
) -> None:
    async with trading(client={"rest_entry": rest_entry}, **POSITIONS[position]) as (venue, client, stream):
        heard = await tell_a_story(venue, client, stream)
        fills = [event for event in heard if isinstance(event, events.Filled)]
        assert sorted(fill.trade_id for fill in fills) == sorted(each.trade_id for each in venue.executions())
        fees = {event.trade_id for event in heard if isinstance(event, events.FeeReported)}
        assert all(fill.commission is not None or fill.trade_id in fees for fill in fills)
        assert not any(isinstance(event, events.FillReport | events.MissingFills) for event in heard)
        assert any(isinstance(event, events.Reconciled) and event.connection == 2 for event in heard)


@pytest.mark.parametrize("rebates", ["negative", "empty"])
async def test_a_rebate_stays_one(autojump_clock: MockClock, rebates: str) -> None:
    users = tuple(evolve(user, maker_fee=Decimal("-0.0002")) for user in KrakenSpotExchangeSettings().users)
    async with trading(users=users, rebates=rebates) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await sell_to_us(venue, "1")
        heard = await drain(stream, 150)
        told = [event.commission for event in heard if isinstance(event, events.Filled | events.FeeReported)]
        (commission,) = [money for money in told if money is not None]
        assert (commission.amount, commission.currency) == (Decimal("-12.0000"), "USD")


# A conditional close and a client order id in one order: documented over REST, not proven over the socket


def with_close(**options: Any) -> NewOrder:
    close = ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=58000, price=57000)
    return buy(client_order_id="entry-1", options=KrakenSpotOptions(conditional=close, **options))


@pytest.mark.parametrize("rest_entry", [False, True], ids=["socket", "rest"])
async def test_an_order_with_a_close_keeps_its_name(autojump_clock: MockClock, rest_entry: bool) -> None:
    async with trading(client={"rest_entry": rest_entry}) as (venue, client, stream):
        order = await client.submit(with_close())
        await order.accepted()
        await sell_to_us(venue, "1")
        heard = await drain(stream, 5)
        assert (await order.state()).status is OrderStatus.FILLED
        *_, child = [event for event in heard if isinstance(event, events.OrderStatusReport)]
        assert child.parent == (await order.state()).venue_order_id
        assert (child.side, child.trigger_price, child.price) == (Side.SELL, Decimal(58000), Decimal(57000))


async def test_where_the_socket_refuses_the_two_together_the_order_is_rejected(autojump_clock: MockClock) -> None:
    async with trading(named_conditionals=False) as (_, client, stream):
        order = await client.submit(with_close())
        with pytest.raises(OrderRejected):
            await order.accepted()
        assert "StatusUnknown" not in names(await drain(stream, 5))


async def test_an_order_with_a_close_may_go_without_its_name(autojump_clock: MockClock) -> None:
    async with trading(named_conditionals=False) as (venue, client, stream):
        order = await client.submit(with_close(unnamed=True))
        await order.accepted()
        await sell_to_us(venue, "1")
        await drain(stream, 5)
        assert (await order.state()).status is OrderStatus.FILLED


async def test_closes_of_a_batch_over_rest_are_placed(autojump_clock: MockClock) -> None:
    """As form keys inside of JSON they would be lost silently."""
    async with trading(client={"rest_entry": True}) as (venue, client, stream):
        close = ConditionalClose(type=OrderType.STOP_MARKET, trigger_price=58000)
        options = KrakenSpotOptions(conditional=close)
        await client.submit_all([buy(client_order_id=f"leg-{number}", options=options) for number in (1, 2)])
        await trio.sleep(1)
        await sell_to_us(venue, "2")
        heard = await drain(stream, 5)
        children = [event for event in heard if isinstance(event, events.OrderStatusReport)]
        assert {(child.trigger_price, child.quantity) for child in children} == {(Decimal(58000), Decimal(1))}
        assert len({child.venue_order_id for child in children}) == 2


# FOK: documented over REST, taken over the socket by the venue's own tools


@pytest.mark.parametrize("rest_entry", [False, True], ids=["socket", "rest"])
async def test_fok_goes_either_way(autojump_clock: MockClock, rest_entry: bool) -> None:
    async with trading(client={"rest_entry": rest_entry}) as (_, client, stream):
        order = await client.submit(buy(time_in_force=TimeInForce.FOK))
        heard = await drain(stream, 5)
        assert names(heard)[-1] in ("Canceled", "Rejected")
        assert (await order.state()).cumulative == 0


async def test_fok_that_the_socket_refuses_is_rejected(autojump_clock: MockClock) -> None:
    async with trading(socket_fok=False) as (_, client, _):
        order = await client.submit(buy(time_in_force=TimeInForce.FOK))
        with pytest.raises(OrderRejected):
            await order.accepted()
    async with trading(client={"rest_entry": True}, socket_fok=False) as (_, client, stream):
        order = await client.submit(buy(time_in_force=TimeInForce.FOK))
        heard = await drain(stream, 5)
        assert "Submitted" in names(heard)
        assert (await order.state()).status is not OrderStatus.UNKNOWN


# An order that ended before anybody heard of it


@pytest.mark.parametrize("position", [{}, {"query_without_txid": "empty"}, {"rest_lag": 60 * 10**9}], ids=str)
async def test_an_order_that_ended_with_the_connection_is_found_by_its_name(
    autojump_clock: MockClock, position: dict[str, Any]
) -> None:
    async with trading(**position) as (venue, client, stream):
        await trio.sleep(1)
        venue.fail_next(FaultKind.DROP_CONNECTION, of="add_order")
        order = await client.submit(buy(time_in_force=TimeInForce.IOC))
        heard = await drain(stream, 200)
        assert names(heard).count("Canceled") == 1
        assert (await order.state()).status is OrderStatus.CANCELED
