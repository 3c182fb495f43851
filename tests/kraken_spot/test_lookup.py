"""A placement whose answer was lost is found by its client id, at a Kraken Spot peer that is typed by hand.

QueryOrders takes order ids alone (spec A.17): the list of open orders is asked for the name, then that of closed ones.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from actors import Client, Order, OrderStatus, events, open_client

from ..scripted_spot import (
    FILL,
    ID,
    Reply,
    ScriptedSpot,
    at_spot,
    buy,
    canceled_row,
    error,
    filled_row,
    in_turn,
    listed,
    live,
    ok,
    open_scripted_spot,
    row,
    spot_config,
    trade_row,
)
from ..scripted_venue import Message, Peer
from ..trading import drain, names

UNAVAILABLE = "<html><title>503 Service Temporarily Unavailable</title></html>"


def lose(venue: ScriptedSpot, *, cut: bool = False) -> None:
    """The next placements get no answer. cut: the connection goes instead."""

    async def say_nothing(peer: Peer, message: Message) -> None:
        venue.placed.append(message["params"])
        if cut:
            peer.drop()

    venue.on["add_order"] = say_nothing


async def submit_and_lose(venue: ScriptedSpot, client: Client, *, cut: bool = False) -> Order:
    lose(venue, cut=cut)
    order = await client.submit(buy(client_order_id="a-1"))
    while not venue.placed:
        await trio.sleep(0.001)
    return order


def put(venue: ScriptedSpot, what: str) -> None:
    """What became of the order at the venue."""
    if what == "open":
        venue.open_rows[ID] = row("a-1")
        venue.snapshot = [listed(ID, "a-1")]
    elif what == "canceled":
        venue.closed_rows[ID] = canceled_row("a-1")
    elif what == "filled":
        venue.closed_rows[ID] = filled_row("a-1")
        venue.trades[FILL] = trade_row(ID)


ENDS = {
    "nowhere": (OrderStatus.DENIED, Decimal(0)),
    "open": (OrderStatus.ACCEPTED, Decimal(0)),
    "canceled": (OrderStatus.CANCELED, Decimal(0)),
    "filled": (OrderStatus.FILLED, Decimal(1)),
}


@pytest.mark.parametrize("cut", [False, True], ids=["never answered", "link cut"])
@pytest.mark.parametrize("what", ENDS)
async def test_a_placement_whose_answer_was_lost_is_found(autojump_clock: MockClock, what: str, cut: bool) -> None:
    async with at_spot() as (venue, client, stream):
        order = await submit_and_lose(venue, client, cut=cut)
        put(venue, what)
        heard = await drain(stream, 180)
        state = await order.state()
        assert (state.status, state.cumulative) == ENDS[what]
        assert len(venue.placed) == 1, "it is never placed again"
        assert all("txid" in asked for asked in venue.asked("QueryOrders"))
        if cut:
            assert any(isinstance(event, events.Reconciled) and event.connection == 2 for event in heard)


async def test_what_is_not_open_is_looked_up_among_the_closed(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, _):
        await submit_and_lose(venue, client)
        put(venue, "canceled")
        await trio.sleep(30)
        first, second = venue.asked("OpenOrders")[0], venue.asked("ClosedOrders")[0]
        assert first == {"nonce": first["nonce"], "cl_ord_id": "a-1"}
        assert second == {"nonce": second["nonce"], "cl_ord_id": "a-1", "consolidate_taker": "false"}
        assert int(first["nonce"]) < int(second["nonce"])


async def test_an_order_that_has_no_place_in_the_lists_is_denied_only_when_they_must_show_it(
    autojump_clock: MockClock,
) -> None:
    """The venue takes 5 s with an order unless it is given a deadline, and its lists follow by a minute."""
    async with at_spot() as (venue, client, _):
        order = await submit_and_lose(venue, client)
        began = trio.current_time()
        await trio.sleep(64)
        assert (await order.state()).status is OrderStatus.UNKNOWN
        while (await order.state()).status is OrderStatus.UNKNOWN:
            await trio.sleep(1)
        assert (await order.state()).status is OrderStatus.DENIED
        assert 65 <= trio.current_time() - began < 150


async def test_an_order_with_a_deadline_of_its_own_is_denied_a_minute_after_that(autojump_clock: MockClock) -> None:
    async with at_spot(process_within=50) as (venue, client, _):
        order = await submit_and_lose(venue, client)
        began = trio.current_time()
        while (await order.state()).status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            await trio.sleep(1)
        assert trio.current_time() - began >= 110


async def test_an_order_that_the_lists_show_late_is_found(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, _):
        order = await submit_and_lose(venue, client)
        await trio.sleep(58)
        put(venue, "filled")
        await trio.sleep(180)
        state = await order.state()
        assert (state.status, state.cumulative) == (OrderStatus.FILLED, Decimal(1))


async def test_an_older_order_of_the_same_name_is_another_one(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):
        venue.closed_rows["OYEST1-ERDAY-XXXXXX"] = canceled_row("a-1", opened=86_400)
        order = await submit_and_lose(venue, client)
        heard = await drain(stream, 180)
        assert (await order.state()).status is OrderStatus.DENIED
        assert not any(isinstance(event, events.Canceled) for event in heard)


async def test_of_two_orders_of_one_name_the_one_that_was_placed_now_is_found(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, _):
        venue.closed_rows["OYEST1-ERDAY-XXXXXX"] = canceled_row("a-1", opened=86_400)
        order = await submit_and_lose(venue, client)
        put(venue, "filled")
        await trio.sleep(60)
        state = await order.state()
        assert (state.status, state.venue_order_id, state.cumulative) == (OrderStatus.FILLED, ID, Decimal(1))


# What may go wrong between the two questions

FAILURES: dict[str, Reply] = {
    "throttled": error("EAPI:Rate limit exceeded"),
    "too many at once": error("EService: Throttled: 1790000060"),
    "out of turn": error("EAPI:Invalid nonce"),
    "out of order": error("EService:Unavailable"),
    "a page of the proxy": (503, UNAVAILABLE),
    "a page of the proxy, forbidden": (403, UNAVAILABLE),
    "a result without a list": ok({}),
    "words that the venue has for cancels": error("EOrder:Unknown order"),
    "lost": None,
}


@pytest.mark.parametrize("where", ["OpenOrders", "ClosedOrders"])
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_lookup_that_fails_half_way_proves_nothing_and_is_made_again(
    autojump_clock: MockClock, where: str, failure: str
) -> None:
    async with at_spot() as (venue, client, stream):
        reply = FAILURES[failure]
        venue.on_call[where] = in_turn(reply, reply, reply, then=getattr(venue, f"_list_{where}"))
        order = await submit_and_lose(venue, client)
        put(venue, "filled")
        heard = await drain(stream, 180)
        state = await order.state()
        assert (state.status, state.cumulative) == (OrderStatus.FILLED, Decimal(1))
        assert "Denied" not in names(heard)


async def test_a_lookup_that_never_works_leaves_the_order_unknown(autojump_clock: MockClock) -> None:
    async def refuse(params: dict[str, str]) -> Reply:
        return error("EAPI:Rate limit exceeded")

    async with at_spot() as (venue, client, _):
        venue.on_call["ClosedOrders"] = refuse
        order = await submit_and_lose(venue, client)
        await trio.sleep(600)
        assert (await order.state()).status is OrderStatus.UNKNOWN


async def test_an_order_that_opens_between_the_two_questions_is_found_later(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, stream):

        async def open_now(params: dict[str, str]) -> Reply:
            put(venue, "open")
            return ok({"closed": {}, "count": 0})

        venue.on_call["ClosedOrders"] = open_now
        order = await submit_and_lose(venue, client)
        heard = await drain(stream, 60)
        assert (await order.state()).status is OrderStatus.ACCEPTED
        assert "Denied" not in names(heard)


async def test_an_answer_that_comes_with_the_next_connection_is_not_needed(autojump_clock: MockClock) -> None:
    """The link goes while the second list is on its way; the order is looked up anew."""
    async with at_spot() as (venue, client, _):

        async def slowly(params: dict[str, str]) -> Reply:
            venue.peer.drop()
            await trio.sleep(4)
            return ok({"closed": {}, "count": 0})

        venue.on_call["ClosedOrders"] = in_turn(slowly, then=venue._list_ClosedOrders)
        order = await submit_and_lose(venue, client)
        put(venue, "canceled")
        await trio.sleep(60)
        assert (await order.state()).status is OrderStatus.CANCELED


async def test_an_order_that_ends_while_it_is_looked_up_is_asked_for_no_more(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, _):

        async def told_meanwhile(params: dict[str, str]) -> Reply:
            await venue.report(listed(ID, "a-1") | {"exec_type": "pending_new", "order_status": "pending_new"})
            await venue.report({"order_id": ID, "exec_type": "canceled", "order_status": "canceled", "cum_qty": 0.0})
            await trio.sleep(0.5)
            return ok({"open": {}})

        venue.on_call["OpenOrders"] = told_meanwhile
        order = await submit_and_lose(venue, client)
        await trio.sleep(60)
        assert (await order.state()).status is OrderStatus.CANCELED
        assert venue.asked("ClosedOrders") == []


# Other ways to the same end


async def test_a_list_of_what_is_open_settles_an_order_that_it_names(autojump_clock: MockClock) -> None:
    """Lookups by name fail; the list that is compared once a minute names the order."""
    async with at_spot() as (venue, client, _):
        await client.submit(buy(client_order_id="resting"))
        await trio.sleep(1)

        async def only_whole(params: dict[str, str]) -> Reply:
            return error("EAPI:Rate limit exceeded") if "cl_ord_id" in params else ok({"open": venue.open_rows})

        venue.on_call["OpenOrders"] = only_whole
        venue.placed.clear()
        order = await submit_and_lose(venue, client)
        other = "OZZZZ1-BBBB2-CCCC31"
        venue.open_rows[other] = row("a-1")
        await trio.sleep(70)
        state = await order.state()
        assert (state.status, state.venue_order_id) == (OrderStatus.ACCEPTED, other)


async def test_a_user_may_ask_for_an_order_that_has_no_id_yet(autojump_clock: MockClock) -> None:
    async with at_spot(request_timeout=60) as (venue, client, _):
        order = await submit_and_lose(venue, client)
        put(venue, "canceled")
        report = await client.order_status(order)
        assert (report.status, report.venue_order_id) == (OrderStatus.CANCELED, ID)


async def test_a_lookup_counts_as_the_venue_counts_it(autojump_clock: MockClock) -> None:
    """Two points for each list: an account of the lowest tier has 13 to spend on questions, and gets one in 3 s."""
    async with open_scripted_spot() as venue, open_client(spot_config(venue, tier="starter")) as client:
        await trio.sleep(60)
        lose(venue)
        for number in range(6):
            await client.submit(buy(client_order_id=f"b-{number}"))
        began = trio.current_time()
        await trio.sleep(20)
        times = [*venue.asked_at("OpenOrders"), *venue.asked_at("ClosedOrders"), *venue.asked_at("TradesHistory")]
        spent = 2 * sum(began <= time <= began + 20 for time in times)
        assert spent <= 15 + 20 // 3


# An amendment that this client did not ask for


@pytest.mark.parametrize("kind", ["amended", "restated"])
async def test_a_change_that_leaves_the_quantity_out_is_asked_about_unless_it_is_ours(
    autojump_clock: MockClock, kind: str
) -> None:
    async with at_spot() as (venue, client, stream):
        order = await client.submit(buy(client_order_id="a-1"))
        await order.accepted()
        venue.open_rows[ID] = row("a-1", vol="0.50000000")
        await venue.report(live(ID, exec_type=kind, reason="User requested", amended=True))
        heard = await drain(stream, 5)
        assert [asked["txid"] for asked in venue.asked("QueryOrders")] == [ID]
        assert [event.quantity for event in heard if isinstance(event, events.Updated)] == [Decimal("0.5")]
        venue.on["amend_order"] = venue.take_amendment
        await client.replace(order, price="60001")
        await drain(stream, 5)
        assert len(venue.asked("QueryOrders")) == 1
