"""The promises that hostile schedules once broke, each as a story of frames through the real wire of its venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import NewOrder, OrderStatus, Side, open_client
from protocol import commands, events, requests
from protocol.values import ClientOrderId
from protocol.venue import SECOND

from ..trading import config_for, open_quiet_venue
from ..wire_rig import BUSY, AxRig, FuturesRig, SpotRig, iso

G1, A1 = ClientOrderId("g1"), ClientOrderId("a1")


def names(told: list[Any]) -> list[str]:
    return [type(event).__name__ for event in told]


def no_false_overfill(rig: Any) -> bool:
    overfills = [fill for fill in rig.told(events.Filled) if fill.overfill]
    return not overfills and not [warning for warning in rig.warnings if "Check the position" in warning]


# AX


def gold(quantity: int, name: str = "g1") -> NewOrder:
    return NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=quantity, price="2411", client_order_id=ClientOrderId(name))


def ax(**options: Any) -> AxRig:
    rig = AxRig(**options)
    rig.log_in()
    return rig


def ax_live(rig: AxRig, oid: str, name: str, quantity: int) -> None:
    number = rig.submit(gold(quantity, name))
    row = rig.row(oid, name, "ACCEPTED", size=quantity)
    rig.frames({"rid": number, "res": {"oid": oid}}, rig.event("n", row))


def test_a_placement_on_a_lost_connection_is_denied_at_ax_no_sooner_than_a_minute_after_it_was_sent() -> None:
    """The connection is dead for us; for the venue it may live on in a proxy, and bring the frame later."""
    rig = ax()
    rig.submit(gold(2))
    rig.cut()
    rig.wait(0.6)
    rig.log_in()
    rig.serve(59)
    assert (rig.told(events.Denied), rig.order("g1").status) == ([], OrderStatus.UNKNOWN)
    assert rig.told(events.Reconciled)[-1].open_questions == 1
    rig.serve(60)
    assert rig.order("g1").status is OrderStatus.DENIED


def test_what_the_venue_works_off_late_is_still_the_orders_own_though_nothing_of_it_was_heard() -> None:
    """Denied is our own conclusion: it is asked for again at the next login, and its fill is nobody else's."""
    rig = ax()
    rig.submit(gold(2))
    rig.cut()
    rig.wait(0.6)
    rig.log_in()
    rig.serve(120)
    assert rig.order("g1").status is OrderStatus.DENIED
    rig.cut()
    rig.row("O1", "g1", "FILLED", size=2, filled=2)
    rig.fill_row("O1", "T-1", 2)
    rig.wait(1)
    rig.log_in()
    rig.serve(60)
    (fill,) = rig.told(events.Filled)
    assert (fill.client_order_id, fill.last_quantity, fill.fill_venue_order_id) == ("g1", 2, "O1")
    assert len(rig.told(events.Reopened)) == 1
    assert rig.order("g1").status is OrderStatus.FILLED
    assert rig.told(events.FillReport) == []


def test_what_filled_under_an_id_that_an_order_had_before_an_unheard_change_is_told_before_all_is_reconciled() -> None:
    """The login lists the new id alone, which counts from nothing; that 30 filled under the old one, only the venue's
    history knows."""
    rig = ax()
    ax_live(rig, "O1", "g1", 100)
    rig.command(commands.Replace(client_order_id=G1, instrument=rig.instrument.id, quantity=100, price="2410"))
    rig.cut()
    rig.sends.clear()
    rig.row("O1", "g1", "REPLACED", size=100, filled=30)
    second = rig.row("O2", "g1", "ACCEPTED", size=100, price="2410")
    rig.fill_row("O1", "T-1", 30)
    rig.wait(2)
    told = rig.log_in("O2") + rig.serve(30)
    assert told.index("Filled") < told.index("Reconciled")
    assert rig.told(events.Reconciled)[-1].open_questions == 0
    rig.frames(
        rig.event("p", {**second, "xq": 70, "rq": 30, "o": "PARTIALLY_FILLED"}, xs=rig.execution("T-2", 70, "2410"))
    )
    assert [(fill.trade_id, fill.last_quantity) for fill in rig.told(events.Filled)] == [("T-1", 30), ("T-2", 70)]
    assert rig.told(events.Filled)[-1].leaves == 30, "as the venue has it"
    assert rig.order("g1").status is OrderStatus.PARTIALLY_FILLED
    assert no_false_overfill(rig)


def test_at_ax_all_that_an_answer_says_comes_before_reconciled() -> None:
    """The answer to a placement was lost with its connection; it had filled at once."""
    rig = ax()
    rig.submit(gold(2))
    rig.cut()
    rig.row("O1", "g1", "FILLED", size=2, filled=2)
    rig.fill_row("O1", "T-1", 2)
    rig.wait(2)
    rig.records.clear()
    rig.log_in()
    rig.serve(30)
    told = names(rig.events())
    assert told[-1] == "Reconciled"
    assert {"Accepted", "Filled"} <= set(told)
    assert rig.order("g1").status is OrderStatus.FILLED
    (reconciled,) = rig.told(events.Reconciled)
    assert (reconciled.gaps, reconciled.open_questions) == (0, 0)


def test_what_is_missing_for_good_at_ax_is_counted_by_reconciled_behind_its_gap() -> None:
    rig = ax()
    rig.submit(gold(2))
    rig.cut()
    rig.row("O1", "g1", "FILLED", size=2, filled=2)  # and /fills never shows it
    rig.wait(2)
    rig.records.clear()
    rig.log_in()
    rig.serve(90)
    told = names(rig.events())
    assert told.index("MissingFills") < told.index("Reconciled")
    assert rig.told(events.Reconciled)[-1].gaps == 1


def test_a_change_to_more_that_was_made_and_filled_unheard_is_no_overfill() -> None:
    """AX's answers about one order tell no quantity, so what the change asked for is what is known of it."""
    rig = ax()
    ax_live(rig, "O1", "g1", 5)
    rig.command(commands.Replace(client_order_id=G1, instrument=rig.instrument.id, quantity=30))
    rig.cut()
    rig.sends.clear()
    rig.row("O1", "g1", "REPLACED", size=5)
    rig.row("O2", "g1", "FILLED", size=30, filled=30)
    for number in range(30):
        rig.fill_row("O2", f"T-{number}", 1)
    rig.wait(2)
    rig.log_in()
    rig.serve(60)
    assert sum(fill.last_quantity for fill in rig.told(events.Filled)) == 30
    assert no_false_overfill(rig)
    assert rig.order("g1").status is OrderStatus.FILLED


def test_history_of_more_fills_than_the_window_holds_repeats_none() -> None:
    rig = ax(fill_window=100)
    for number in range(150):
        name, oid = f"g{number}", f"O{number}"
        ax_live(rig, oid, name, 1)
        filled = rig.row(oid, name, "FILLED", size=1, filled=1)
        rig.frames(rig.event("f", filled, xs=rig.execution(f"T{number}", 1)))
        rig.fill_row(oid, f"T{number}", 1)
    now = rig.unix * SECOND
    rig.command(commands.ReadFills(now - 86_400 * SECOND, now + SECOND, None))
    rig.serve()
    told = [fill.trade_id for fill in rig.told(events.Filled)]
    assert (len(told), len(set(told))) == (150, 150)
    assert no_false_overfill(rig)
    assert len(rig.told(events.FeeReported)) == 150, "which the history does tell"


# Kraken Spot


def bitcoin(quantity: str, name: str, venue: str = "BTC/USD.KRAKEN", price: str = "64000") -> NewOrder:
    return NewOrder.limit(venue, Side.BUY, quantity=quantity, price=price, client_order_id=ClientOrderId(name))


def spot(**options: Any) -> SpotRig:
    rig = SpotRig(**options)
    rig.log_in()
    return rig


def spot_live(rig: SpotRig, txid: str, name: str, quantity: str) -> None:
    number = rig.submit(bitcoin(quantity, name))
    taken = {"order_id": txid, "cl_ord_id": name}
    rig.frames({"method": "add_order", "req_id": number, "success": True, "result": taken})
    rig.report(rig.resting(txid, name, float(quantity)))
    rig.sends.clear()


@pytest.mark.parametrize("seconds", [3, 8])
def test_an_amendment_to_more_that_was_made_while_the_link_was_down_leaves_the_order_open(seconds: int) -> None:
    """Whether its own time ran out meanwhile (5 s) or not: a fill never completes a quantity that is in doubt."""
    rig = spot()
    spot_live(rig, "O1", "a1", "0.5")
    rig.command(commands.Replace(client_order_id=A1, instrument=rig.instrument.id, quantity="1.0"))
    rig.cut()
    rig.wait(seconds)
    rig.log_in(rig.trade_report("O1", "a1", "T1", 0.6), rig.resting("O1", "a1", 1.0, 0.6))
    order = rig.order("a1")
    assert (order.status, order.quantity, order.cumulative) == (
        OrderStatus.PARTIALLY_FILLED,
        Decimal(1),
        Decimal("0.6"),
    )
    assert no_false_overfill(rig)
    rig.sends.clear()
    rig.command(commands.Cancel(A1))
    assert len(rig.asked(requests.CancelOrder)) == 1, "it can be canceled, for it is open"


def test_a_placement_is_never_denied_at_spot_before_its_own_deadline() -> None:
    rig = spot(process_within=60.0)
    rig.submit(bitcoin("0.5", "a1"))
    (placement,) = rig.asked(requests.PlaceOrder)
    deadline = (placement.process_before - 1_700_000_100 * SECOND) / SECOND
    rig.cut()
    rig.wait(1)
    rig.log_in()
    rig.serve(deadline + 59 - rig.seconds)
    assert rig.told(events.Denied) == [], "until then, the lists may lag behind what it became"
    rig.serve(61)
    assert rig.order("a1").status is OrderStatus.DENIED, "no more than a minute later"


def test_the_fill_of_an_older_order_of_the_same_name_is_not_the_new_ones() -> None:
    """A program was restarted and uses its name again; the next login lists the account's last trades."""
    rig = spot()
    spot_live(rig, "ONEW", "grid-1", "0.5")
    rig.cut()
    yesterday = iso(rig.unix - 80_000)
    old = rig.trade_report(
        "OOLD", "grid-1", "TOLD", 0.3, order_status="filled", last_price=63000.0, timestamp=yesterday
    )
    rig.log_in(old, rig.resting("ONEW", "grid-1", 0.5))
    order = rig.order("grid-1")
    assert rig.told(events.Filled) == []
    assert rig.told(events.FillReport) == [], "it is from before this client began"
    assert (order.venue_order_id, order.cumulative) == ("ONEW", Decimal(0))


def test_a_fill_that_the_history_shows_most_of_a_minute_late_is_told_behind_the_end_that_counts_it() -> None:
    rig = spot()
    spot_live(rig, "O1", "a1", "1")
    rig.report(rig.trade_report("O1", "a1", "T1", 0.4, cum_qty=0.4, order_qty=1.0))
    rig.report(
        rig.known("O1", "a1", exec_type="canceled", order_status="canceled", cum_qty=0.6, reason="User requested")
    )
    ended_at = rig.unix
    rig.serve(44)
    rig.trades["T2"] = {
        "ordertxid": "O1", "postxid": "T", "pair": "XXBTZUSD", "time": float(ended_at), "type": "buy",
        "ordertype": "limit", "price": "64000.0", "cost": "12800", "fee": "1.5", "vol": "0.2", "margin": "0",
        "misc": "", "trade_id": 2, "maker": True, "cl_ord_id": "a1",
    }  # fmt: skip
    rig.serve(300)
    fills = rig.told(events.Filled)
    assert [str(fill.last_quantity) for fill in fills] == ["0.4", "0.2"]
    assert rig.order("a1").status is OrderStatus.CANCELED
    assert rig.told(events.MissingFills) == [], "a reading that may still lack it proves nothing"


@pytest.mark.parametrize("event", ["amended", "restated"])
def test_a_change_that_is_told_without_its_quantity_is_learned_from_what_the_venue_shows(event: str) -> None:
    """Another session's, or the venue's own: the short form leaves the terms out."""
    rig = spot()
    spot_live(rig, "O1", "a1", "0.5")
    rig.open["O1"] = {
        "refid": None, "userref": 0, "cl_ord_id": "a1", "status": "open", "opentm": float(rig.unix), "starttm": 0,
        "expiretm": 0, "vol": "0.80000000", "vol_exec": "0.00000000", "cost": "0", "fee": "0", "price": "0",
        "stopprice": "0", "limitprice": "0", "misc": "", "oflags": "fciq",
        "descr": {
            "pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "64000.0", "price2": "0",
            "leverage": "none", "order": "", "close": "",
        },
    }  # fmt: skip
    rig.wait(1)
    rig.report({"order_id": "O1", "exec_type": event, "order_status": "new", "timestamp": rig.iso})
    rig.serve(150)
    quantity = rig.order("a1").quantity
    assert quantity is not None
    assert str(quantity.normalize()) == "0.8"
    rig.report(rig.trade_report("O1", "a1", "T1", 0.5, cum_qty=0.5, order_status="partially_filled"))
    assert rig.order("a1").status is OrderStatus.PARTIALLY_FILLED
    assert str(rig.told(events.Filled)[-1].leaves.normalize()) == "0.3"


# Kraken Futures


def perpetual(quantity: str, name: str, price: str = "60000") -> NewOrder:
    return bitcoin(quantity, name, "PF_XBTUSD.KRAKEN-FUTURES", price)


def futures(**options: Any) -> FuturesRig:
    rig = FuturesRig(**options)
    rig.log_in()
    return rig


def futures_live(rig: FuturesRig, order_id: str, name: str, quantity: float) -> None:
    rig.submit(perpetual(str(quantity), name))
    rig.placed(order_id, name, quantity)
    rig.sends.clear()


def old_fill(rig: FuturesRig, seconds_ago: int) -> dict[str, Any]:
    return {
        "fill_id": "F-OLD", "order_id": "OLD", "cliOrdId": "grid-1", "symbol": "PF_XBTUSD", "side": "buy", "size": 0.4,
        "price": 59000, "fillTime": iso(rig.unix - seconds_ago), "fillType": "maker",
    }  # fmt: skip


def test_an_older_fill_of_the_same_name_neither_fills_the_new_order_nor_gives_it_its_id() -> None:
    """The first reading of history reaches back to before the program was restarted."""
    rig = futures()
    old = old_fill(rig, 30)
    futures_live(rig, "NEW", "grid-1", 1)
    rig.fills = [old]
    rig.open_rows = []
    rig.wait(61)
    for request in rig.asked(requests.ListFills):
        rig.over_http(request, rig.ok(fills=rig.fills))
    rig.command(commands.Cancel(ClientOrderId("grid-1")))
    assert rig.told(events.Filled) == []
    assert rig.order("grid-1").venue_order_id == "NEW"
    assert [request.venue_order_id for request in rig.asked(requests.CancelOrder)] == ["NEW"]


def test_an_end_of_an_order_that_nobody_has_counted_waits_for_its_fill() -> None:
    """A taker met our own order and was removed; the feed had never shown it, so how much it filled is not known."""
    rig = futures()
    rig.submit(
        NewOrder.market("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="0.3", client_order_id=ClientOrderId("m1"))
    )
    (request,) = rig.asked(requests.PlaceOrder)
    sent = {"order_id": "O1", "cli_ord_id": "m1", "status": "placed", "receivedTime": rig.iso, "orderEvents": []}
    rig.over_http(request, rig.ok(sendStatus=sent))
    rig.records.clear()
    rig.frames(rig.gone("O1", "m1", "would_execute_self"), rig.fill("O1", "m1", "F1", 0.09, left=0.21))
    rig.serve(120)
    told = names(rig.events())
    assert told.index("Filled") < told.index("Canceled")
    (end,) = rig.told(events.Canceled)
    assert str(end.cumulative) == "0.09"


def test_reconciled_comes_though_a_reading_of_history_failed_between_two_logins() -> None:
    rig = futures()
    futures_live(rig, "O1", "a1", 1)
    row = rig.row("O1", "a1", 1)
    rig.open_rows = [row]
    rig.cut()
    rig.log_in(row)
    first = rig.asked(requests.ListFills)
    rig.cut()
    rig.log_in(row)
    for request in first:
        rig.over_http(request, BUSY, 503)
    rig.open_rows = []
    rig.frames(rig.gone("O1", "a1", "cancelled_by_user"))
    rig.serve(60)
    assert [event.connection for event in rig.told(events.Reconciled)][-1] == 3


def test_a_change_by_another_session_while_the_link_was_down_is_not_completed_by_the_old_quantity() -> None:
    """The snapshot's quantity has two readings, so the order is asked for; history's fills come before the answer."""
    rig = futures()
    futures_live(rig, "O1", "a1", 1)
    rig.cut()
    rig.fills = [
        {
            "fill_id": "F1", "order_id": "O1", "cliOrdId": "a1", "symbol": "PF_XBTUSD", "side": "buy", "size": 1,
            "price": 60000, "fillTime": iso(rig.unix + 1), "fillType": "maker",
        }
    ]  # fmt: skip
    rig.wait(2)
    rig.log_in(rig.row("O1", "a1", 2, 1))
    for request in rig.asked(requests.ListFills):
        rig.over_http(request, rig.ok(fills=rig.fills))
    assert len(rig.told(events.Filled)) == 1
    assert not rig.order("a1").status.is_terminal
    assert no_false_overfill(rig)
    rig.cut()
    assert not rig.order("a1").status.is_terminal


def test_what_may_be_of_an_order_whose_placement_is_unanswered_waits_within_bounds() -> None:
    """REST is silent, the socket lives, and another program trades the same side without client ids."""
    rig = futures()
    rig.submit(perpetual("1", "a1"))
    for number in range(4000):
        rig.frames(rig.fill(f"X{number}", None, f"F{number}", 0.01))
    told = len(rig.told(events.FillReport))
    assert told >= 3000, "at most a thousand wait, and the oldest are told"
    rig.wait(400)
    fills = [report.trade_id for report in rig.told(events.FillReport)]
    assert (len(fills), len(set(fills))) == (4000, 4000)


# All three


class Switch:
    """A connector to one venue, and then to another."""

    to: Any = None

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        return await self.to.connect(host, port, tls=tls)  # type: ignore[no-any-return]


FORGOTTEN = {
    "ax": ("EURUSD-PERP.AX", "1.05", "100"),
    "kraken-spot": ("BTC/USD.KRAKEN", "50000", "0.01"),
    "kraken-futures": ("PF_XBTUSD.KRAKEN-FUTURES", "50000", "0.01"),
}


@pytest.mark.parametrize("name", FORGOTTEN)
async def test_an_order_that_the_venue_no_longer_knows_is_said_to_be_unknown(
    autojump_clock: MockClock, name: str
) -> None:
    """The venue comes back with other books: an accepted order is in none of its lists, its answers, its history."""
    instrument, price, quantity = FORGOTTEN[name]
    switch = Switch()
    async with open_quiet_venue(name=name) as first, open_quiet_venue(name=name, seed=5) as second:
        switch.to = first.connector
        async with open_client(config_for(first, connector=switch)) as client:
            with client.events() as stream:
                order = await client.submit(NewOrder.limit(instrument, Side.BUY, quantity=quantity, price=price))
                await order.accepted()
                switch.to = second.connector
                await first.drop_connections()
                heard = []
                with trio.move_on_after(600):
                    async for event in stream:
                        heard.append(event)
            state = await order.state()
            assert state.status is OrderStatus.UNKNOWN
            assert "does not know the order any more" in state.reason
            told = names(heard)
            assert told.count("StatusUnknown") == 1
            reconciled = heard[len(told) - 1 - told[::-1].index("Reconciled")]
            assert isinstance(reconciled, events.Reconciled)
            assert reconciled.open_questions == 1, "whoever trusts Reconciled hears that something stays open"
            client.abort()
