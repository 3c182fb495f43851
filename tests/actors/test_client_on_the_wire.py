"""Trading through the whole graph, at a scripted venue whose messages are typed by hand: the exact wire text counts."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from actors import (
    ConnectionMode,
    Instrument,
    NewOrder,
    NotSent,
    OrderStatus,
    OutcomeUnknown,
    RequestFailed,
    Side,
    events,
    open_client,
)
from protocol.values import ClientOrderId, StrategyId, VenueOrderId

from ..scripted_venue import (
    EPOCH,
    EURUSD,
    SECRET,
    Message,
    Peer,
    buy,
    cid_of,
    ignore,
    open_scripted_venue,
    refuse,
    scripted_config,
    talking,
)
from ..trading import GOLD, drain, names, sell, trading, until

# The words on the wire, at a scripted venue


async def test_the_login_comes_first_and_its_token_opens_the_socket(autojump_clock: MockClock) -> None:
    async with talking() as (venue, _, stream):
        instruments, login = venue.calls
        (upgrade,) = venue.upgrades
        assert (login.method, login.path) == ("POST", "/api/authenticate")
        assert "authorization" not in login.headers
        assert login.json == {"api_key": "key-1", "api_secret": SECRET, "expiration_seconds": 3600}
        assert upgrade.path == "/orders/ws"
        assert upgrade.headers["authorization"] == "Bearer token-1"
        assert upgrade.headers["user-agent"] == "trio-orders"
        assert (instruments.method, instruments.path) == ("GET", "/api/instruments")
        assert "authorization" not in instruments.headers
        assert SECRET not in upgrade.path + str(upgrade.query)
        assert names(await until(stream, events.Reconciled)) == ["Connected", "Authenticated", "Reconciled"]


async def test_an_order_lives_from_its_placement_to_its_last_fill(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(buy(client_order_id=ClientOrderId("alpha-1")))
        with order.events() as own:
            assert (await order.accepted()).venue_order_id == "O-1"
            (placed,) = venue.heard()
            assert placed == {
                "rid": 1,
                "t": "p",
                "s": "EURUSD-PERP",
                "d": "B",
                "q": 300,
                "p": "1.0998",
                "tif": "GTC",
                "po": False,
                "cid": cid_of("alpha-1"),
                "tag": "trioorders",
            }
            at_venue = venue.orders["O-1"]
            await venue.peer.say(venue.executed(at_venue, 100, trade_id="T-a"))
            await venue.peer.say(venue.executed(at_venue, 200, trade_id="T-b", price="1.0997"))
            state = await order.filled()
            assert (state.status, state.cumulative, state.leaves) == (OrderStatus.FILLED, Decimal(300), Decimal(0))
            assert await order.done() == state
            assert names([event async for event in own]) == ["Accepted", "Filled", "Filled"]
        seen = await until(stream, events.Filled, times=2)
        assert names(seen)[3:] == ["Submitted", "Accepted", "Filled", "Filled"]
        assert [event.sequence for event in seen] == list(range(1, 8))
        fills = [event for event in seen if isinstance(event, events.Filled)]
        assert [(f.trade_id, f.last_quantity, str(f.last_price), f.cumulative, f.leaves) for f in fills] == [
            ("T-a", Decimal(100), "1.0998", Decimal(100), Decimal(200)),
            ("T-b", Decimal(200), "1.0997", Decimal(300), Decimal(0)),
        ]
        assert all(fill.commission is None for fill in fills), "the wire tells no fee, so none is made up"


async def test_a_fill_before_the_answer_comes_out_behind_accepted(autojump_clock: MockClock) -> None:
    """The venue promises no order between answers and events: fill, answer, acknowledgement."""
    async with talking() as (venue, client, stream):

        async def backwards(peer: Peer, message: Message) -> None:
            order = venue.book(message)
            acknowledged = venue.event("n", order)
            await peer.say(venue.executed(order, 300), {"rid": message["rid"], "res": {"oid": order["oid"]}})
            await peer.say(acknowledged)

        venue.on["p"] = backwards
        order = await client.submit(buy())
        await order.filled()
        seen = names([*await until(stream, events.Filled), *await drain(stream)])
        assert seen[3:] == ["Submitted", "Accepted", "Filled"]


async def test_requests_are_numbered_from_one(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        first, second = await client.submit(buy()), await client.submit(buy())
        await first.accepted()
        assert (first.request_id, second.request_id) == (1, 2)
        assert await client.cancel(first) == 3
        await client.open_orders()
        await client.order_status(second)
        assert await client.replace(second, price="1.1") == 6
        await client.cancel_all()
        assert [(message["t"], message["rid"]) for message in venue.heard()][:7] == [
            ("p", 1), ("p", 2), ("x", 3), ("o", 4), ("s", 5), ("r", 6), ("X", 7),
        ]  # fmt: skip


async def test_a_number_is_taken_by_a_check_that_fails_late_and_not_by_an_early_one(autojump_clock: MockClock) -> None:
    async with talking() as (_, client, _stream):
        with pytest.raises(NotSent):
            await client.submit(buy(0))
        assert (await client.submit(buy())).request_id == 1
        with pytest.raises(NotSent):
            await client.submit(buy(price="1.09985"))
        assert (await client.submit(buy())).request_id == 3


async def test_a_cancel_names_the_venue_id_where_it_is_known_and_else_our_own(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        order = await client.submit(buy())
        await order.accepted()
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED
        assert venue.heard("x") == [{"rid": 2, "t": "x", "oid": "O-1"}]
        venue.on["p"] = ignore
        await client.submit(buy(client_order_id=ClientOrderId("not-yet")))
        await client.cancel(ClientOrderId("not-yet"))
        assert await venue.wait_for("x", 2) == {"rid": 4, "t": "x", "cid": cid_of("not-yet")}


async def test_a_cancel_without_a_venue_id_is_refused_here_where_the_config_says_so(autojump_clock: MockClock) -> None:
    async with talking(cancel_by_client_id=False) as (venue, client, stream):
        venue.on["p"] = ignore
        await client.submit(buy(client_order_id=ClientOrderId("not-yet")))
        await until(stream, events.Submitted)
        with pytest.raises(NotSent, match=r"not-yet.*missing venue_order_id"):
            await client.cancel(ClientOrderId("not-yet"))
        assert await drain(stream) == []
        assert venue.heard("x") == []


async def test_a_cancel_request_that_was_received_is_not_a_cancel(autojump_clock: MockClock) -> None:
    """`cxl_rx` is no ending, and `e` is none either: the order fills afterwards."""
    async with talking() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()

        async def lose_the_race(peer: Peer, message: Message) -> None:
            await peer.say({"rid": message["rid"], "res": {"cxl_rx": True}})
            refused = {"t": "e", **venue.stamp(), "oid": "O-1", "r": "ORDER_NOT_FOUND", "txt": ""}
            await peer.say(refused, venue.executed(venue.orders["O-1"], 300))

        venue.on["x"] = lose_the_race
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.FILLED
        assert names(await until(stream, events.Filled))[-3:] == ["Accepted", "CancelRejected", "Filled"]


async def test_a_cancel_that_comes_too_early_is_sent_again(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        order = await client.submit(buy())
        await order.accepted()
        polite, venue.on["x"] = venue.on["x"], refuse(409, "retry shortly")
        await client.cancel(order)
        await venue.wait_for("x", 3)
        venue.on["x"] = polite
        assert (await order.done()).status is OrderStatus.CANCELED
        times = [at for at, message in zip(venue.peer.heard_at, venue.peer.heard, strict=True) if message["t"] == "x"]
        assert [round(at - times[0], 2) for at in times] == [0, 0.1, 0.3, 0.7]
        assert {message["rid"] for message in venue.heard("x")} == {2}


async def test_a_replacement_keeps_the_order_under_a_new_venue_id(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        assert await client.replace(order, price="1.1", quantity=400) == 2
        updated = (await until(stream, events.Updated))[-1]
        assert venue.heard("r") == [{"rid": 2, "t": "r", "oid": "O-1", "p": "1.1", "q": 400}]
        assert isinstance(updated, events.Updated)
        assert updated.client_order_id == order.client_order_id
        new_id = updated.venue_order_id
        assert (updated.previous_venue_order_id, new_id) == ("O-1", "O-3")
        assert (updated.quantity, updated.price) == (Decimal(400), Decimal("1.1"))
        await venue.peer.say(venue.executed(venue.orders["O-3"], 400))
        assert (await order.filled()).venue_order_id == "O-3"


async def test_a_late_fill_of_the_replaced_id_still_counts(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await client.replace(order, price="1.1")
        await until(stream, events.Updated)
        late = {**venue.orders["O-1"], "q": 300, "xq": 0, "o": "ACCEPTED"}
        await venue.peer.say(venue.executed(late, 50, trade_id="T-late"))
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert (fill.client_order_id, fill.fill_venue_order_id, fill.trade_id) == (
            order.client_order_id, "O-1", "T-late",
        )  # fmt: skip


async def test_a_replacement_that_is_refused_changes_nothing(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        venue.on["r"] = refuse(400, "not on the grid of the venue")
        await client.replace(order, price="1.1")
        refused = (await until(stream, events.ReplaceRejected))[-1]
        assert isinstance(refused, events.ReplaceRejected)
        assert (refused.request_id, refused.reason) == (2, "not on the grid of the venue")
        assert (await order.state()).price == Decimal("1.0998")
        assert await client.replace(order, price="1.1") == 3, "and another one may follow"


async def test_all_orders_are_cancelled_or_those_of_one_instrument(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        euro, gold = await client.submit(buy()), await client.submit(sell())
        await gold.accepted()
        await client.cancel_all(GOLD)
        assert (await gold.done()).status is OrderStatus.CANCELED
        assert (await euro.state()).status is OrderStatus.ACCEPTED
        await client.cancel_all()
        assert (await euro.done()).status is OrderStatus.CANCELED
        assert venue.heard("X") == [{"rid": 3, "t": "X", "symbol": "XAU-PERP"}, {"rid": 4, "t": "X"}]


@pytest.mark.parametrize("is_bare", [False, True])
async def test_open_orders_come_in_either_shape(autojump_clock: MockClock, is_bare: bool) -> None:
    """In an object, as today; as a bare array, as once."""
    async with talking() as (venue, client, _):
        if is_bare:

            async def bare(peer: Peer, message: Message) -> None:
                await peer.say({"rid": message["rid"], "res": venue.open_orders()})

            venue.on["o"] = bare
        assert await client.open_orders() == ()
        mine = await client.submit(buy())
        await mine.accepted()
        stranger = venue.book({"s": "XAU-PERP", "p": "2411.5", "q": 4, "d": "S", "tif": "GTC", "cid": 42, "po": True})
        ours, other = await client.open_orders()
        assert (ours.client_order_id, ours.venue_order_id) == (mine.client_order_id, "O-1")
        assert (other.client_order_id, other.venue_order_id) == ("CID-42", stranger["oid"])
        assert (other.side, other.quantity, str(other.price), other.post_only) == (
            Side.SELL,
            Decimal(4),
            "2411.5",
            True,
        )


async def test_the_status_of_an_order_comes_from_the_venue(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        order = await client.submit(buy())
        await order.accepted()
        venue.executed(venue.orders["O-1"], 100)
        report = await client.order_status(order)
        assert (report.status, report.cumulative) == (OrderStatus.PARTIALLY_FILLED, Decimal(100))
        assert venue.heard("s") == [{"rid": 2, "t": "s", "oid": "O-1"}]
        venue.on["s"] = refuse(404, "no such order")
        with pytest.raises(RequestFailed, match="no such order"):
            await client.order_status(order)
        with pytest.raises(NotSent, match="nobody-1"):
            await client.order_status(ClientOrderId("nobody-1"))


async def test_an_order_from_elsewhere_is_reported_until_it_is_registered(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with talking() as (venue, client, stream):
        elsewhere = {"s": "EURUSD-PERP", "p": "1.2", "q": 200, "d": "S", "tif": "GTC", "cid": 77, "po": False}
        theirs = venue.book(elsewhere)
        await venue.peer.say(venue.event("n", theirs))
        report = (await until(stream, events.OrderStatusReport))[-1]
        assert isinstance(report, events.OrderStatusReport)
        assert (report.client_order_id, report.venue_order_id) == ("CID-77", theirs["oid"])
        name, oid, strategy = ClientOrderId("adopted"), VenueOrderId(theirs["oid"]), StrategyId("s")
        with caplog.at_level(logging.WARNING, "trio_orders"):
            assert await client.register_external_order(name, oid, "COPPER.AX", strategy) is False
        assert [("adopted" in r.message, "COPPER.AX" in r.message) for r in caplog.records] == [(True, True)]
        assert await client.register_external_order(name, oid, EURUSD, strategy) is True
        known = await client.order_state(name)
        assert await client.register_external_order(name, VenueOrderId("O-else"), EURUSD, StrategyId("t")) is True
        assert await client.order_state(name) == known
        await venue.peer.say(venue.executed(theirs, 200))
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert (fill.client_order_id, fill.strategy, fill.last_quantity) == ("adopted", "s", Decimal(200))


async def test_a_wire_id_is_resolved_to_the_order_that_carries_it(autojump_clock: MockClock) -> None:
    async with talking() as (_, client, _stream):
        await client.submit(buy(client_order_id=ClientOrderId("alpha-1")))
        assert await client.resolve(cid_of("alpha-1")) == "alpha-1"
        assert await client.resolve(42) is None


async def test_an_instrument_cached_while_connected_can_be_traded(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        assert sorted(client.instruments) == ["EURUSD-PERP", "XAU-PERP"]
        copper = NewOrder.limit("COPPER.AX", Side.BUY, quantity=1, price="4.5")
        with pytest.raises(NotSent, match=r"COPPER\.AX"):
            await client.submit(copper)
        before = client.instruments
        await client.cache_instrument(Instrument(id="COPPER.AX", price_increment="0.5"))
        assert "COPPER" not in before, "a view is replaced, never changed"
        await (await client.submit(copper)).accepted()
        assert venue.heard("p")[0]["s"] == "COPPER"


async def test_a_market_order_goes_out_as_an_aggressive_limit_order(autojump_clock: MockClock) -> None:
    """With a price of the caller's: no preview is asked for."""
    async with talking() as (venue, client, _):
        market = NewOrder.market(EURUSD, Side.BUY, quantity=300, price="1.1005")
        order = await client.submit(market)
        await order.accepted()
        (placed,) = venue.heard("p")
        assert [placed[key] for key in ("p", "tif", "po", "q")] == ["1.1005", "IOC", False, 300]
        assert "order_type" not in placed
        assert venue.calls_to("/api/preview-aggressive-limit-order") == []


async def test_a_market_order_without_a_price_asks_for_one(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(NewOrder.market(EURUSD, Side.SELL, quantity=300))
        await order.accepted()
        (call,) = venue.calls_to("/api/preview-aggressive-limit-order")
        assert (call.method, call.json) == ("POST", {"symbol": "EURUSD-PERP", "quantity": 300, "side": "S"})
        assert call.headers["authorization"] == "Bearer token-1"
        (placed,) = venue.heard("p")
        assert [placed[key] for key in ("rid", "p", "tif", "po")] == [1, "1.1001", "IOC", False]
        await venue.peer.say(venue.ended(venue.orders["O-1"], "EXPIRED"))
        assert (await order.done()).status is OrderStatus.CANCELED, "an IOC that finds nothing is a cancel"
        assert names(await until(stream, events.Canceled))[3:] == ["Submitted", "Accepted", "Canceled"]


@pytest.mark.parametrize("answer", ["empty", "refused", "lost"])
async def test_a_market_order_that_gets_no_price_is_denied_and_never_sent(
    autojump_clock: MockClock, answer: str
) -> None:
    async with talking() as (venue, client, stream):
        path = "/api/preview-aggressive-limit-order"
        if answer == "empty":
            venue.preview = {"limit_price": None, "vwap": None, "filled_quantity": 0, "remaining_quantity": 300}
        else:
            venue.at_http[path].append(503 if answer == "refused" else "drop")
        order = await client.submit(NewOrder.market(EURUSD, Side.BUY, quantity=300))
        with pytest.raises(NotSent, match=str(order.client_order_id)):
            await order.accepted()
        assert names([*await until(stream, events.Denied), *await drain(stream)])[3:] == ["Submitted", "Denied"]
        assert venue.heard() == []


async def test_a_stop_limit_is_refused_here_unless_the_config_vouches_for_the_venue(autojump_clock: MockClock) -> None:
    stop = NewOrder.stop_limit(EURUSD, Side.SELL, quantity=300, price="1.09", trigger_price="1.091")
    async with talking() as (venue, client, _):
        with pytest.raises(NotSent, match="ignores the trigger price"):
            await client.submit(stop)
        assert venue.heard() == []
    async with talking(supports_stop_limit=True) as (venue, client, _):
        await (await client.submit(stop)).accepted()
        (placed,) = venue.heard()
        assert (placed["order_type"], placed["trigger_price"], placed["po"]) == ("STOP_LOSS_LIMIT", "1.091", False)


async def test_waits_end_when_the_client_is_disconnected(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        order = await client.submit(sell())
        await order.accepted()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def wait() -> None:
                with pytest.raises(OutcomeUnknown, match="Look at the venue"):
                    await order.done()

            await trio.testing.wait_all_tasks_blocked()
            await client.disconnect()
        with pytest.raises(OutcomeUnknown):
            await order.filled()
        assert (await order.accepted()).status is OrderStatus.ACCEPTED
        assert (await order.state()).status is OrderStatus.ACCEPTED


async def test_a_disconnected_client_can_be_read_from_and_asked_nothing(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        assert (client.mode, client.is_active, client.is_closed) == (ConnectionMode.ACTIVE, True, False)
        await (await client.submit(buy())).accepted()
        await client.disconnect()
        await client.disconnect()
        assert isinstance((await until(stream, events.Disconnected))[-1], events.Disconnected)
        assert (client.mode, client.is_active, client.is_closed) == (ConnectionMode.CLOSED, False, True)
        await venue.peer.ended.wait()
        assert venue.peer.close_code == 1000
        with pytest.raises(NotSent):
            await client.submit(buy())
        assert (await client.order_state(ClientOrderId("none"))) is None
    assert len(venue.peers) == 1, "and no other connection follows"
    assert len(venue.heard("p")) == 1


async def test_modes_follow_the_connection(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        seen: list[tuple[float, ConnectionMode]] = []
        async with open_client(scripted_config(venue)) as client:
            seen.append((trio.current_time(), client.mode))
            venue.at_upgrade.append(502)
            venue.peer.drop()
            await trio.sleep(0.1)
            seen.append((trio.current_time(), client.mode))
            await trio.sleep(1)
            seen.append((trio.current_time(), client.mode))
        seen.append((trio.current_time(), client.mode))
    modes = [mode for _, mode in seen]
    active, lost, closed = ConnectionMode.ACTIVE, ConnectionMode.RECONNECTING, ConnectionMode.CLOSED
    assert modes == [active, lost, active, closed]


def fill_row(**fields: object) -> Message:
    """A row of the venue's history."""
    known = {
        "trade_id": "T-a",
        "order_id": "O-1",
        "symbol": "EURUSD-PERP",
        "timestamp": "2026-09-21T13:46:41.000000005Z",
        "price": "1.0998",
        "quantity": 100,
        "fee": "0.25",
        "is_taker": True,
        "side": "B",
    }
    return known | fields


async def test_history_brings_fees_and_the_fills_that_were_missed(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await venue.peer.say(venue.executed(venue.orders["O-1"], 100, trade_id="T-a"))
        await until(stream, events.Filled)
        venue.executed(venue.orders["O-1"], 200, trade_id="T-b")  # the event is lost
        venue.fill_rows = [fill_row(), fill_row(trade_id="T-b", quantity=200, fee="-0.1", is_taker=False)]
        start, end = EPOCH * 10**9, (EPOCH + 60) * 10**9
        assert await client.read_fills(start=start, end=end, instrument=EURUSD) == 2
        (call,) = venue.calls_to("/api/fills")
        assert call.headers["authorization"] == "Bearer token-1"
        assert call.query["start_timestamp_ns"] == str(start)
        assert call.query["end_timestamp_ns"] == str(end)
        assert call.query["symbol"] == "EURUSD-PERP"
        fee, late = (await until(stream, events.Filled))[-2:]
        assert isinstance(fee, events.FeeReported)
        assert (fee.trade_id, fee.commission.amount, fee.commission.currency) == ("T-a", Decimal("0.25"), "USD")
        assert isinstance(late, events.Filled)
        assert late.commission is not None
        assert (late.trade_id, late.last_quantity, late.commission.amount) == ("T-b", Decimal(200), Decimal("-0.1"))
        assert (await order.filled()).cumulative == 300
        assert names(await until(stream, events.Completed)) == ["Completed"], "by the venue's word, not by history's"
        assert await client.read_fills(start=start, end=end) == 2
        assert await drain(stream) == [], "read twice, told once"


async def test_history_is_read_page_by_page(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        pages = [
            {"fills": [fill_row(trade_id=f"T-{page}{row}", order_id="O-9") for row in range(3)]} for page in range(3)
        ]
        pages[0]["next_cursor"] = "c1"  # type: ignore[assignment]
        pages[1]["next_cursor"] = "c2"  # type: ignore[assignment]
        venue.at_http["/api/fills"].extend((200, page) for page in pages)
        assert await client.read_fills(start=0, end=10**14) == 9
        assert [call.query.get("cursor") for call in venue.calls_to("/api/fills")] == [None, "c1", "c2"]
        assert len(await until(stream, events.FillReport, times=9)) == 12


async def test_history_that_cannot_be_read_says_so(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        venue.at_http["/api/fills"].extend([503, "drop", (200, {"nothing": "here"})])
        for words in ("the venue says no", "failed", "cannot read"):
            with pytest.raises(RequestFailed, match=words):
                await client.read_fills(start=0, end=10**15)
        assert await client.read_fills(start=0, end=10**15) == 0
