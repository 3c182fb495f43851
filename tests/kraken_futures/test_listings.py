"""Open orders, the status of orders, and fills as Kraken Futures lists them (spec B.13, D.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol.facts import FillsListed, Outcome, RequestAnswered, RequestRefused, Unreadable
from protocol.values import LiquiditySide, Money, OrderStatus, OrderType, Side, TriggerType

from .answers import (
    HEARD,
    HEARD_AT,
    OPEN_ORDERS,
    PLACED,
    PLACED_AT,
    D,
    fills,
    listed,
    number,
    obj,
    order,
    query,
    read,
    trade,
    view,
)

MS = 1_000_000


# openorders (spec B.13, D.5)


def row(**changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "order_id": '"ord-1"',
        "cliOrdId": '"mine-1"',
        "symbol": '"PF_ETHUSD"',
        "side": '"buy"',
        "orderType": '"lmt"',
        "limitPrice": "3100.50",
        "unfilledSize": "2.10",
        "filledSize": "0.40",
        "receivedTime": f'"{PLACED}"',
        "lastUpdateTime": f'"{HEARD}"',
        "status": '"partiallyFilled"',
        "reduceOnly": "false",
    }
    return obj(fields | changes)


ROWS: dict[str, tuple[dict[str, str | None], dict[str, Any]]] = {
    "as it comes": ({}, {}),
    "in the other spelling": (
        {"order_id": None, "cliOrdId": None, "orderId": '"ord-1"', "cli_ord_id": '"mine-1"'},
        {},
    ),
    "without a client id": ({"cliOrdId": None}, {"wire_id": None}),
    "with an empty client id": ({"cliOrdId": '""'}, {"wire_id": None}),
    "untouched": (
        {"status": '"untouched"', "filledSize": "0.0", "unfilledSize": "2.50"},
        {"status": OrderStatus.ACCEPTED, "cumulative": D(0)},
    ),
    # What is known of the order's size stays.
    "without an unfilled size": ({"unfilledSize": None}, {"quantity": None}),
    "without a filled size": ({"filledSize": None}, {"quantity": None, "cumulative": None}),
    "untouched without a filled size": (
        {"status": '"untouched"', "filledSize": None, "unfilledSize": "2.50"},
        {"status": OrderStatus.ACCEPTED, "cumulative": D(0)},
    ),
    "with an unknown status": (
        {"status": '"meditating"'},
        {"status": None, "reason": "meditating"},
    ),
    "without a status": ({"status": None}, {"status": None}),
    "a sell": ({"side": '"SELL"'}, {"side": Side.SELL}),
    "with an unknown side": ({"side": '"unknown"'}, {"side": None}),
    "of an unknown type": ({"orderType": '"iceberg"'}, {"type": None}),
    "a stop": (
        {"orderType": '"stop"', "limitPrice": None, "stopPrice": "2900.0"},
        {
            "type": OrderType.STOP_MARKET,
            "price": None,
            "trigger_price": D(2900),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop with a limit": (
        {"orderType": '"stp"', "stopPrice": "2900.0", "triggerSignal": '"mark"'},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(2900), "trigger_type": TriggerType.MARK},
    ),
    "a taken profit": (
        {"orderType": '"take_profit"', "limitPrice": "0.0", "stopPrice": "3500", "triggerSignal": '"spot"'},
        {
            "type": OrderType.MARKET_IF_TOUCHED,
            "price": None,
            "trigger_price": D(3500),
            "trigger_type": TriggerType.INDEX,
        },
    ),
    "a taken profit with a limit": (
        {"orderType": '"take_profit"', "stopPrice": "3500", "triggerSignal": '"index"'},
        {"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": D(3500), "trigger_type": TriggerType.INDEX},
    ),
    "a trailing stop": (
        {"orderType": '"trailing_stop"', "limitPrice": None, "stopPrice": "3000", "triggerSignal": '"last"'},
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": D(3000),
            "trigger_type": TriggerType.LAST,
        },
    ),
    "with prices of zero": ({"stopPrice": "0.0"}, {}),
    "reduce-only": ({"reduceOnly": "true"}, {"reduce_only": True}),
    "without reduce-only": ({"reduceOnly": None}, {}),
    "with a symbol in lower case": ({"symbol": '"pf_ethusd"'}, {}),
    "without the time of its placement": ({"receivedTime": None}, {"time": HEARD_AT}),
    "with an unreadable time": ({"receivedTime": '"noon"', "lastUpdateTime": "7"}, {"time": 0}),
    "with a time beyond reason": (
        {"receivedTime": '"9999-12-31T23:59:59.999Z"', "lastUpdateTime": None},
        {"time": 0},
    ),
    "with an unusable price": ({"limitPrice": '"high"'}, {"price": None}),
    "with a price as text": ({"limitPrice": '"3100.50"'}, {}),
    "with a negative size": ({"unfilledSize": "-1"}, {"quantity": None}),
    "with a number for its id": ({"order_id": "17"}, {"venue_order_id": "17"}),
}


@pytest.mark.parametrize("kind", ROWS)
def test_an_open_order_is_read(kind: str) -> None:
    changes, expected = ROWS[kind]
    (fact,) = read(OPEN_ORDERS, listed("openOrders", row(**changes)))
    assert isinstance(fact, RequestAnswered)
    base = {"status": OrderStatus.PARTIALLY_FILLED, "cumulative": D("0.40")}
    assert fact.orders == (view(**(base | expected)),)


def test_there_may_be_no_open_orders() -> None:
    assert read(OPEN_ORDERS, listed("openOrders")) == (RequestAnswered(request_id=number(1), orders=()),)


@pytest.mark.parametrize("broken", ["null", '"ord-2"', "[]", "{}", '{"order_id":""}', '"\\ud800"'])
def test_one_bad_open_order_never_costs_its_neighbours(broken: str) -> None:
    fact, *lost = read(OPEN_ORDERS, listed("openOrders", row(), broken, row(order_id='"ord-2"')))
    assert isinstance(fact, RequestAnswered)
    assert fact.orders is not None
    assert [shown.venue_order_id for shown in fact.orders] == ["ord-1", "ord-2"]
    (notice,) = lost
    assert isinstance(notice, Unreadable)
    notice.text.encode()  # whatever it is, it can be written down


# orders/status


def status_row(word: str, reason: str | None = None, error: str | None = None, **changes: str | None) -> str:
    body = order(**({"type": '"ORDER"'} | changes))
    return f'{{"order":{body},"status":"{word}","updateReason":{json.dumps(reason)},"error":{json.dumps(error)}}}'


STANDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "open": (status_row("ENTERED_BOOK", "NEW_USER_ORDER"), {}),
    "partly filled": (
        status_row("ENTERED_BOOK", "PARTIAL_FILL", filled="0.40"),
        {"status": OrderStatus.PARTIALLY_FILLED, "cumulative": D("0.4")},
    ),
    "filled": (
        status_row("FULLY_EXECUTED", "FULL_FILL", filled="2.50"),
        {"status": OrderStatus.FILLED, "cumulative": D("2.5"), "reason": "FULL_FILL"},
    ),
    "cancelled": (
        status_row("CANCELLED", "CANCELLED_BY_USER"),
        {"status": OrderStatus.CANCELED, "reason": "CANCELLED_BY_USER"},
    ),
    "cancelled after fills": (
        status_row("CANCELLED", "CANCELLED_BY_ADMIN", filled="0.40"),
        {"status": OrderStatus.CANCELED, "cumulative": D("0.4"), "reason": "CANCELLED_BY_ADMIN"},
    ),
    "cancelled without a reason": (status_row("CANCELLED"), {"status": OrderStatus.CANCELED}),
    "matured": (
        status_row("CANCELLED", "CONTRACT_EXPIRED"),
        {"status": OrderStatus.EXPIRED, "reason": "CONTRACT_EXPIRED"},
    ),
    "expired": (status_row("CANCELLED", "EXPIRED"), {"status": OrderStatus.EXPIRED, "reason": "EXPIRED"}),
    "rejected for being post-only": (
        status_row("REJECTED", "POST_WOULD_EXECUTE_REASON"),
        {"status": OrderStatus.REJECTED, "reason": "POST_WOULD_EXECUTE_REASON"},
    ),
    "rejected for finding no liquidity": (
        status_row("REJECTED", "IOC_WOULD_NOT_EXECUTE_REASON"),
        {"status": OrderStatus.REJECTED, "reason": "IOC_WOULD_NOT_EXECUTE_REASON"},
    ),
    "rejected with an error": (
        status_row("REJECTED", "OTHER", "insufficientAvailableFunds"),
        {"status": OrderStatus.REJECTED, "reason": "insufficientAvailableFunds"},
    ),
    "a trigger that failed": (
        status_row("TRIGGER_ACTIVATION_FAILURE", "TRAILING_STOP_CANCELLED"),
        {"status": OrderStatus.CANCELED, "reason": "TRAILING_STOP_CANCELLED"},
    ),
    "an unknown word": (status_row("ON_HOLIDAY"), {"status": None, "reason": "ON_HOLIDAY"}),
    "a word in lower case": (status_row("entered_book"), {}),
    "an unknown reason of an open order": (status_row("ENTERED_BOOK", "SOLAR_FLARE"), {}),
    "a field that cannot be used": (status_row("ENTERED_BOOK", filled="[]"), {"cumulative": None}),
    "a fill that is no number": (status_row("ENTERED_BOOK", filled='"NaN"'), {"cumulative": None}),
    "ids in the other spelling": (
        status_row("ENTERED_BOOK", orderId=None, cliOrdId=None, order_id='"ord-1"', cli_ord_id='"mine-1"'),
        {},
    ),
}


@pytest.mark.parametrize("kind", STANDINGS)
def test_an_order_stands(kind: str) -> None:
    """The answer says that it is an order, and not of which type; dispatch knows it of its own orders."""
    text, expected = STANDINGS[kind]
    (fact,) = read(query(), listed("orders", text))
    status = expected.get("status")
    ended = PLACED_AT if status is not None and status.is_terminal else 0
    shown = view(**({"type": None, "time_in_force": None, "ended": ended} | expected))
    assert fact == RequestAnswered(request_id=number(1), order=shown)


def test_an_order_ended_when_it_was_updated_last() -> None:
    text = status_row("CANCELLED", "CANCELLED_BY_USER", lastUpdateTimestamp=f'"{HEARD}"')
    (fact,) = read(query(), listed("orders", text))
    assert isinstance(fact, RequestAnswered)
    assert fact.order is not None
    assert (fact.order.time, fact.order.ended) == (PLACED_AT, HEARD_AT)


def test_a_stop_waits_for_its_trigger() -> None:
    trigger = '{"triggerPrice":2900.5,"triggerSide":"TRIGGER_BELOW","triggerSignal":"MARK_PRICE","triggerTime":null}'
    text = status_row("TRIGGER_PLACED", "NEW_USER_ORDER", type='"TRIGGER_ORDER"', priceTriggerOptions=trigger)
    (fact,) = read(query(), listed("orders", text))
    shown = view(type=None, time_in_force=None, trigger_price=D("2900.5"), trigger_type=TriggerType.MARK)
    assert fact == RequestAnswered(request_id=number(1), order=shown)


def test_an_order_is_asked_for_by_our_id() -> None:
    rows = [status_row("ENTERED_BOOK", cliOrdId='"other"', orderId='"ord-0"'), status_row("ENTERED_BOOK")]
    (fact,) = read(query(None, "mine-1"), listed("orders", *rows))
    assert isinstance(fact, RequestAnswered)
    assert fact.order is not None
    assert fact.order.venue_order_id == "ord-1"


def test_of_two_orders_under_one_client_id_the_newer_is_meant() -> None:
    """A client id may be used again once its order has closed (spec E.12)."""
    old = status_row("CANCELLED", "CANCELLED_BY_USER", orderId='"ord-0"')
    new = status_row("ENTERED_BOOK", lastUpdateTimestamp=f'"{HEARD}"')
    for rows in ([old, new], [new, old]):
        (fact,) = read(query(None, "mine-1"), listed("orders", *rows))
        assert isinstance(fact, RequestAnswered)
        assert fact.order is not None
        assert fact.order.venue_order_id == "ord-1"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [status_row("ENTERED_BOOK", orderId='"ord-2"')],
        ['{"order":null,"status":"ENTERED_BOOK"}'],
        ['{"status":"NOT_FOUND"}'],
    ],
    ids=["nothing", "another order", "null", "no order"],
)
def test_an_order_that_is_not_listed_was_not_found(rows: list[str]) -> None:
    (refusal,) = read(query(), listed("orders", *rows))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.NOT_FOUND


def test_one_bad_row_never_costs_the_order_that_is_meant() -> None:
    fact, lost = read(query(), listed("orders", "7", status_row("ENTERED_BOOK")))
    assert isinstance(fact, RequestAnswered)
    assert fact.order is not None
    assert isinstance(lost, Unreadable)


# fills (spec B.13, D.5)


def fill(at: str = HEARD, **changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "fill_id": '"fill-1"',
        "symbol": '"PF_ETHUSD"',
        "side": '"buy"',
        "order_id": '"ord-1"',
        "cliOrdId": '"mine-1"',
        "size": "0.40",
        "price": "3100.25",
        "fillTime": f'"{at}"',
        "fillType": '"maker"',
        "fee_paid": "-0.62",
        "fee_currency": '"USD"',
    }
    return obj(fields | changes)


FILLS: dict[str, tuple[dict[str, str | None], dict[str, Any]]] = {
    "as it comes": ({}, {}),
    "in the other spelling": (
        {
            "fill_id": None,
            "order_id": None,
            "cliOrdId": None,
            "fillType": None,
            "fillId": '"fill-1"',
            "orderId": '"ord-1"',
            "cli_ord_id": '"mine-1"',
            "fill_type": '"maker"',
        },
        {},
    ),
    "a sell": ({"side": '"sell"'}, {"side": Side.SELL}),
    "with an unknown side": ({"side": '"unknown"'}, {"side": None}),
    "by a taker": ({"fillType": '"taker"'}, {"liquidity": LiquiditySide.TAKER}),
    "by a taker after an edit": ({"fillType": '"takerAfterEdit"'}, {"liquidity": LiquiditySide.TAKER}),
    "of a liquidation": ({"fillType": '"liquidation"'}, {"liquidity": LiquiditySide.NONE}),
    "of a partial liquidation": ({"fillType": '"partialLiquidation"'}, {"liquidity": LiquiditySide.NONE}),
    "of an assignee": ({"fillType": '"assignee"'}, {"liquidity": LiquiditySide.NONE}),
    "of an assignor": ({"fillType": '"assignor"'}, {"liquidity": LiquiditySide.NONE}),
    "of an unwound bankrupt": ({"fillType": '"unwindBankrupt"'}, {"liquidity": LiquiditySide.NONE}),
    "of an unwound counterparty": ({"fillType": '"unwindCounterparty"'}, {"liquidity": LiquiditySide.NONE}),
    "of an unknown kind": ({"fillType": '"gift"'}, {"liquidity": LiquiditySide.NONE}),
    "at a cost": ({"fee_paid": "1.50"}, {"fee": Money(D("1.5"), "USD")}),
    "at a cost in XBT": (
        {"fee_paid": "0.0000125", "fee_currency": '"XBT"'},
        {"fee": Money(D("0.0000125"), "BTC")},
    ),
    "at no cost": ({"fee_paid": "0"}, {"fee": Money(D(0), "USD")}),
    "at a cost that is not told": ({"fee_paid": None}, {"fee": None}),
    "at a cost in the quote currency": (
        {"fee_currency": None, "symbol": '"PF_ETHEUR"'},
        {"symbol": "PF_ETHEUR", "fee": Money(D("-0.62"), "EUR")},
    ),
    "without a client id": ({"cliOrdId": None}, {"wire_id": None}),
    "with an empty client id": ({"cliOrdId": '""'}, {"wire_id": None}),
    "with a symbol in lower case": ({"symbol": '"pf_ethusd"'}, {}),
    "without a time": ({"fillTime": None}, {"time": 0}),
    "with a finer time": ({"fillTime": '"2026-09-21T14:13:20.250001Z"'}, {"time": HEARD_AT + 1000}),
    "with numbers as text": ({"price": '"3100.25"', "size": '"0.40"'}, {}),
}


@pytest.mark.parametrize("kind", FILLS)
def test_a_fill_of_the_history_is_read(kind: str) -> None:
    changes, expected = FILLS[kind]
    (fact,) = read(fills(), listed("fills", fill(HEARD, **changes)))
    base = {"liquidity": LiquiditySide.MAKER, "fee": Money(D("-0.62"), "USD")}
    assert fact == FillsListed(request_id=number(1), trades=(trade(**(base | expected)),), cursor=None)


@pytest.mark.parametrize(
    "broken",
    [
        "null",
        '"fill-2"',
        fill(fill_id=None),
        fill(order_id=None),
        fill(price="0"),
        fill(size="-1"),
        fill(size='"NaN"'),
        fill(price="1e400"),
    ],
)
def test_one_bad_fill_never_costs_its_neighbours(broken: str) -> None:
    fact, lost = read(fills(), listed("fills", fill(), broken, fill(fill_id='"fill-3"')))
    assert isinstance(fact, FillsListed)
    assert {one.trade_id for one in fact.trades} == {"fill-1", "fill-3"}
    assert isinstance(lost, Unreadable)


def clock(ms: int) -> str:
    """A moment of that minute, in ms from its beginning."""
    return f"2026-09-21T14:13:{ms // 1000:02d}.{ms % 1000:03d}Z"


MINUTE = PLACED_AT - 20_000 * MS


def page(times: list[int]) -> str:
    """Fills at these moments of the minute, as the venue gives them: newest first."""
    newest_first = sorted(times, reverse=True)
    return listed("fills", *(fill(clock(at), fill_id=f'"f{i}"') for i, at in enumerate(newest_first)))


def test_fills_come_back_in_the_order_in_which_they_happened() -> None:
    (fact,) = read(fills(), page([5, 3, 3, 9]))
    assert isinstance(fact, FillsListed)
    assert [one.time for one in fact.trades] == [MINUTE + at * MS for at in (3, 3, 5, 9)]
    # The venue lists the newer of two in one millisecond first.
    assert [one.trade_id for one in fact.trades] == ["f3", "f2", "f1", "f0"]


def test_fills_outside_the_range_or_of_other_instruments_are_left_out() -> None:
    asked = fills(start=MINUTE + 3 * MS, end=MINUTE + 9 * MS, symbol="pf_ethusd")
    rows = [fill(clock(at), fill_id=f'"f{at}"') for at in (9, 8, 3, 2)]
    rows.append(fill(clock(5), symbol='"PF_XBTUSD"'))
    (fact,) = read(asked, listed("fills", *rows))
    assert isinstance(fact, FillsListed)
    assert [one.trade_id for one in fact.trades] == ["f3", "f8"]


def test_a_short_page_is_the_last() -> None:
    (fact,) = read(fills(), page(list(range(1000, 1099))))
    assert isinstance(fact, FillsListed)
    assert fact.cursor is None


def test_a_full_page_names_the_next() -> None:
    """The venue gives what is before a moment: one millisecond on, so that none of the same millisecond is lost."""
    (fact,) = read(fills(), page(list(range(1000, 1100))))
    assert isinstance(fact, FillsListed)
    assert len(fact.trades) == 100
    assert fact.cursor == "2026-09-21T14:13:01.001Z"


def test_a_full_page_that_reaches_back_to_the_start_is_the_last() -> None:
    times = list(range(1000, 1100))
    for start, last in ((MINUTE + 1000 * MS, False), (MINUTE + 1000 * MS + 1, True)):
        (fact,) = read(fills(start=start), page(times))
        assert isinstance(fact, FillsListed)
        assert (fact.cursor is None) is last


def test_a_page_of_one_millisecond_never_leads_back_to_itself() -> None:
    (fact,) = read(fills(), page([1000] * 100))
    assert isinstance(fact, FillsListed)
    assert fact.cursor == "2026-09-21T14:13:01.001Z"
    (fact,) = read(fills(cursor=fact.cursor), page([1000] * 100))
    assert isinstance(fact, FillsListed)
    assert fact.cursor == "2026-09-21T14:13:01.000Z"


@pytest.mark.parametrize("broken", ["null", "7", fill(price="0"), "{}"])
def test_a_full_page_with_a_bad_fill_is_still_full(broken: str) -> None:
    """Otherwise every older fill would be lost with it."""
    body = page(list(range(1000, 1099))).replace("]", f",{broken}]")
    fact, lost = read(fills(), body)
    assert isinstance(fact, FillsListed)
    assert fact.cursor == "2026-09-21T14:13:01.001Z"
    assert isinstance(lost, Unreadable)


def test_a_page_without_times_cannot_name_the_next() -> None:
    (fact,) = read(fills(), listed("fills", *[fill(fillTime="null")] * 100))
    assert isinstance(fact, FillsListed)
    assert fact.cursor is None


def test_a_page_at_the_end_of_time_breaks_nothing() -> None:
    (fact,) = read(fills(), listed("fills", *[fill("9999-12-31T23:59:59.999Z")] * 100))
    assert isinstance(fact, FillsListed)
