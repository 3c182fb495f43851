"""What became of orders, as Kraken Futures' history tells it, element by element (spec Kraken B.13).

Every body is typed out here from the venue's documentation and from what was seen of it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from protocol.facts import Fact, Notice, OrderHistoryListed, OrderView, Outcome, RequestRefused, Unreadable
from protocol.kraken_futures.rest_answers import read_answer
from protocol.reasons import RejectReason
from protocol.requests import ListOrderHistory
from protocol.values import OrderStatus, OrderType, RequestId, Side, TimeInForce, TriggerType
from protocol.venue import HttpAnswer

D = Decimal
ID = "aaaaaaaa-0000-4000-8000-000000000006"
STOP_ID = "aaaaaaaa-0000-4000-8000-000000000002"
PLACED = 1782907200000
PLACED_AT = 1782907200000_000000

ORDER = (
    '{"uid":"aaaaaaaa-0000-4000-8000-000000000006","accountUid":"cccccccc-0000-4000-8000-000000000001",'
    '"tradeable":"PF_XBTUSD","direction":"Buy","quantity":"1.0","filled":"0","timestamp":1782907200000,'
    '"limitPrice":"60000","orderType":"Limit","clientId":"sim-f-6","reduceOnly":false,'
    '"lastUpdateTimestamp":1782907200000,"spotData":null}'
)
STOP = (
    '{"uid":"aaaaaaaa-0000-4000-8000-000000000002","accountId":700001,'
    '"accountUid":"cccccccc-0000-4000-8000-000000000001","tradeable":"PF_XBTUSD","direction":"Sell","quantity":"0.5",'
    '"timestamp":1782907200000,"limitPrice":"58900","orderType":"Limit","clientId":"sim-f-2","reduceOnly":true,'
    '"triggerOptions":{"triggerPrice":"59500","triggerSignal":"MarkPrice","triggerSide":"Below"},'
    '"lastUpdateTimestamp":1782907200000}'
)
EXTRA = '"algoId":"","origin":"Unknown Origin"'


def order(**changes: str) -> str:
    return _with(ORDER, changes)


def stop(**changes: str) -> str:
    return _with(STOP, changes)


def _with(text: str, changes: dict[str, str]) -> str:
    """The object with other values, each JSON as it stands."""
    for key, value in changes.items():
        text, times = re.subn(rf'"{key}":("[^"]*"|[^,{{}}]+)', lambda _, key=key, value=value: f'"{key}":{value}', text)
        assert times == 1
    return text


def element(kind: str, event: str, at: int | str = PLACED) -> str:
    return f'{{"uid":"eeeeeeee-0000-4000-8000-000000000006","timestamp":{at},"event":{{"{kind}":{{{event}}}}}}}'


def page(*elements: str, more: str = "") -> str:
    return (
        f'{{"accountUid":"cccccccc-0000-4000-8000-000000000001","len":{len(elements)},'
        f'"serverTime":"2026-07-01T12:01:00.123Z","elements":[{",".join(elements)}]{more}}}'
    )


def question(cursor: str | None = None) -> ListOrderHistory:
    return ListOrderHistory(request_id=RequestId(1), start=0, end=2**62, cursor=cursor)


def read(body: str, *, cursor: str | None = None, status: int = 200, **headers: str) -> tuple[Fact, ...]:
    answer = HttpAnswer(
        status=status, body=body.encode(), headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    return tuple(read_answer(question(cursor), answer))


def orders(body: str) -> tuple[OrderView, ...]:
    (fact,) = read(body)
    assert isinstance(fact, OrderHistoryListed)
    return fact.orders


def view(**changes: Any) -> OrderView:
    """What ORDER says."""
    fields: dict[str, Any] = {
        "venue_order_id": ID,
        "wire_id": "sim-f-6",
        "symbol": "PF_XBTUSD",
        "side": Side.BUY,
        "price": D(60000),
        "quantity": D(1),
        "cumulative": D(0),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "time": PLACED_AT,
        "as_of": PLACED_AT,
    }
    fields |= changes
    is_over = fields["status"] is not None and fields["status"].is_terminal
    return OrderView(**({"ended": PLACED_AT if is_over else 0} | fields))


def waiting(**changes: Any) -> OrderView:
    """What STOP says: nothing of it has filled."""
    fields: dict[str, Any] = {
        "venue_order_id": STOP_ID,
        "wire_id": "sim-f-2",
        "side": Side.SELL,
        "price": D(58900),
        "quantity": D("0.5"),
        "type": OrderType.STOP_LIMIT,
        "trigger_price": D(59500),
        "trigger_type": TriggerType.MARK,
        "reduce_only": True,
    }
    return view(**(fields | changes))


# The kinds of events of orders

NEW = '"reason":"new_user_order","reducedQuantity":"","algoId":"","origin":"Unknown Origin"'


def placed(**changes: str) -> str:
    return element("OrderPlaced", f'"order":{order(**changes)},{NEW}')


def updated(reason: str, **changes: str) -> str:
    """The old order shows the new state already, as it was seen to: it is not what is judged."""
    after = order(**changes)
    return element("OrderUpdated", f'"oldOrder":{after},"newOrder":{after},"reason":"{reason}","reducedQuantity":"0"')


def cancelled(reason: str, **changes: str) -> str:
    return element("OrderCancelled", f'"order":{order(**changes)},"reason":"{reason}","algoId":"","origin":"Pro UI"')


def rejected(error: str, reason: str) -> str:
    return element("OrderRejected", f'"order":{ORDER},"orderError":"{error}","reason":"{reason}"')


HALF = {"cumulative": D("0.4"), "quantity": D(1)}
PART = {"quantity": '"0.6"', "filled": '"0.4"'}
ALL = {"quantity": '"0"', "filled": '"1.0"'}

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "placed": (placed(), {}),
    # An order that trades as it comes may have this event alone.
    "placed and complete": (
        placed(**ALL, orderType='"IoC"'),
        {
            "cumulative": D(1),
            "status": OrderStatus.FILLED,
            "reason": "new_user_order",
            "time_in_force": TimeInForce.IOC,
        },
    ),
    "placed and traded in part": (placed(**PART), HALF | {"status": OrderStatus.PARTIALLY_FILLED}),
    "edited": (
        updated("edited_by_user", quantity='"2"', limitPrice='"60010"'),
        {"quantity": D(2), "price": D(60010)},
    ),
    "filled in part": (updated("partial_fill", **PART), HALF | {"status": OrderStatus.PARTIALLY_FILLED}),
    "filled in full": (
        updated("full_fill", **ALL),
        {"cumulative": D(1), "status": OrderStatus.FILLED, "reason": "full_fill"},
    ),
    "cancelled": (
        cancelled("cancelled_by_user"),
        {"status": OrderStatus.CANCELED, "reason": "cancelled_by_user"},
    ),
    "cancelled after a part": (
        cancelled("cancelled_by_admin", **PART),
        HALF | {"status": OrderStatus.CANCELED, "reason": "cancelled_by_admin"},
    ),
    "the rest discarded": (
        cancelled("partial_fill", **PART),
        HALF | {"status": OrderStatus.CANCELED, "reason": "partial_fill"},
    ),
    "cancelled for a reason that nobody knows": (
        cancelled("fireworks"),
        {"status": OrderStatus.CANCELED, "reason": "fireworks"},
    ),
    "matured": (
        cancelled("contract_expired"),
        {"status": OrderStatus.EXPIRED, "reason": "contract_expired"},
    ),
    "rejected": (
        rejected("", "post_order_failed_because_it_would_filled"),
        {"status": OrderStatus.REJECTED, "reason": "post_order_failed_because_it_would_filled"},
    ),
    "rejected with an error": (
        rejected("MARKET_SUSPENDED", ""),
        {"status": OrderStatus.REJECTED, "reason": "MARKET_SUSPENDED"},
    ),
    # Fields
    "a sell": (placed(direction='"Sell"'), {"side": Side.SELL}),
    "a direction that the venue cannot decode": (placed(direction='"Unknown"'), {"side": None}),
    "a symbol in lower case": (placed(tradeable='"pf_xbtusd"'), {}),
    "no client id": (placed(clientId='""'), {"wire_id": None}),
    "no price": (placed(limitPrice='""'), {"price": None}),
    "a price of zero": (placed(limitPrice='"0"'), {"price": None}),
    "post-only": (placed(orderType='"Post"'), {"post_only": True}),
    "fill or kill": (placed(orderType='"FillOrKill"'), {"time_in_force": TimeInForce.FOK}),
    "a market order": (placed(orderType='"Market"'), {"type": OrderType.MARKET}),
    "a type that the venue cannot decode": (placed(orderType='"Unknown"'), {"type": None}),
    "a type that nobody knows": (placed(orderType='"Rfq"'), {"type": None}),
    "reduce-only": (placed(reduceOnly="true"), {"reduce_only": True}),
    "numbers in place of text": (
        placed(quantity="0.6", filled="0.4", limitPrice="60000.0"),
        HALF | {"status": OrderStatus.PARTIALLY_FILLED},
    ),
    "times as text": (placed(timestamp='"1782907200000"', lastUpdateTimestamp='"1782907200000"'), {}),
    "no quantity": (placed(quantity='""'), {"quantity": None}),
    "an object for spot data": (placed(spotData='{"a":1}'), {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_became_of_an_order_is_read(kind: str) -> None:
    text, expected = KINDS[kind]
    assert orders(page(text)) == (view(**expected),)


def test_an_order_ended_when_the_history_says_so_and_not_when_it_was_placed() -> None:
    event = f'"order":{ORDER},"reason":"cancelled_by_user","algoId":"","origin":"Pro UI"'
    (cancel,) = orders(page(element("OrderCancelled", event, PLACED + 1250)))
    assert (cancel.time, cancel.ended) == (PLACED_AT, PLACED_AT + 1_250_000_000)


def test_an_event_tells_how_its_order_stood_then_and_not_when_it_was_placed() -> None:
    (change,) = orders(page(element("OrderUpdated", f'"newOrder":{ORDER},"reason":"edited_by_user"', PLACED + 1250)))
    assert (change.time, change.ended, change.as_of) == (PLACED_AT, 0, PLACED_AT + 1_250_000_000)


# The kinds of events of stops that wait


def triggered(kind: str, reason: str | None, key: str = "order", **changes: str) -> str:
    said = "" if reason is None else f',"reason":"{reason}","algoId":"","origin":"Unknown Origin"'
    return element(kind, f'"{key}":{stop(**changes)}{said}')


MOVED = triggered("OrderTriggerUpdated", "edited_by_user", "newOrderTrigger", triggerPrice='"59400"')

TRIGGERS: dict[str, tuple[str, dict[str, Any]]] = {
    "placed": (triggered("OrderTriggerPlaced", "new_user_order"), {}),
    "placed to become a market order": (
        triggered("OrderTriggerPlaced", "new_user_order", limitPrice='""', orderType='"IoC"'),
        {"type": OrderType.STOP_MARKET, "price": None},
    ),
    "placed to take a profit": (
        triggered("OrderTriggerPlaced", "new_user_order", triggerSide='"Above"'),
        {"type": OrderType.LIMIT_IF_TOUCHED},
    ),
    "placed on a side that the venue cannot decode": (
        triggered("OrderTriggerPlaced", "new_user_order", triggerSide='"Unknown"'),
        {"type": None},
    ),
    "placed to trail": (
        triggered("OrderTriggerPlaced", "new_user_order", limitPrice='""').replace(
            '"triggerSide":"Below"', '"triggerSide":"Below","trailingStopOptions":{"maxDeviation":"5","unit":"Percent"}'
        ),
        {"type": OrderType.TRAILING_STOP_MARKET, "price": None},
    ),
    "placed on the last price": (
        triggered("OrderTriggerPlaced", "new_user_order", triggerSignal='"LastPrice"'),
        {"trigger_type": TriggerType.LAST},
    ),
    "placed on the index": (
        triggered("OrderTriggerPlaced", "new_user_order", triggerSignal='"SpotPrice"'),
        {"trigger_type": TriggerType.INDEX},
    ),
    "placed on a price that the venue cannot decode": (
        triggered("OrderTriggerPlaced", "new_user_order", triggerSignal='"Unknown"'),
        {"trigger_type": None},
    ),
    "moved": (
        MOVED.replace('{"newOrderTrigger"', f'{{"oldOrderTrigger":{STOP},"newOrderTrigger"'),
        {"trigger_price": D(59400)},
    ),
    "cancelled": (
        triggered("OrderTriggerCancelled", "cancelled_by_user"),
        {"status": OrderStatus.CANCELED, "reason": "cancelled_by_user"},
    ),
    "matured": (
        triggered("OrderTriggerCancelled", "contract_expired"),
        {"status": OrderStatus.EXPIRED, "reason": "contract_expired"},
    ),
    "fired": (triggered("OrderTriggerActivated", None), {"status": OrderStatus.TRIGGERED}),
    "gone because it fired": (
        triggered("OrderTriggerCancelled", "stop_order_triggered"),
        {"status": OrderStatus.TRIGGERED, "reason": "stop_order_triggered"},
    ),
}


@pytest.mark.parametrize("kind", TRIGGERS)
def test_what_became_of_a_stop_is_read(kind: str) -> None:
    text, expected = TRIGGERS[kind]
    assert orders(page(text)) == (waiting(**expected),)


# What tells nothing of an order


EDIT_REJECTED = element(
    "OrderEditRejected",
    f'"oldOrder":{ORDER},"attemptedOrder":{order(limitPrice=chr(34) + "66000" + chr(34))},'
    '"orderError":"POST_WOULD_EXECUTE"',
    1782907208000,
)
NOT_FOUND = element(
    "OrderNotFound",
    '"accountUid":"cccccccc-0000-4000-8000-000000000001","orderId":"Uuid(uuid=aaaaaaaa-0000-4000-8000-000000000099)"',
    1782907209000,
)
TRIGGER_EDIT_REJECTED = element(
    "OrderTriggerEditRejected",
    f'"oldOrderTrigger":{STOP},"attemptedOrderTrigger":{STOP},"reason":"","orderError":"INVALID_PRICE"',
    1782907208000,
)


@pytest.mark.parametrize("unchanged", [EDIT_REJECTED, NOT_FOUND, TRIGGER_EDIT_REJECTED])
def test_a_change_that_came_to_nothing_leaves_the_fate_of_an_order_as_it_was(unchanged: str) -> None:
    (last,) = orders(page(cancelled("cancelled_by_user"), unchanged))
    assert last.status is OrderStatus.CANCELED


def test_a_kind_that_nobody_knows_is_passed_over_and_named_once() -> None:
    moved = element("OrderMoved", f'"order":{ORDER},"reason":"unheard_of"')
    listed, notice = read(page(placed(), moved, moved))
    assert listed == OrderHistoryListed(request_id=RequestId(1), orders=(view(),))
    assert notice == Notice(text="The history tells of events of unknown kinds, which were left out: OrderMoved.")


# Pages


def at(kind: str, time: int | str, **changes: str) -> str:
    reason = {"OrderPlaced": "new_user_order", "OrderUpdated": "partial_fill", "OrderCancelled": "cancelled_by_user"}
    key = "newOrder" if kind == "OrderUpdated" else "order"
    return element(kind, f'"{key}":{order(**changes)},"reason":"{reason[kind]}"', time)


def test_events_are_told_oldest_first_whichever_way_the_venue_sorts_them() -> None:
    three = [
        at("OrderCancelled", 1782907207000, uid='"c"'),
        at("OrderUpdated", 1782907206000, uid='"b"'),
        at("OrderPlaced", 1782907205000, uid='"a"'),
    ]
    for listing in (three, three[::-1], [three[1], three[0], three[2]]):
        assert [shown.venue_order_id for shown in orders(page(*listing))] == ["a", "b", "c"]


def test_of_one_millisecond_what_ends_an_order_comes_last() -> None:
    three = [at("OrderCancelled", PLACED), at("OrderUpdated", PLACED), at("OrderPlaced", PLACED)]
    for listing in (three, three[::-1]):
        statuses = [shown.status for shown in orders(page(*listing))]
        assert statuses == [OrderStatus.ACCEPTED, OrderStatus.ACCEPTED, OrderStatus.CANCELED]


def test_times_and_lengths_may_be_text() -> None:
    body = page(at("OrderCancelled", '"1782907207000"'), at("OrderPlaced", '"1782907205000"')).replace(
        '"len":2', '"len":"2"'
    )
    assert [shown.status for shown in orders(body)] == [OrderStatus.ACCEPTED, OrderStatus.CANCELED]


@pytest.mark.parametrize(
    ("asked", "more", "headers", "cursor"),
    [
        (None, "", {}, None),
        (None, ',"continuationToken":"c2ltLXBhZ2UtMg=="', {}, "c2ltLXBhZ2UtMg=="),
        (None, "", {"next_continuation_token": "c2ltLXBhZ2UtMg=="}, "c2ltLXBhZ2UtMg=="),
        ("page-2", ',"continuationToken":"page-3"', {}, "page-3"),
        ("page-3", ',"continuationToken":"page-3"', {}, None),
        ("page-3", ',"continuationToken":null', {}, None),
        ("page-3", ',"continuationToken":""', {}, None),
    ],
)
def test_a_page_names_the_next(asked: str | None, more: str, headers: dict[str, str], cursor: str | None) -> None:
    (fact,) = read(page(placed(), more=more), cursor=asked, **headers)
    assert isinstance(fact, OrderHistoryListed)
    assert fact.cursor == cursor


def test_there_may_be_no_history() -> None:
    assert read(page()) == (OrderHistoryListed(request_id=RequestId(1), orders=(), cursor=None),)


def test_an_empty_page_may_have_another_behind_it() -> None:
    """No token means that it is the last page; none of its elements does not."""
    (fact,) = read(page(more=',"continuationToken":"page-9"'))
    assert isinstance(fact, OrderHistoryListed)
    assert (fact.orders, fact.cursor) == ((), "page-9")


# What is no history


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"accountUid":"a","len":0}',
        '{"elements":null}',
        '{"result":"success","serverTime":"2026-07-01T12:01:00.123Z"}',
        # How an older edition had it.
        '{"orderEvents":[],"continuationToken":"t"}',
    ],
)
def test_a_body_without_elements_is_an_error_and_no_empty_page(body: str) -> None:
    refusal, lost = read(body)
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.DEFINITE
    assert isinstance(lost, Unreadable)


@pytest.mark.parametrize("status", [200, 429])
def test_a_refusal_may_come_with_any_status(status: int) -> None:
    body = '{"result":"error","error":"apiLimitExceeded","serverTime":"2026-07-01T12:01:00.123Z"}'
    expected = RequestRefused(
        request_id=RequestId(1), outcome=Outcome.THROTTLED, reason="apiLimitExceeded", why=RejectReason.RATE_LIMIT
    )
    assert read(body, status=status) == (expected,)


@pytest.mark.parametrize(
    "broken",
    [
        "null",
        "7",
        '{"uid":"e","timestamp":1782907200000}',
        '{"uid":"e","timestamp":1782907200000,"event":{}}',
        element("OrderPlaced", '"reason":"new_user_order"'),
        at("OrderPlaced", PLACED, uid='""'),
    ],
)
def test_one_bad_element_never_costs_its_neighbours(broken: str) -> None:
    fact, lost = read(page(placed(), broken, cancelled("cancelled_by_user"), more=',"continuationToken":"t"'))
    assert isinstance(fact, OrderHistoryListed)
    assert [shown.status for shown in fact.orders] == [OrderStatus.ACCEPTED, OrderStatus.CANCELED]
    assert fact.cursor == "t"
    assert isinstance(lost, Unreadable)
