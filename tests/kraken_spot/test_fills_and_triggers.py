"""Fills, fees and triggers at a Kraken Spot peer that is typed by hand (spec A.7, A.9, A.17, D.1 to D.3)."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import Client, Money, NewOrder, OffsetUnit, OrderStatus, Side, events
from protocol.values import ClientOrderId

from ..scripted_spot import (
    BTC,
    FILL,
    ID,
    ScriptedSpot,
    at_spot,
    buy,
    ended,
    listed,
    live,
    now,
    pending,
    row,
    trade_row,
    traded,
)
from ..scripted_venue import Message, Peer
from ..trading import drain, names


def of(kind: Any, heard: list[Any]) -> list[Any]:
    return [event for event in heard if isinstance(event, kind)]


# Fills come one by one


async def test_the_fills_of_a_taker_are_told_once_each(autojump_clock: MockClock) -> None:
    """A history that puts them together, as the venue does unless it is asked not to, would show them twice."""
    async with at_spot() as (venue, client, stream):
        resting = await client.submit(buy(price="50000"))
        await resting.accepted()
        venue.consolidated = {"TCONSO-LIDAT-ED0001": trade_row(f"{ID[:-1]}2", vol="0.30000000", fee="4.50000")}

        async def fill_at_once(peer: Peer, message: Message) -> None:
            await venue.take_order(peer, message)
            taker = f"{ID[:-1]}2"
            for number in (1, 2, 3):
                await venue.report(
                    traded(taker, f"T{number}", qty=0.1, total=number / 10, price=59990.0, order_type="market")
                )
                venue.trades[f"T{number}"] = trade_row(taker, vol="0.10000000")
            await venue.report(ended(taker, "filled", total=0.3))
            del venue.open_rows[taker]

        venue.on["add_order"] = fill_at_once
        order = await client.submit(NewOrder.market(BTC, Side.BUY, quantity="0.3"))
        heard = await drain(stream, 200)
        assert [event.last_quantity for event in of(events.Filled, heard)] == [D("0.1")] * 3
        assert (await order.state()).cumulative == D("0.3")
        assert of(events.FillReport, heard) == []
        assert len(venue.asked("TradesHistory")) >= 2, "history was read, and told nothing new"
        assert {asked["consolidate_taker"] for asked in venue.asked("TradesHistory")} == {"false"}
        assert (await resting.state()).status is OrderStatus.ACCEPTED


# Fees have a sign, and a missing one is not zero


async def fill_and_end(venue: ScriptedSpot, client: Client, **report: Any) -> None:
    """An order that fills at once, so that none is open when history is read."""
    await client.submit(buy())
    await trio.sleep(0.1)
    await venue.report(traded(ID, FILL, qty=1.0, total=1.0, **report), ended(ID, "filled", total=1.0))
    venue.open_rows.clear()


FEES: dict[str, tuple[Message, Money | None]] = {
    "a cost": ({"fees": [{"asset": "USD", "qty": 48.0}]}, Money(D("48.0"), "USD")),
    "a rebate": ({"fees": [{"asset": "USD", "qty": -12.5}]}, Money(D("-12.5"), "USD")),
    "nothing": ({"fees": [{"asset": "USD", "qty": 0.0}]}, Money(D("0.0"), "USD")),
    "not told": ({"fees": None}, None),
    "an empty list": ({"fees": []}, None),
}


@pytest.mark.parametrize("kind", FEES)
async def test_a_fee_is_told_as_it_is(autojump_clock: MockClock, kind: str) -> None:
    told, commission = FEES[kind]
    async with at_spot() as (venue, client, stream):
        await fill_and_end(venue, client, **told)
        (filled,) = of(events.Filled, await drain(stream, 10))
        assert filled.commission == commission


@pytest.mark.parametrize(("fee", "amount"), [("48.00000", "48"), ("-12.50000", "-12.5"), ("0.00000", "0")])
@pytest.mark.parametrize("untold", [{"fees": None}, {"fees": []}], ids=["missing", "empty"])
async def test_a_fee_that_was_not_told_follows_from_history(
    autojump_clock: MockClock, untold: Message, fee: str, amount: str
) -> None:
    async with at_spot() as (venue, client, stream):
        await fill_and_end(venue, client, **untold)
        venue.trades[FILL] = trade_row(ID, fee=fee)
        heard = await drain(stream, 150)
        assert len(of(events.Filled, heard)) == 1
        (reported,) = of(events.FeeReported, heard)
        assert (reported.trade_id, reported.commission) == (FILL, Money(D(amount), "USD"))


async def test_a_fee_that_history_shows_a_minute_late_is_told_all_the_same(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):
        await fill_and_end(venue, client, fees=None)
        await trio.sleep(60)
        venue.trades[FILL] = trade_row(ID, fee="48.00000", time=trade_row(ID)["time"] - 60)
        (reported,) = of(events.FeeReported, await drain(stream, 150))
        assert reported.commission == Money(D(48), "USD")
        asked = len(venue.asked("TradesHistory"))
        assert of(events.FeeReported, await drain(stream, 600)) == []
        assert len(venue.asked("TradesHistory")) - asked in (10, 11), "one page a minute"


async def test_a_rebate_that_only_history_tells_is_a_rebate(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):
        await client.submit(buy())
        await trio.sleep(1)
        venue.trades[FILL] = trade_row(ID, vol="0.50000000", fee="-0.30000")
        (filled,) = of(events.Filled, await drain(stream, 100))
        assert filled.commission == Money(D("-0.3"), "USD")


# Where the trigger of a trailing stop is


def triggers(at: float, status: str = "untriggered") -> Message:
    return {"price": 5.0, "price_type": "pct", "reference": "last", "actual_price": at, "status": status}


def trail(at: float, **more: Any) -> Message:
    return {
        "order_type": "trailing-stop",
        "side": "sell",
        "limit_price": None,
        "limit_price_type": None,
        "triggers": triggers(at),
    } | more


async def place_trailing(venue: ScriptedSpot, client: Client, *, answer_first: bool = False) -> Any:
    async def take(peer: Peer, message: Message) -> None:
        shown = pending(ID, message["params"]["cl_ord_id"], **trail(57000.0))
        if answer_first:
            await venue.answer(peer, message, order_id=ID)
            await venue.report(shown)
        else:
            await venue.report(shown)
            await venue.answer(peer, message, order_id=ID)
        await venue.report(live(ID))

    venue.on["add_order"] = take
    order = NewOrder.trailing_stop(
        BTC,
        Side.SELL,
        quantity="1",
        trailing_offset="5",
        trailing_unit=OffsetUnit.PERCENT,
        client_order_id=ClientOrderId("trail"),
    )
    placed = await client.submit(order)
    await placed.accepted()
    return placed


@pytest.mark.parametrize("answer_first", [False, True])
async def test_the_trigger_of_a_trailing_stop_is_known_from_the_beginning_and_followed(
    autojump_clock: MockClock, answer_first: bool
) -> None:
    async with at_spot() as (venue, client, stream):
        order = await place_trailing(venue, client, answer_first=answer_first)
        assert (await order.state()).trigger_price == 57000
        for at in (58000.0, 58000.0, 58100.5):
            await venue.report(live(ID, exec_type="status", triggers=triggers(at)))
        heard = await drain(stream, 5)
        assert [event.trigger_price for event in of(events.Updated, heard)] == [D(58000), D("58100.5")]
        assert {event.quantity for event in of(events.Updated, heard)} == {D(1)}
        assert "Triggered" not in names(heard)


async def test_a_trailing_stop_that_fires_tells_where(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):
        order = await place_trailing(venue, client)
        await venue.report(live(ID, exec_type="status", triggers=triggers(58200.0, "triggered")))
        heard = await drain(stream, 5)
        assert names(heard)[-2:] == ["Updated", "Triggered"]
        state = await order.state()
        assert (state.status, state.trigger_price) == (OrderStatus.TRIGGERED, 58200)


async def test_a_trigger_that_moves_is_no_answer_to_a_change_that_is_on_its_way(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):
        order = await place_trailing(venue, client)

        async def let_the_market_move_first(peer: Peer, message: Message) -> None:
            await venue.report(live(ID, exec_type="status", triggers=triggers(58300.0)))
            refusal = {"method": "amend_order", "req_id": message["req_id"], "success": False}
            await peer.say(refusal | {"error": "EOrder:Insufficient funds", "time_in": now(), "time_out": now()})

        venue.on["amend_order"] = let_the_market_move_first
        await client.replace(order, quantity="2")
        heard = await drain(stream, 10)
        (refused,) = of(events.ReplaceRejected, heard)
        assert refused.reason == "EOrder:Insufficient funds"
        (moved,) = of(events.Updated, heard)
        assert (moved.trigger_price, moved.quantity) == (58300, 1)


# A stop that fired while the connection was down


@pytest.mark.parametrize("kind", ["status", "new"])
async def test_a_snapshot_tells_that_a_stop_has_fired(autojump_clock: MockClock, kind: str) -> None:
    async with at_spot() as (venue, client, stream):
        order = await place_stop(venue, client)
        fired = {"price": 58000.0, "price_type": "static", "reference": "last", "status": "triggered"}
        venue.snapshot = [listed(ID, "stop", **STOP, exec_type=kind, triggers=fired)]
        venue.peer.drop()
        heard = await drain(stream, 10)
        assert len(of(events.Triggered, heard)) == 1
        assert (await order.state()).status is OrderStatus.TRIGGERED


STOP: Message = {"side": "sell", "order_type": "stop-loss-limit", "limit_price": 57900.0, "stop_price": 58000.0}


async def place_stop(venue: ScriptedSpot, client: Client) -> Any:
    async def take(peer: Peer, message: Message) -> None:
        waiting = {"price": 58000.0, "price_type": "static", "reference": "last", "status": "untriggered"}
        await venue.report(pending(ID, message["params"]["cl_ord_id"], **STOP, triggers=waiting))
        await venue.answer(peer, message, order_id=ID)
        await venue.report(live(ID))

    venue.on["add_order"] = take
    order = NewOrder.stop_limit(
        BTC, Side.SELL, quantity="1", price="57900", trigger_price="58000", client_order_id=ClientOrderId("stop")
    )
    placed = await client.submit(order)
    await placed.accepted()
    return placed


async def test_a_listed_order_tells_that_its_stop_has_fired(autojump_clock: MockClock) -> None:
    """The snapshot leaves it out, so it is asked for: `misc` says that its trigger fired."""
    async with at_spot() as (venue, client, stream):
        order = await place_stop(venue, client)
        descr = {"pair": "XBTUSD", "type": "sell", "ordertype": "stop-loss-limit", "price": "58000", "price2": "57900"}
        venue.open_rows[ID] = row("stop", misc="stopped", descr=descr)
        venue.peer.drop()
        heard = await drain(stream, 10)
        assert len(of(events.Triggered, heard)) == 1
        assert (await order.state()).status is OrderStatus.TRIGGERED
