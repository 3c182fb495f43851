"""The client at a Kraken Futures peer that is typed by hand: calls and messages as the venue documents them, on virtual
time over memory. What is reported of an order, and what the venue is asked for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import Client, NewOrder, NotSent, Order, OrderStatus, Side, events
from protocol.events import Event

from ..scripted_futures import (
    BTC,
    ID,
    Answer,
    ScriptedFutures,
    buy,
    delta,
    element,
    error,
    history_order,
    history_trigger,
    iso,
    ok,
    open_row,
    status_row,
    trading,
)
from ..scripted_venue import Message
from ..trading import drain, names, until


async def wait_for(stream: Any, kind: type[Event]) -> Any:
    return (await until(stream, kind))[-1]


async def go_down(venue: ScriptedFutures) -> None:
    """The connection is lost; longer than the 5 s for which orders/status shows an order that has ended."""
    venue.connector.refusals = 3
    venue.peer.drop()


# History: what became of an order while the client was away


async def test_an_end_that_nobody_told_is_found_in_the_history(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        row = history_order(ID, str(order.client_order_id))
        venue.history["orders"] = [
            element("OrderPlaced", order=row, reason="new_user_order", reducedQuantity=""),
            element("OrderCancelled", order=row, reason="cancelled_by_user"),
        ]
        await go_down(venue)
        canceled = await wait_for(stream, events.Canceled)
        assert (canceled.reason, canceled.cumulative) == ("cancelled_by_user", 0)
        reconciled = await wait_for(stream, events.Reconciled)
        assert reconciled.connection == 2
        asked = venue.asked("/api/history/v3/orders")[0]
        assert (asked["opened"], asked["closed"], asked["sort"]) == ("true", "true", "asc")
        assert not venue.asked("/api/history/v3/triggers"), "a limit order waits for no trigger"


async def test_a_history_without_elements_settles_nothing(autojump_clock: MockClock) -> None:
    """Read as an empty page it would say that the order never was."""

    async def broken(params: dict[str, str]) -> Message:
        return ok(orderEvents=[])

    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        venue.on_call["history/v3/orders"] = broken
        await go_down(venue)
        await trio.sleep(120)
        assert (await order.state()).status is OrderStatus.ACCEPTED
        del venue.on_call["history/v3/orders"]
        row = history_order(ID, str(order.client_order_id))
        venue.history["orders"] = [element("OrderCancelled", order=row, reason="dead_man_switch")]
        assert (await wait_for(stream, events.Canceled)).reason == "dead_man_switch"


async def test_the_history_is_read_page_by_page_and_the_newest_event_counts(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        row = history_order(ID, str(order.client_order_id))
        pages: dict[str, tuple[list[Message], str | None]] = {
            "": ([element("OrderPlaced", order=row, reason="new_user_order")], "cDI="),
            "cDI=": ([], "cDM="),
            "cDM=": ([element("OrderCancelled", order=row, reason="cancelled_by_admin")], None),
        }

        async def paged(params: dict[str, str]) -> Message:
            elements, token = pages[params.get("continuation_token", "")]
            more = {} if token is None else {"continuationToken": token}
            return {"accountUid": "a-uid", "len": len(elements), "elements": elements, **more}

        venue.on_call["history/v3/orders"] = paged
        await go_down(venue)
        assert (await wait_for(stream, events.Canceled)).reason == "cancelled_by_admin"
        asked = venue.asked("/api/history/v3/orders")
        assert [params.get("continuation_token") for params in asked] == [None, "cDI=", "cDM="]
        assert {params["sort"] for params in asked} == {"asc"}, "the same on each page"


async def test_a_history_that_goes_on_without_end_is_left(autojump_clock: MockClock) -> None:
    async def endless(params: dict[str, str]) -> Message:
        return {"elements": [], "continuationToken": f"{params.get('continuation_token', '')}x"}

    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        venue.on_call["history/v3/orders"] = endless
        await go_down(venue)
        reconciled = await wait_for(stream, events.Reconciled)
        assert reconciled.connection == 1
        assert (await wait_for(stream, events.Reconciled)).connection == 2
        assert 1 < len(venue.asked("/api/history/v3/orders")) <= 5


async def test_an_older_order_under_the_same_client_id_says_nothing_of_this_one(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy(client_order_id="grid-1"))
        await order.accepted()
        older = history_order("aaaaaaaa-0000-4000-8000-0000000000ff", "grid-1")
        venue.history["orders"] = [element("OrderCancelled", order=older, reason="cancelled_by_user")]
        await go_down(venue)
        await until(stream, events.Reconciled, 2)
        state = await order.state()
        assert (state.status, state.venue_order_id) == (OrderStatus.UNKNOWN, ID), "the venue shows nothing of its own"


# Stops have a history of their own


def stop(**terms: Any) -> NewOrder:
    return NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="59000", **terms)


async def test_a_stop_that_is_gone_is_looked_for_among_the_triggers(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(stop())
        await order.accepted()
        row = history_trigger(ID, str(order.client_order_id))
        venue.history["triggers"] = [
            element("OrderTriggerPlaced", order=row, reason="new_user_order"),
            element("OrderTriggerCancelled", order=row, reason="cancelled_by_user"),
        ]
        await go_down(venue)
        assert (await wait_for(stream, events.Canceled)).reason == "cancelled_by_user"
        assert (await wait_for(stream, events.Reconciled)).connection == 2
        asked = venue.asked("/api/history/v3/triggers")[0]
        assert (asked["opened"], asked["closed"]) == ("true", "true")
        assert not venue.asked("/api/history/v3/orders"), "all is told"


async def test_a_stop_that_fired_is_looked_for_among_the_orders_under_the_same_id(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(stop())
        await order.accepted()
        name = str(order.client_order_id)
        venue.history["triggers"] = [
            element("OrderTriggerPlaced", order=history_trigger(ID, name), reason="new_user_order"),
            element("OrderTriggerActivated", order=history_trigger(ID, name)),
        ]
        done = history_order(ID, name, direction="Sell", quantity="0", filled="1", limitPrice="58410", orderType="IoC")
        venue.history["orders"] = [element("OrderPlaced", order=done, reason="new_user_order", reducedQuantity="")]
        fill = {"fill_id": "f-1", "order_id": ID, "cliOrdId": name, "symbol": "PF_XBTUSD", "side": "sell"}
        await go_down(venue)
        venue.fill_rows = [fill | {"size": 1, "price": 58990, "fillTime": iso(), "fillType": "taker"}]
        heard = names(await until(stream, events.Reconciled, 2))
        assert [name for name in heard if name in ("Triggered", "Filled", "Canceled", "Denied", "MissingFills")] == [
            "Filled"
        ]
        assert (await order.state()).status is OrderStatus.FILLED


async def test_a_stop_that_fired_and_rests_is_told_as_triggered(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(stop())
        await order.accepted()
        name = str(order.client_order_id)
        venue.history["triggers"] = [element("OrderTriggerActivated", order=history_trigger(ID, name))]
        ended = history_order(ID, name, direction="Sell", orderType="Limit", limitPrice="58900")
        venue.history["orders"] = [
            element("OrderPlaced", order=ended, reason="new_user_order", reducedQuantity=""),
            element("OrderCancelled", order=ended, reason="cancelled_by_user"),
        ]
        await go_down(venue)
        heard = names(await until(stream, events.Canceled))
        assert heard[-2:] == ["Triggered", "Canceled"]
        assert venue.asked("/api/history/v3/orders")


# Refusals that prove that nothing was executed, and those that prove nothing


async def resting(venue: ScriptedFutures, client: Client) -> Order:
    order = await client.submit(buy())
    await order.accepted()
    name = str(order.client_order_id)
    venue.listed = [delta(ID, venue.placed[0], "new_placed_order_by_user")["order"]]
    venue.open_rows, venue.statuses = [open_row(ID, name)], [status_row(ID, name)]
    return order


def refusing(times: int, code: str, venue: ScriptedFutures, then: Answer | None = None) -> Answer:
    """Answers with an error so often, and then takes the call: as a cancel, or as `then` does."""
    left = [times]

    async def answer(params: dict[str, str]) -> Message:
        left[0] -= 1
        return error(code) if left[0] >= 0 else await (then or venue.take_cancel)(params)

    return answer


@pytest.mark.parametrize("code", ["apiLimitExceeded", "nonceBelowThreshold", "nonceDuplicate"])
async def test_a_cancel_that_meets_a_limit_is_sent_again(autojump_clock: MockClock, code: str) -> None:
    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["cancelorder"] = refusing(2, code, venue)
        began = trio.current_time()
        await client.cancel(order)
        heard = names(await until(stream, events.Canceled))
        assert "CancelRejected" not in heard
        assert trio.current_time() - began == pytest.approx(3, abs=0.1), "after 1 s, and after 2 s more"
        assert len(venue.asked("/cancelorder")) == 3


async def test_a_cancel_that_meets_a_limit_again_and_again_is_told_as_refused(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["cancelorder"] = refusing(99, "apiLimitExceeded", venue)
        request_id = await client.cancel(order)
        refused = await wait_for(stream, events.CancelRejected)
        assert (refused.request_id, refused.reason) == (request_id, "apiLimitExceeded")
        assert len(venue.asked("/cancelorder")) == 4


async def test_a_change_that_meets_a_limit_is_told_as_refused(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["editorder"] = refusing(1, "apiLimitExceeded", venue)
        request_id = await client.replace(order, price="60001")
        refused = await wait_for(stream, events.ReplaceRejected)
        assert (refused.request_id, refused.reason) == (request_id, "apiLimitExceeded")


@pytest.mark.parametrize("code", ["apiLimitExceeded", "nonceDuplicate", "nonceBelowThreshold"])
async def test_a_placement_that_meets_a_limit_is_refused_for_certain(autojump_clock: MockClock, code: str) -> None:
    async with trading() as (venue, client, stream):
        venue.on_call["sendorder"] = refusing(9, code, venue)
        order = await client.submit(buy())
        assert (await wait_for(stream, events.Rejected)).reason == code
        await trio.sleep(60)
        assert (await order.state()).status is OrderStatus.REJECTED
        assert len(venue.asked("/sendorder")) == 1, "a placement is never sent again by itself"


@pytest.mark.parametrize("code", ["Server Error", "Unavailable", "brandNewError"])
async def test_a_cancel_whose_refusal_proves_nothing_has_an_outcome(autojump_clock: MockClock, code: str) -> None:
    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["cancelorder"] = refusing(99, code, venue)
        request_id = await client.cancel(order)
        refused = await wait_for(stream, events.CancelRejected)
        assert refused.request_id == request_id
        assert refused.reason == f"{code}. The venue has not acted on it; the order is still live."
        assert len(venue.asked("/cancelorder")) == 1, "it may have been carried out"


async def test_a_cancel_that_was_carried_out_though_it_was_refused_is_told_as_canceled(
    autojump_clock: MockClock,
) -> None:
    async def carried_out(params: dict[str, str]) -> Message:
        await venue.take_cancel(params)
        return error("Server Error")

    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["cancelorder"] = carried_out
        await client.cancel(order)
        assert "CancelRejected" not in names(await until(stream, events.Canceled))
        await trio.sleep(60)
        assert (await order.state()).status is OrderStatus.CANCELED


async def test_a_change_whose_refusal_proves_nothing_has_an_outcome(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["editorder"] = refusing(1, "Server Error", venue)
        request_id = await client.replace(order, price="60001")
        refused = await wait_for(stream, events.ReplaceRejected)
        assert refused.request_id == request_id
        assert refused.reason == "Server Error. The venue has not acted on it; the order is live as it was."


async def test_a_change_that_was_made_though_it_was_refused_is_told_as_updated(autojump_clock: MockClock) -> None:
    async def made(params: dict[str, str]) -> Message:
        name = venue.placed[0]["cliOrdId"]
        venue.open_rows = [open_row(ID, name, limitPrice=60001)]
        venue.statuses = [status_row(ID, name, limitPrice=60001)]
        return error("Server Error")

    async with trading() as (venue, client, stream):
        order = await resting(venue, client)
        venue.on_call["editorder"] = made
        await client.replace(order, price="60001")
        assert (await wait_for(stream, events.Updated)).price == 60001
        await trio.sleep(60)
        assert (await order.state()).price == 60001
        await client.cancel(order)
        assert "ReplaceRejected" not in names(await until(stream, events.Canceled))


async def test_a_cancel_of_everything_that_meets_a_limit_is_sent_again(autojump_clock: MockClock) -> None:
    async def takes_all(params: dict[str, str]) -> Message:
        await venue.take_cancel(params)
        return ok(cancelStatus={"status": "cancelled", "cancelOnly": "all", "cancelledOrders": [{"order_id": ID}]})

    async with trading() as (venue, client, stream):
        await resting(venue, client)
        venue.on_call["cancelallorders"] = refusing(2, "apiLimitExceeded", venue, takes_all)
        await client.cancel_all()
        await until(stream, events.Canceled)
        assert len(venue.asked("/cancelallorders")) == 3


# A reduce-only order may be smaller than was asked for


async def cut(venue: ScriptedFutures, params: dict[str, str], *, fed_first: bool) -> Message:
    """The position is 0.4, so that is what is placed."""
    venue.placed.append(params)
    told = delta(ID, params, "new_placed_order_by_user", qty=0.4, reduce_only=True)
    if fed_first:
        await venue.peer.say(told)
    order = status_row(ID, params["cliOrdId"], quantity=0.4, side="sell", reduceOnly=True, type="lmt")["order"]
    event = {"type": "PLACE", "order": order, "reducedQuantity": 0.6}
    return ok(sendStatus={"order_id": ID, "cliOrdId": params["cliOrdId"], "status": "placed", "orderEvents": [event]})


@pytest.mark.parametrize("fed_first", [True, False])
async def test_a_reduce_only_order_has_the_quantity_that_the_venue_kept(
    autojump_clock: MockClock, fed_first: bool
) -> None:
    async with trading() as (venue, client, stream):

        async def send(params: dict[str, str]) -> Message:
            return await cut(venue, params, fed_first=fed_first)

        venue.on_call["sendorder"] = send
        order = await client.submit(NewOrder.limit(BTC, Side.SELL, quantity="1", price="60000", reduce_only=True))
        updated = await wait_for(stream, events.Updated)
        assert (updated.quantity, updated.price) == (Decimal("0.4"), 60000)
        (params,) = venue.placed
        fill = {"instrument": "PF_XBTUSD", "time": 1, "price": 60000.0, "seq": 1, "buy": False, "qty": 0.4}
        fill |= {"remaining_order_qty": 0.0, "order_id": ID, "cli_ord_id": params["cliOrdId"], "fill_id": "f-1"}
        await venue.peer.say(
            {"feed": "fills", "username": "u", "fills": [fill | {"fill_type": "maker", "fee_paid": -1.2}]},
            delta(ID, params, "full_fill", gone=True, qty=0.0, filled=0.4, reduce_only=True),
        )
        filled = await wait_for(stream, events.Filled)
        assert (filled.leaves, filled.status) == (0, OrderStatus.FILLED)
        assert filled.commission.amount == Decimal("-1.2"), "a rebate is negative"
        assert not [name for name in names(await drain(stream, 120)) if name != "Reconciled"], "no gap, no Completed"
        assert (await order.state()).quantity == Decimal("0.4")


async def test_a_change_of_a_reduce_only_order_may_be_cut_as_well(autojump_clock: MockClock) -> None:
    async def edit(params: dict[str, str]) -> Message:
        (placed,) = venue.placed
        await venue.peer.say(delta(ID, placed, "edited_by_user", qty=0.4, limit_price=60001.0, reduce_only=True))
        return ok(editStatus={"status": "edited", "orderId": ID, "orderEvents": []})

    async with trading() as (venue, client, stream):
        order = await client.submit(NewOrder.limit(BTC, Side.SELL, quantity="0.3", price="60000", reduce_only=True))
        await order.accepted()
        venue.on_call["editorder"] = edit
        await client.replace(order, quantity="1", price="60001")
        updated = await wait_for(stream, events.Updated)
        assert (updated.quantity, updated.price) == (Decimal("0.4"), 60001)
        name = str(order.client_order_id)
        venue.open_rows = [open_row(ID, name, side="sell", unfilledSize=0.4, limitPrice=60001)]
        venue.statuses = [status_row(ID, name, side="sell", quantity=0.4, limitPrice=60001)]
        assert "ReplaceRejected" not in names(await drain(stream, 60))


# Client order ids


async def test_two_long_client_order_ids_with_equal_tails_are_two_orders(autojump_clock: MockClock) -> None:
    one, other = "alpha-O2026022700232100", "gamma-O2026022700232100"
    async with trading() as (venue, client, _):
        for name in (one, other):
            order = await client.submit(buy(client_order_id=name))
            await order.accepted()
        assert [params["cliOrdId"] for params in venue.placed] == [one, other]


async def test_a_client_order_id_that_is_too_long_is_refused_with_a_sentence(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await (await client.submit(buy(client_order_id="x" * 100))).accepted()
        with pytest.raises(NotSent, match="must be 1 to 100 printable ASCII characters; this one has 101"):
            await client.submit(buy(client_order_id="x" * 101))
        assert len(venue.placed) == 1


# Calls


async def test_calls_carry_no_nonce_and_wait_for_no_other(autojump_clock: MockClock) -> None:
    """One placement that is not answered holds back nothing that follows it."""

    async def never(params: dict[str, str]) -> Message:
        await trio.sleep_forever()
        raise AssertionError

    async with trading() as (venue, client, _):
        order = await resting(venue, client)
        venue.on_call["sendorder"] = never
        await client.submit(buy())
        began = trio.current_time()
        await client.cancel(order)
        await order.done()
        assert trio.current_time() - began < 0.1
        private = [call for call in venue.calls if not call.path.endswith("/instruments")]
        assert all("nonce" not in call.headers and call.headers["authent"] for call in private)
