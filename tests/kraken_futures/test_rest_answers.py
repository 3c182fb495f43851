"""What Kraken Futures answers over REST, body by body: what became of a command, and what a question brought.

Every body is typed out here, so that a mistake shared by both directions of the wire cannot hide.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from protocol.errors import WireError
from protocol.facts import (
    CancelAllAfterSet,
    Fact,
    FillsListed,
    OrderAcknowledged,
    OrderCanceled,
    OrderFilled,
    OrderRemoved,
    OrderView,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.kraken_futures.enumerations import why_refused
from protocol.kraken_futures.instruments import instruments_call, read_instruments
from protocol.kraken_futures.rest_answers import is_over_budget, read_answer
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import (
    Instrument,
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    TimeInForce,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import HttpAnswer

D = Decimal
PLACED = "2026-09-21T14:13:20.000Z"
PLACED_AT = 1_790_000_000_000_000_000
HEARD = "2026-09-21T14:13:20.250Z"
HEARD_AT = 1_790_000_000_250_000_000
MS = 1_000_000


def number(value: int) -> RequestId:
    return RequestId(value)


def place(**changes: Any) -> PlaceOrder:
    terms: dict[str, Any] = {
        "request_id": 1,
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("2.5"),
        "price": D("3100.5"),
        "trigger_price": None,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "wire_id": "mine-1",
        "tag": None,
    }
    return PlaceOrder(**(terms | changes))


def replace(order_id: str = "ord-1", request_id: int = 1) -> ReplaceOrder:
    return ReplaceOrder(
        request_id=number(request_id),
        venue_order_id=VenueOrderId(order_id),
        quantity=D(3),
        price=None,
        time_in_force=None,
        post_only=None,
    )


def cancel(order_id: str | None = "ord-1", client_id: str | None = None, request_id: int = 1) -> CancelOrder:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return CancelOrder(request_id=number(request_id), venue_order_id=venue_order_id, wire_id=client_id)


def fills(**changes: Any) -> ListFills:
    """A question for the fills of all times."""
    terms: dict[str, Any] = {"request_id": 1, "start": 0, "end": 2**62, "symbol": None}
    return ListFills(**(terms | changes))


def query(order_id: str | None = "ord-1", client_id: str | None = None) -> QueryOrder:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return QueryOrder(request_id=number(1), venue_order_id=venue_order_id, wire_id=client_id)


def history(**changes: Any) -> ListOrderHistory:
    terms: dict[str, Any] = {"request_id": 1, "start": 0, "end": 2**62}
    return ListOrderHistory(**(terms | changes))


CANCEL_ALL = CancelAllOrders(request_id=number(1), symbol=None)
TIMER = SetCancelAllAfter(request_id=number(1), seconds=60)
OPEN_ORDERS = ListOpenOrders(request_id=number(1))

COMMANDS: dict[str, Request] = {
    "sendorder": place(),
    "editorder": replace(),
    "cancelorder": cancel(),
    "cancelallorders": CANCEL_ALL,
    "cancelallordersafter": TIMER,
}
QUESTIONS: dict[str, Request] = {
    "openorders": OPEN_ORDERS,
    "orders/status": query(),
    "fills": fills(),
    "history": history(),
}


def read(request: Request, body: str | bytes, status: int = 200) -> tuple[Fact, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return tuple(read_answer(request, HttpAnswer(status=status, body=raw)))


def refused(outcome: Outcome, reason: str, request_id: int = 1) -> RequestRefused:
    """What a reason is about has tests of its own."""
    return RequestRefused(request_id=number(request_id), outcome=outcome, reason=reason, why=why_refused(reason))


def answered(order_id: str | None = None, request_id: int = 1, canceled: int | None = None) -> RequestAnswered:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return RequestAnswered(request_id=number(request_id), venue_order_id=venue_order_id, canceled=canceled)


def obj(fields: dict[str, str | None]) -> str:
    """A JSON object of these keys; the values are JSON as they stand, None takes a key out."""
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items() if value is not None) + "}"


def order(**changes: str | None) -> str:
    """`order` as REST writes it, with other values."""
    fields: dict[str, str | None] = {
        "type": '"lmt"',
        "orderId": '"ord-1"',
        "cliOrdId": '"mine-1"',
        "symbol": '"PF_ETHUSD"',
        "side": '"buy"',
        "quantity": "2.50",
        "filled": "0.0",
        "limitPrice": "3100.5",
        "reduceOnly": "false",
        "timestamp": f'"{PLACED}"',
        "lastUpdateTimestamp": f'"{PLACED}"',
    }
    return obj(fields | changes)


def view(**changes: Any) -> OrderView:
    """What `order()` says."""
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "wire_id": "mine-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.5"),
        "quantity": D("2.50"),
        "cumulative": D(0),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "trigger_price": None,
        "reason": "",
        "time": PLACED_AT,
        "reduce_only": False,
        "trigger_type": None,
    }
    return OrderView(**(fields | changes))


def listed(key: str, *elements: str, more: str = "") -> str:
    """An answer that holds a list."""
    return f'{{"result":"success","{key}":[{",".join(elements)}]{more},"serverTime":"{HEARD}"}}'


# The envelope (spec B.11)


ERRORS: dict[str, tuple[Outcome, Outcome]] = {
    "accountInactive": (Outcome.DEFINITE, Outcome.DEFINITE),
    "authenticationError": (Outcome.DEFINITE, Outcome.DEFINITE),
    "insufficientFunds": (Outcome.DEFINITE, Outcome.DEFINITE),
    "invalidAccount": (Outcome.DEFINITE, Outcome.DEFINITE),
    "invalidAmount": (Outcome.DEFINITE, Outcome.DEFINITE),
    "invalidArgument": (Outcome.DEFINITE, Outcome.DEFINITE),
    "invalidArgument: limitPrice": (Outcome.DEFINITE, Outcome.DEFINITE),
    "invalidUnit": (Outcome.DEFINITE, Outcome.DEFINITE),
    "Json Parse Error": (Outcome.DEFINITE, Outcome.DEFINITE),
    "marketUnavailable": (Outcome.DEFINITE, Outcome.DEFINITE),
    "requiredArgumentMissing": (Outcome.DEFINITE, Outcome.DEFINITE),
    "notFound": (Outcome.NOT_FOUND, Outcome.NOT_FOUND),
    "contractNotFound": (Outcome.DEFINITE, Outcome.DEFINITE),
    # Refused at the gate: certainly not executed, and may be tried again.
    "apiLimitExceeded": (Outcome.THROTTLED, Outcome.THROTTLED),
    "nonceBelowThreshold": (Outcome.THROTTLED, Outcome.THROTTLED),
    "nonceDuplicate": (Outcome.THROTTLED, Outcome.THROTTLED),
    # None of these proves that a command was not carried out (spec A.14).
    "Server Error": (Outcome.AMBIGUOUS, Outcome.DEFINITE),
    "Unavailable": (Outcome.AMBIGUOUS, Outcome.DEFINITE),
    "unknownError": (Outcome.AMBIGUOUS, Outcome.DEFINITE),
    "brandNewError": (Outcome.AMBIGUOUS, Outcome.DEFINITE),
}
"""Code → what it proves of a command, and how a question ends by it."""


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("code", ERRORS)
def test_an_error_code_says_what_became_of_a_command(code: str, kind: str) -> None:
    body = f'{{"result":"error","error":"{code}","serverTime":"{HEARD}"}}'
    assert read(COMMANDS[kind], body) == (refused(ERRORS[code][0], code),)


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("code", ERRORS)
def test_an_error_code_ends_a_question(code: str, kind: str) -> None:
    """Nothing can have come of a question, so that its outcome is never open."""
    body = f'{{"result":"error","error":"{code}"}}'
    assert read(QUESTIONS[kind], body) == (refused(ERRORS[code][1], code),)


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ('"error":"insufficientFunds","errors":["insufficientFunds"]', Outcome.DEFINITE, "insufficientFunds"),
        ('"errors":["apiLimitExceeded"]', Outcome.THROTTLED, "apiLimitExceeded"),
        (
            '"errors":["invalidUnit","insufficientFunds"]',
            Outcome.DEFINITE,
            "invalidUnit; insufficientFunds",
        ),
        ('"errors":["invalidUnit","Server Error"]', Outcome.AMBIGUOUS, "invalidUnit; Server Error"),
        (
            '"error":"Server Error","errors":[{"code":87,"message":"size is odd"}]',
            Outcome.AMBIGUOUS,
            "Server Error; size is odd",
        ),
    ],
)
def test_the_codes_may_stand_in_a_list(said: str, outcome: Outcome, reason: str) -> None:
    """Beside `error`, or alone; together they prove no more than the least of them."""
    assert read(cancel(), '{"result":"error",' + said + "}") == (refused(outcome, reason),)


@pytest.mark.parametrize("status", [200, 400])
def test_the_parser_refuses_with_codes_and_messages(status: int) -> None:
    body = (
        '{"status":"BAD_REQUEST","result":"error","errors":[{"code":87,"message":"size is not a number"},{"code":88}],'
        f'"serverTime":"{HEARD}"}}'
    )
    assert read(place(), body, status) == (refused(Outcome.DEFINITE, "size is not a number; code 88"),)


@pytest.mark.parametrize("request_", [cancel(), query()], ids=["a command", "a question"])
def test_the_parser_may_find_nothing(request_: Request) -> None:
    body = '{"status":"NOT_FOUND","result":"error","errors":[{"code":93,"message":"no such order"}]}'
    assert read(request_, body, 404) == (refused(Outcome.NOT_FOUND, "no such order"),)


@pytest.mark.parametrize(
    "body",
    ['{"result":"error"}', '{"result":"error","error":""}', '{"result":"error","errors":[]}'],
)
def test_an_error_without_a_reason_leaves_a_command_open(body: str) -> None:
    said = "The venue gave no reason (HTTP status 200)."
    assert read(place(), body) == (refused(Outcome.AMBIGUOUS, said),)
    assert read(OPEN_ORDERS, body) == (refused(Outcome.DEFINITE, said),)


ILLEGIBLE: dict[str, bytes] = {
    "nothing": b"",
    "plain text": b"upstream connect error or disconnect/reset before headers",
    "a page": b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>",
    "half an answer": b'{"result":"success","sendStatus":{"status":"pla',
    "a list": b'["result","success"]',
    "a number": b"7",
    "null": b"null",
    "no text": b"\xff\xfe\x00",
    "a constant that is not JSON": b'{"result":NaN}',
    "an answer without its object": b'{"result":"success"}',
    "an answer with null for its object": b'{"result":"success","sendStatus":null,"status":null}',
    "an answer with text for its object": b'{"result":"success","sendStatus":"placed","status":"set"}',
}


@pytest.mark.parametrize("status", [200, 403, 429, 502, 503])
@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("body", ILLEGIBLE)
def test_an_answer_that_says_nothing_leaves_a_command_open(body: str, kind: str, status: int) -> None:
    refusal, *_ = facts = read(COMMANDS[kind], ILLEGIBLE[body], status)
    assert isinstance(refusal, RequestRefused)
    assert (refusal.request_id, refusal.outcome) == (1, Outcome.AMBIGUOUS)
    assert f"HTTP status {status}" in refusal.reason
    assert len([fact for fact in facts if not isinstance(fact, Unreadable)]) == 1


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("body", ILLEGIBLE)
def test_an_answer_that_says_nothing_ends_a_question(body: str, kind: str) -> None:
    refusal, lost = read(QUESTIONS[kind], ILLEGIBLE[body])
    assert isinstance(refusal, RequestRefused)
    assert (refusal.request_id, refusal.outcome) == (1, Outcome.DEFINITE)
    assert isinstance(lost, Unreadable)


def test_an_unreadable_answer_shows_how_it_begins() -> None:
    refusal, lost = read(place(), b"<html>\n  <body>" + b"x" * 500, 503)
    said = "The venue's answer cannot be read (HTTP status 503)."
    assert refusal == refused(Outcome.AMBIGUOUS, said)
    assert lost == Unreadable(why=said, text="<html> <body>" + "x" * 187)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_proves_nothing_whatever_it_says(status: int) -> None:
    body = '{"result":"error","error":"invalidArgument"}'
    assert read(place(), body, status) == (refused(Outcome.AMBIGUOUS, "invalidArgument"),)
    assert read(query(), body, status) == (refused(Outcome.DEFINITE, "invalidArgument"),)
    placed = f'{{"result":"success","sendStatus":{{"status":"placed","order_id":"o","receivedTime":"{HEARD}"}}}}'
    (refusal,) = read(place(), placed, status)
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_a_definite_refusal(status: int) -> None:
    body = '{"result":"error","error":"authenticationError"}'
    assert read(place(), body, status) == (refused(Outcome.DEFINITE, "authenticationError"),)


# sendorder (spec B.12)


def send_status(word: str | None, *events: str, **changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "order_id": '"ord-1"',
        "cliOrdId": '"mine-1"',
        "status": None if word is None else f'"{word}"',
        "receivedTime": f'"{HEARD}"',
        "orderEvents": "[" + ",".join(events) + "]",
    }
    return f'{{"result":"success","sendStatus":{obj(fields | changes)},"serverTime":"{HEARD}"}}'


PLACE = '{"type":"PLACE","order":' + order() + ',"reducedQuantity":null}'
EXECUTION = (
    '{"type":"EXECUTION","executionId":"fill-1","price":3100.25,"amount":0.4,"orderPriorEdit":null,'
    '"orderPriorExecution":' + order() + ',"takerReducedQuantity":null}'
)
TRIGGER = (
    '{"uid":"ord-1","clientId":"mine-1","type":"lmt","symbol":"PF_ETHUSD","side":"sell","quantity":1.5,'
    '"limitPrice":2890.0,"triggerPrice":2900.0,"triggerSide":"trigger_below","triggerSignal":"mark_price",'
    f'"reduceOnly":true,"timestamp":"{PLACED}","lastUpdateTimestamp":"{PLACED}","startTime":null}}'
)


def live(order_id: str = "ord-1", time: int = HEARD_AT, **changes: Any) -> OrderAcknowledged:
    """The order as we sent it; what it filled comes as executions."""
    shown = view(venue_order_id=order_id, quantity=D("2.5"), cumulative=None, time=time, **changes)
    return OrderAcknowledged(time=time, order=shown)


def trade(**changes: Any) -> Trade:
    """What EXECUTION says."""
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "trade_id": "fill-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.25"),
        "quantity": D("0.4"),
        "liquidity": LiquiditySide.TAKER,
        "time": HEARD_AT,
        "fee": None,
        "wire_id": "mine-1",
    }
    return Trade(**(fields | changes))


def traded(**changes: Any) -> OrderFilled:
    """The order of an execution is shown as it was before, so that its view claims nothing."""
    done = trade(**changes)
    shown = view(
        venue_order_id=done.venue_order_id,
        wire_id=done.wire_id,
        side=done.side,
        symbol=done.symbol,
        price=None,
        quantity=None,
        cumulative=None,
        status=None,
        time_in_force=None,
        type=None,
        time=0,
    )
    return OrderFilled(time=done.time, order=shown, event_id=done.trade_id, trade=done, final=False)


def test_a_placed_order_is_live() -> None:
    assert read(place(), send_status("placed", PLACE)) == (answered("ord-1"), live())


@pytest.mark.parametrize("word", ["placed", "partiallyFilled", "filled", "edited"])
def test_a_word_of_success_means_that_the_order_came_into_being(word: str) -> None:
    assert read(place(), send_status(word)) == (answered("ord-1"), live())


@pytest.mark.parametrize("word", ["placed", "partiallyFilled", "filled"])
def test_an_order_may_be_executed_at_once(word: str) -> None:
    second = EXECUTION.replace("fill-1", "fill-2").replace("0.4", "2.10")
    assert read(place(), send_status(word, EXECUTION, second)) == (
        answered("ord-1"),
        live(),
        traded(),
        traded(trade_id="fill-2", quantity=D("2.1")),
    )


def test_an_order_that_is_answered_cancelled_is_over() -> None:
    """It never rested, so that no feed need tell of it."""
    shown = view(quantity=D("2.5"), cumulative=None, time=HEARD_AT, status=OrderStatus.CANCELED, reason="cancelled")
    assert read(place(), send_status("cancelled")) == (
        answered("ord-1"),
        live(),
        OrderCanceled(time=HEARD_AT, order=shown, reason="cancelled"),
    )


def test_an_order_that_is_answered_cancelled_keeps_what_it_filled() -> None:
    shown = view(quantity=D("2.5"), cumulative=None, time=HEARD_AT, status=OrderStatus.CANCELED, reason="cancelled")
    removed = OrderRemoved(time=HEARD_AT, order=shown, ending=OrderStatus.CANCELED, filled=None, reason="cancelled")
    assert read(place(), send_status("cancelled", EXECUTION)) == (answered("ord-1"), live(), traded(), removed)


def test_the_rest_of_an_order_may_be_cancelled_at_once() -> None:
    gone = '{"type":"CANCEL","uid":"ord-1","order":' + order(filled="0.4") + "}"
    shown = view(cumulative=D("0.4"), status=OrderStatus.CANCELED, reason="cancelled")
    removed = OrderRemoved(time=HEARD_AT, order=shown, ending=OrderStatus.CANCELED, filled=D("0.4"), reason="cancelled")
    facts = (answered("ord-1"), live(), traded(), removed)
    assert read(place(), send_status("placed", EXECUTION, gone)) == facts
    assert read(place(), send_status("cancelled", EXECUTION, gone)) == facts


def test_a_cancel_that_counts_nothing_filled_still_waits_for_the_fills_beside_it() -> None:
    """The order in the event may be older than the execution."""
    gone = '{"type":"CANCEL","uid":"ord-1","order":' + order() + "}"
    *_, removed = read(place(), send_status("placed", EXECUTION, gone))
    assert isinstance(removed, OrderRemoved)
    assert (removed.ending, removed.filled) == (OrderStatus.CANCELED, None)


def test_a_stop_that_waits_is_live() -> None:
    stop = place(type=OrderType.STOP_LIMIT, side=Side.SELL, trigger_price=D(2900), quantity=D("1.5"), price=D(2890))
    waiting = '{"type":"PLACE","orderTrigger":' + TRIGGER + ',"reducedQuantity":null}'
    facts = read(stop, send_status("placed", waiting, order_id=None))
    shown = view(
        side=Side.SELL,
        type=OrderType.STOP_LIMIT,
        price=D(2890),
        trigger_price=D(2900),
        quantity=D("1.5"),
        cumulative=None,
        time=HEARD_AT,
    )
    assert facts == (answered("ord-1"), OrderAcknowledged(time=HEARD_AT, order=shown))


CUT: dict[str, str] = {
    "as it was placed": '{"type":"PLACE","order":' + order(quantity="0.4") + ',"reducedQuantity":2.1}',
    "as it traded": EXECUTION.replace('"takerReducedQuantity":null', '"takerReducedQuantity":2.1').replace(
        "2.50", "0.4"
    ),
    "as it waits for its trigger": '{"type":"PLACE","orderTrigger":'
    + TRIGGER.replace('"quantity":1.5', '"quantity":0.4')
    + ',"reducedQuantity":1.1}',
}


@pytest.mark.parametrize("kind", CUT)
def test_a_reduce_only_order_may_be_smaller_than_was_asked_for(kind: str) -> None:
    """The quantity that the venue shows beside `reducedQuantity` is the order's (spec B.12)."""
    _, live, *_ = read(place(reduce_only=True), send_status("placed", CUT[kind]))
    assert isinstance(live, OrderAcknowledged)
    assert live.order.quantity == D("0.4")


@pytest.mark.parametrize("reduced", ["null", "0", '""', '"x"'])
def test_an_order_that_was_not_cut_has_the_quantity_that_was_asked_for(reduced: str) -> None:
    event = '{"type":"PLACE","order":' + order(quantity="9") + f',"reducedQuantity":{reduced}}}'
    assert read(place(), send_status("placed", event)) == (answered("ord-1"), live())


@pytest.mark.parametrize(
    ("side", "word", "trigger_side", "price", "kind"),
    [
        ("sell", "lmt", "trigger_below", "2890.0", OrderType.STOP_LIMIT),
        ("sell", "ioc", "trigger_below", "null", OrderType.STOP_MARKET),
        ("buy", "ioc", "trigger_above", "null", OrderType.STOP_MARKET),
        ("sell", "lmt", "trigger_above", "2890.0", OrderType.LIMIT_IF_TOUCHED),
        ("buy", "ioc", "trigger_below", "null", OrderType.MARKET_IF_TOUCHED),
        ("buy", "lmt", "unknown", "2890.0", None),
        ("unknown", "lmt", "trigger_above", "2890.0", None),
    ],
)
def test_the_type_of_a_stop_is_not_that_of_the_order_that_it_becomes(
    side: str, word: str, trigger_side: str, price: str, kind: OrderType | None
) -> None:
    stop = TRIGGER.replace('"side":"sell"', f'"side":"{side}"').replace('"type":"lmt"', f'"type":"{word}"')
    stop = stop.replace("trigger_below", trigger_side).replace("2890.0", price)
    body = cancel_status("cancelled", '{"type":"CANCEL","uid":"ord-1","orderTrigger":' + stop + "}")
    _, gone = read(cancel(), body)
    assert isinstance(gone, OrderCanceled)
    assert (gone.order.type, gone.order.time_in_force) == (kind, TimeInForce.GTC)


def test_an_edit_told_beside_a_placement_says_nothing() -> None:
    """Its delta on the feed does (spec E.8)."""
    edit = '{"type":"EDIT","old":' + order() + ',"new":' + order(quantity="9") + ',"reducedQuantity":null}'
    assert read(place(), send_status("placed", edit)) == (answered("ord-1"), live())


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": None, "orderId": '"ord-1"'},
        {"cliOrdId": None, "cli_ord_id": '"mine-1"'},
        {"cliOrdId": None},
        {"cliOrdId": "null"},
        {"receivedTime": None, "dateTimeReceived": f'"{HEARD}"'},
        {"order_tag": "7"},
        {"somethingNew": '{"a":[1,2]}'},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_an_answer_may_be_spelled_otherwise(changes: dict[str, str | None]) -> None:
    assert read(place(), send_status("placed", EXECUTION, **changes)) == (answered("ord-1"), live(), traded())


def test_the_id_of_an_order_may_stand_in_its_events_alone() -> None:
    for event in (PLACE, EXECUTION):
        facts = read(place(), send_status("placed", event, order_id=None))
        assert facts[:2] == (answered("ord-1"), live())


def test_an_order_that_was_taken_without_a_name_is_told_by_the_feed() -> None:
    assert read(place(), send_status("placed", order_id=None)) == (answered(),)


def test_without_a_time_the_order_is_live_all_the_same() -> None:
    for time in (None, '"yesterday"', "17"):
        assert read(place(), send_status("placed", receivedTime=time)) == (answered("ord-1"), live(time=0))


SEND_REFUSALS = [
    "postWouldExecute",
    "iocWouldNotExecute",
    "invalidOrderType",
    "invalidSide",
    "invalidPrice",
    "invalidSize",
    "tooManySmallOrders",
    "tooManyOrders",
    "insufficientAvailableFunds",
    "wouldCauseLiquidation",
    "maxPositionViolation",
    "outsidePriceCollar",
    "wouldIncreasePriceDislocation",
    "clientOrderIdAlreadyExist",
    "clientOrderIdTooBig",
    "clientOrderIdTooLong",
    "clientOrderIdInvalid",
    "selfFill",
    "wouldNotReducePosition",
    "reduceOnlyWouldIncreasePosition",
    "marketSuspended",
    "marketInactive",
    "marketIsPostOnly",
    "fixedLeverageTooHigh",
    "wouldProcessAfterSpecifiedTime",
    "notFound",
]


@pytest.mark.parametrize("order_id", ['"ord-1"', None], ids=["named", "nameless"])
@pytest.mark.parametrize("word", SEND_REFUSALS)
def test_a_refused_placement_says_why(word: str, order_id: str | None) -> None:
    """Some refusals name the order that never came into being."""
    reject = '{"type":"REJECT","uid":"ord-1","reason":"' + word.upper() + '","order":' + order() + "}"
    expected = (refused(Outcome.DEFINITE, word),)
    assert read(place(), send_status(word, reject, order_id=order_id)) == expected
    assert read(place(), send_status(word, order_id=order_id, orderEvents=None)) == expected


def test_an_unknown_word_with_an_id_is_a_placement() -> None:
    assert read(place(), send_status("queuedSomewhere")) == (answered("ord-1"), live())


@pytest.mark.parametrize(
    ("event", "facts"),
    [(PLACE, [live()]), (EXECUTION, [live(), traded()])],
    ids=["PLACE", "EXECUTION"],
)
def test_an_unknown_word_with_an_event_is_a_placement(event: str, facts: list[Fact]) -> None:
    assert read(place(), send_status("queuedSomewhere", event, order_id=None)) == (answered("ord-1"), *facts)


def test_an_unknown_word_with_neither_is_a_refusal() -> None:
    reject = '{"type":"REJECT","reason":"OTHER","order":' + order() + "}"
    for events in ((), (reject,)):
        facts = read(place(), send_status("moonInRetrograde", *events, order_id=None))
        assert facts == (refused(Outcome.DEFINITE, "moonInRetrograde"),)


def test_a_placement_without_a_word_is_open() -> None:
    """Unless something proves that the order is there."""
    (refusal,) = read(place(), send_status(None, order_id=None))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.AMBIGUOUS
    assert read(place(), send_status(None)) == (answered("ord-1"), live())
    assert read(place(), send_status(None, PLACE, order_id=None)) == (answered("ord-1"), live())


EXECUTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "of an order that says nothing": (
        EXECUTION.replace(order(), "{}"),
        {},
    ),
    "of an order that is left out": (EXECUTION.replace(order(), "null"), {}),
    "of a sell": (EXECUTION.replace('"buy"', '"sell"'), {"side": Side.SELL}),
    "with an unknown side": (EXECUTION.replace('"buy"', '"unknown"'), {}),
    "of another order": (
        EXECUTION.replace('"ord-1"', '"ord-2"').replace('"mine-1"', '"mine-2"'),
        {"venue_order_id": "ord-2", "wire_id": "mine-2"},
    ),
    "with numbers as text": (EXECUTION.replace("3100.25", '"3100.25"').replace("0.4", '"0.4"'), {}),
    "in lower case": (EXECUTION.replace("EXECUTION", "execution"), {}),
    "with an unusable price of the order": (EXECUTION.replace('"limitPrice":3100.5', '"limitPrice":{}'), {}),
}


@pytest.mark.parametrize("kind", EXECUTIONS)
def test_an_execution_is_read(kind: str) -> None:
    event, expected = EXECUTIONS[kind]
    facts = read(place(), send_status("placed", event))
    assert facts == (answered("ord-1"), live(), traded(**expected))


@pytest.mark.parametrize(
    "broken",
    [
        EXECUTION.replace('"fill-1"', '""'),
        EXECUTION.replace("3100.25", "0"),
        EXECUTION.replace("3100.25", "null"),
        EXECUTION.replace('"amount":0.4', '"amount":-1'),
        EXECUTION.replace('"amount":0.4', '"amount":"NaN"'),
        EXECUTION.replace('"amount":0.4', '"amount":1e99'),
        '"nothing"',
        "null",
        "[]",
    ],
)
def test_one_bad_event_never_costs_its_neighbours(broken: str) -> None:
    facts = read(place(), send_status("placed", PLACE, broken, EXECUTION))
    assert facts[:2] == (answered("ord-1"), live())
    assert [fact for fact in facts if isinstance(fact, OrderFilled)] == [traded()]
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1


# editorder


def edit_status(word: str, *events: str, key: str = "orderId") -> str:
    return (
        f'{{"result":"success","editStatus":{{"status":"{word}","{key}":"ord-1","cliOrdId":"mine-1",'
        f'"receivedTime":"{HEARD}","orderEvents":[{",".join(events)}]}},"serverTime":"{HEARD}"}}'
    )


@pytest.mark.parametrize("key", ["orderId", "order_id"])
def test_an_edit_is_answered_and_its_terms_are_told_by_the_feed(key: str) -> None:
    edit = '{"type":"EDIT","old":' + order() + ',"new":' + order(quantity="3") + ',"reducedQuantity":null}'
    assert read(replace(), edit_status("edited", edit, key=key)) == (answered("ord-1"),)


def test_an_edit_may_trade_at_once() -> None:
    event = EXECUTION.replace('"orderPriorEdit":null', '"orderPriorEdit":' + order())
    assert read(replace(), edit_status("edited", event)) == (answered("ord-1"), traded())


EDIT_REFUSALS = {
    "invalidSize": Outcome.DEFINITE,
    "invalidPrice": Outcome.DEFINITE,
    "insufficientAvailableFunds": Outcome.DEFINITE,
    "selfFill": Outcome.DEFINITE,
    "tooManySmallOrders": Outcome.DEFINITE,
    "outsidePriceCollar": Outcome.DEFINITE,
    "wouldNotReducePosition": Outcome.DEFINITE,
    "orderForEditNotAStop": Outcome.DEFINITE,
    "cannotEditTriggerPriceOfTrailingStop": Outcome.DEFINITE,
    "cannotEditTrailingStop": Outcome.DEFINITE,
    "wouldProcessAfterSpecifiedTime": Outcome.DEFINITE,
    "orderForEditNotFound": Outcome.NOT_FOUND,
    # An order that exists is not lost over a word: whoever asks again will hear.
    "somethingNew": Outcome.AMBIGUOUS,
}


@pytest.mark.parametrize("word", EDIT_REFUSALS)
def test_a_refused_edit_says_why(word: str) -> None:
    assert read(replace(), edit_status(word)) == (refused(EDIT_REFUSALS[word], word),)


def test_an_edit_is_refused_for_being_post_only() -> None:
    expected = (refused(Outcome.DEFINITE, "postWouldExecute"),)
    assert read(replace(), edit_status("postWouldExecute")) == expected


def test_an_edit_without_a_word_is_open() -> None:
    (refusal,) = read(replace(), edit_status(""))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.AMBIGUOUS
    assert refusal.reason.endswith(".")


# cancelorder, cancelallorders, cancelallordersafter


def cancel_status(word: str, *events: str, more: str = "") -> str:
    return (
        f'{{"result":"success","cancelStatus":{{"status":"{word}","order_id":"ord-1","receivedTime":"{HEARD}",'
        f'"orderEvents":[{",".join(events)}]{more}}},"serverTime":"{HEARD}"}}'
    )


def gone(order_id: str = "ord-1", filled: str = "0.0") -> str:
    named = order(orderId=f'"{order_id}"', filled=filled)
    return f'{{"type":"CANCEL","uid":"{order_id}","order":{named}}}'


def canceled(order_id: str = "ord-1") -> OrderCanceled:
    shown = view(venue_order_id=order_id, status=OrderStatus.CANCELED, reason="cancelled")
    return OrderCanceled(time=HEARD_AT, order=shown, reason="cancelled")


def test_a_cancel_that_shows_its_order_counts_at_once() -> None:
    assert read(cancel(), cancel_status("cancelled", gone())) == (answered(), canceled())


def test_a_cancel_that_is_only_confirmed_is_seen_on_the_feed() -> None:
    assert read(cancel(), cancel_status("cancelled")) == (answered(),)


def test_a_cancel_after_fills_waits_for_them() -> None:
    answer, removed = read(cancel(), cancel_status("cancelled", gone(filled="0.5")))
    assert answer == answered()
    shown = view(cumulative=D("0.5"), status=OrderStatus.CANCELED, reason="cancelled")
    assert removed == OrderRemoved(
        time=HEARD_AT, order=shown, ending=OrderStatus.CANCELED, filled=D("0.5"), reason="cancelled"
    )


def test_a_cancelled_stop_is_shown_as_it_waited() -> None:
    event = '{"type":"CANCEL","uid":"ord-1","orderTrigger":' + TRIGGER + "}"
    _, fact = read(cancel(), cancel_status("cancelled", event))
    shown = view(
        side=Side.SELL,
        type=OrderType.STOP_LIMIT,
        price=D(2890),
        trigger_price=D(2900),
        trigger_type=TriggerType.MARK,
        quantity=D("1.5"),
        cumulative=None,
        reduce_only=True,
        status=OrderStatus.CANCELED,
        reason="cancelled",
    )
    assert fact == OrderCanceled(time=HEARD_AT, order=shown, reason="cancelled")


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("filled", Outcome.DEFINITE),
        ("notFound", Outcome.NOT_FOUND),
        ("somethingNew", Outcome.AMBIGUOUS),
        ("", Outcome.AMBIGUOUS),
    ],
)
def test_a_refused_cancel_says_why(word: str, outcome: Outcome) -> None:
    (refusal,) = read(cancel(None, "mine-1"), cancel_status(word))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is outcome
    assert refusal.reason == word or not word


def test_a_cancel_of_everything_names_what_it_ended() -> None:
    body = cancel_status(
        "cancelled",
        gone("ord-1"),
        gone("ord-2"),
        more=',"cancelOnly":"all","cancelledOrders":[{"order_id":"ord-1","cliOrdId":"mine-1"},{"order_id":"ord-2"}]',
    )
    assert read(CANCEL_ALL, body) == (answered(canceled=2), canceled("ord-1"), canceled("ord-2"))


def test_a_cancel_of_everything_may_find_nothing() -> None:
    body = cancel_status("noOrdersToCancel", more=',"cancelOnly":"PF_ETHUSD","cancelledOrders":[]')
    assert read(CANCEL_ALL, body) == (answered(canceled=0),)
    assert read(CANCEL_ALL, cancel_status("noOrdersToCancel")) == (answered(canceled=0),)


def test_a_cancel_of_everything_may_leave_out_what_it_canceled() -> None:
    (fact,) = read(CANCEL_ALL, cancel_status("cancelled"))
    assert fact == answered()


@pytest.mark.parametrize("word", ["", "somethingNew"])
def test_a_cancel_of_everything_may_stay_open(word: str) -> None:
    (refusal,) = read(CANCEL_ALL, cancel_status(word))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize("broken", ["7", '{"type":"CANCEL","order":{}}', '{"type":"CANCEL"}', '{"type":"NEWS"}'])
def test_one_bad_cancel_never_costs_its_neighbours(broken: str) -> None:
    facts = read(CANCEL_ALL, cancel_status("cancelled", gone("ord-1"), broken, gone("ord-2")))
    assert [fact for fact in facts if isinstance(fact, OrderCanceled)] == [canceled("ord-1"), canceled("ord-2")]


@pytest.mark.parametrize(
    ("trigger_time", "cancels_at"),
    [(f'"{HEARD}"', HEARD_AT), ('"0"', None), ("0", None)],
    ids=["set", "off", "off as a number"],
)
def test_the_timer_says_when_it_cancels(trigger_time: str, cancels_at: int | None) -> None:
    body = f'{{"result":"success","status":{{"currentTime":"{PLACED}","triggerTime":{trigger_time}}}}}'
    assert read(TIMER, body) == (CancelAllAfterSet(request_id=number(1), cancels_at=cancels_at),)


# batchorder


LEGS = BatchOrders(
    request_id=number(20),
    legs=(
        place(request_id=21),
        replace("ord-5", request_id=22),
        cancel("ord-6", request_id=23),
        cancel(None, "mine-7", request_id=24),
    ),
)


def batch_of(*elements: str) -> str:
    return listed("batchStatus", *elements)


TAGGED = f'{{"status":"placed","order_tag":"r21","order_id":"ord-1","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
EDITED = f'{{"status":"edited","order_id":"ord-5","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
ENDED = '{"status":"cancelled","order_id":"ord-6","dateTimeReceived":null,"orderEvents":[]}'
ENDED_BY_NAME = '{"status":"notFound","cliOrdId":"mine-7","dateTimeReceived":null}'


def test_each_part_of_a_batch_gets_its_own_answer() -> None:
    assert read(LEGS, batch_of(TAGGED, EDITED, ENDED, ENDED_BY_NAME)) == (
        answered(request_id=20),
        answered("ord-1", request_id=21),
        live(),
        answered("ord-5", request_id=22),
        answered(request_id=23),
        refused(Outcome.NOT_FOUND, "notFound", 24),
    )


def test_the_venue_promises_no_order_of_its_answers() -> None:
    there = read(LEGS, batch_of(TAGGED, EDITED, ENDED, ENDED_BY_NAME))
    back = read(LEGS, batch_of(ENDED_BY_NAME, ENDED, EDITED, TAGGED))
    assert there[0] == back[0]
    assert sorted(map(repr, there)) == sorted(map(repr, back))


@pytest.mark.parametrize(
    "named",
    [
        '"order_tag":"r21"',
        '"orderTag":"r21"',
        '"cliOrdId":"mine-1"',
        '"cli_ord_id":"mine-1"',
        '"order_tag":"r21","cliOrdId":"cut-by-the-venue"',
    ],
)
def test_a_placement_in_a_batch_is_found_by(named: str) -> None:
    legs = BatchOrders(request_id=number(20), legs=(place(request_id=30, wire_id="other"), place(request_id=21)))
    element = f'{{"status":"placed",{named},"order_id":"ord-1","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
    facts = read(legs, batch_of(element))
    assert facts[1:3] == (answered("ord-1", request_id=21), live())


def test_the_tag_counts_before_the_client_id_and_that_before_the_id() -> None:
    legs = BatchOrders(
        request_id=number(20),
        legs=(
            cancel("ord-9", request_id=25),
            cancel(None, "mine-1", request_id=24),
            place(request_id=21, wire_id="mine-9"),
        ),
    )
    tagged = '{"status":"invalidSize","order_tag":"r21","cliOrdId":"mine-1","order_id":"ord-9"}'
    named = '{"status":"cancelled","cliOrdId":"mine-1","order_id":"ord-9"}'
    assert read(legs, batch_of(tagged)) == (
        answered(request_id=20),
        refused(Outcome.DEFINITE, "invalidSize", 21),
        refused(Outcome.AMBIGUOUS, SILENT, 25),
        refused(Outcome.AMBIGUOUS, SILENT, 24),
    )
    assert read(legs, batch_of(named))[1] == answered(request_id=24)


@pytest.mark.parametrize(
    "element",
    [
        '{"cancelStatus":{"status":"cancelled","order_id":"ord-6"}}',
        '{"order_id":"ord-6","cancelStatus":{"status":"cancelled"}}',
        '{"status":null,"order_id":"ord-6","cancelStatus":{"status":"cancelled","cliOrdId":null}}',
        '{"status":"cancelled","order_id":"ord-6","cancelStatus":{"status":"cancelled"}}',
    ],
)
def test_a_cancel_in_a_batch_may_be_nested(element: str) -> None:
    legs = BatchOrders(request_id=number(20), legs=(cancel("ord-6", request_id=23),))
    assert read(legs, batch_of(element)) == (answered(request_id=20), answered(request_id=23))


SILENT = "The answer to the batch does not say what became of this part."


def test_a_part_that_the_answer_does_not_mention_is_open() -> None:
    assert read(LEGS, batch_of(ENDED)) == (
        answered(request_id=20),
        answered(request_id=23),
        refused(Outcome.AMBIGUOUS, SILENT, 21),
        refused(Outcome.AMBIGUOUS, SILENT, 22),
        refused(Outcome.AMBIGUOUS, SILENT, 24),
    )


@pytest.mark.parametrize("broken", ['"nothing"', "null", '{"status":"cancelled","order_id":"someone-else"}', "{}"])
def test_one_bad_part_of_a_batch_never_costs_its_neighbours(broken: str) -> None:
    facts = read(LEGS, batch_of(TAGGED, broken, ENDED))
    assert answered("ord-1", request_id=21) in facts
    assert answered(request_id=23) in facts
    assert refused(Outcome.AMBIGUOUS, SILENT, 22) in facts
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1


def cancels(*places: int) -> BatchOrders:
    return BatchOrders(request_id=number(20), legs=tuple(cancel(f"ord-{each}", request_id=each) for each in places))


NAMELESS = '{"status":"notFound","dateTimeReceived":null,"orderEvents":[]}'


@pytest.mark.parametrize("nameless", [NAMELESS, '{"cancelStatus":{"status":"notFound"}}'])
def test_cancels_that_all_found_nothing_need_no_names(nameless: str) -> None:
    named = '{"status":"cancelled","order_id":"ord-22"}'
    assert read(cancels(21, 22, 23), batch_of(nameless, named, nameless)) == (
        answered(request_id=20),
        answered(request_id=22),
        refused(Outcome.NOT_FOUND, "notFound", 21),
        refused(Outcome.NOT_FOUND, "notFound", 23),
    )


@pytest.mark.parametrize("other", [(), ('{"status":"filled"}',), (NAMELESS, NAMELESS)])
def test_a_part_without_a_name_is_open_where_it_matters_which_is_meant(other: tuple[str, ...]) -> None:
    facts = read(cancels(21, 22), batch_of(NAMELESS, *other))
    assert [fact for fact in facts if isinstance(fact, RequestRefused)] == [
        refused(Outcome.AMBIGUOUS, SILENT, 21),
        refused(Outcome.AMBIGUOUS, SILENT, 22),
    ]
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1 + len(other)


def test_a_part_is_answered_once() -> None:
    """A second answer to the same part belongs to nobody."""
    facts = read(LEGS, batch_of(ENDED, ENDED))
    assert len([fact for fact in facts if fact == answered(request_id=23)]) == 1
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1


def test_a_part_of_a_batch_may_be_refused_or_executed() -> None:
    legs = BatchOrders(
        request_id=number(20), legs=(place(request_id=21), place(request_id=22, wire_id="mine-2", post_only=True))
    )
    executed = TAGGED.replace('"orderEvents":[]', f'"orderEvents":[{EXECUTION}]')
    crossed = '{"status":"postWouldExecute","order_tag":"r22","order_id":"ord-2"}'
    assert read(legs, batch_of(executed, crossed)) == (
        answered(request_id=20),
        answered("ord-1", request_id=21),
        live(),
        traded(),
        refused(Outcome.DEFINITE, "postWouldExecute", 22),
    )


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('{"result":"error","error":"insufficientFunds"}', Outcome.DEFINITE),
        ('{"result":"error","error":"apiLimitExceeded"}', Outcome.THROTTLED),
        ('{"result":"error","error":"Server Error"}', Outcome.AMBIGUOUS),
        ('{"status":"BAD_REQUEST","result":"error","errors":[{"code":1,"message":"no"}]}', Outcome.DEFINITE),
        ('{"result":"success"}', Outcome.AMBIGUOUS),
        ("Bad gateway", Outcome.AMBIGUOUS),
    ],
)
def test_a_refused_batch_refuses_each_of_its_parts(body: str, outcome: Outcome) -> None:
    facts = read(LEGS, body)
    refusals = [fact for fact in facts if isinstance(fact, RequestRefused)]
    assert [(fact.request_id, fact.outcome) for fact in refusals] == [
        (number(number_), outcome) for number_ in (21, 22, 23, 24, 20)
    ]


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
    # Whoever knows how large the order is keeps what is known.
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
    """The answer says that it is an order, and not of which type; whoever placed it knows."""
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


# Instruments


def contract(**changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "symbol": '"PF_ETHUSD"',
        "type": '"flexible_futures"',
        "tradeable": "true",
        "tickSize": "0.10",
        "contractSize": "1",
        "contractValueTradePrecision": "3",
        "base": '"ETH"',
        "quote": '"USD"',
        "makerProtectionMillis": "20",
    }
    return obj(fields | changes)


def eth(**changes: Any) -> Instrument:
    fields: dict[str, Any] = {
        "id": "PF_ETHUSD.KRAKEN-FUTURES",
        "price_increment": D("0.1"),
        "quantity_increment": D("0.001"),
        "minimum_quantity": D("0.001"),
        "multiplier": D(1),
        "quote_currency": "USD",
    }
    return Instrument(**(fields | changes))


def instruments(*rows: str, status: int = 200) -> tuple[Instrument, ...]:
    return read_instruments(HttpAnswer(status=status, body=listed("instruments", *rows).encode()))


WHOLE = {"quantity_increment": D(1), "minimum_quantity": D(1)}

CONTRACTS: dict[str, tuple[dict[str, str | None], dict[str, Any]]] = {
    "as it comes": ({}, {}),
    "with whole quantities": ({"contractValueTradePrecision": "0"}, WHOLE),
    "with quantities in hundreds": (
        {"contractValueTradePrecision": "-2"},
        {"quantity_increment": D(100), "minimum_quantity": D(100)},
    ),
    "with a symbol in lower case": ({"symbol": '"pf_ethusd"'}, {}),
    "in another currency": ({"quote": '"EUR"'}, {"quote_currency": "EUR"}),
    "quoted in XBT": ({"quote": '"xbt"'}, {"quote_currency": "BTC"}),
    "without a currency": ({"quote": None}, {}),
    "without a currency, named in the symbol": (
        {"quote": None, "symbol": '"FF_ETHEUR_261225"'},
        {"id": "FF_ETHEUR_261225.KRAKEN-FUTURES", "quote_currency": "EUR"},
    ),
    "with a contract of ten": ({"contractSize": "10.0"}, {"multiplier": D(10)}),
    "without a contract size": ({"contractSize": None}, {}),
    "without a word on trading": ({"tradeable": None}, {}),
    # Inverse contracts are counted whole where nothing is said.
    "inverse": (
        {"symbol": '"PI_XBTUSD"', "contractValueTradePrecision": None, "tickSize": "0.5"},
        WHOLE | {"id": "PI_XBTUSD.KRAKEN-FUTURES", "price_increment": D("0.5")},
    ),
    "inverse with a date": (
        {"symbol": '"FI_XBTUSD_261225"', "contractValueTradePrecision": None},
        WHOLE | {"id": "FI_XBTUSD_261225.KRAKEN-FUTURES"},
    ),
    "with an unusable field that nobody needs": ({"makerProtectionMillis": '"some"', "base": "{}"}, {}),
}


@pytest.mark.parametrize("kind", CONTRACTS)
def test_an_instrument_is_read(kind: str) -> None:
    changes, expected = CONTRACTS[kind]
    assert instruments(contract(**changes)) == (eth(**expected),)


@pytest.mark.parametrize(
    "row_",
    [
        "null",
        "7",
        "{}",
        contract(symbol='""'),
        contract(tradeable="false"),
        contract(tickSize=None),
        contract(tickSize="0"),
        contract(tickSize='"NaN"'),
        contract(contractSize="-1"),
        contract(contractValueTradePrecision=None),
        contract(contractValueTradePrecision="400"),
        contract(contractValueTradePrecision="-400"),
    ],
)
def test_an_instrument_that_cannot_be_traded_is_left_out(row_: str) -> None:
    assert instruments(row_, contract()) == (eth(),)


def test_there_may_be_no_instruments_to_trade() -> None:
    assert instruments() == ()
    assert instruments(contract(tradeable="false")) == ()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"", 200),
        (b'{"result":"success"}', 200),
        (b'{"result":"error","error":"Unavailable"}', 200),
        (b'{"instruments":[]}', 503),
        (b'{"instruments":[{"symbol":"PF_ETHUSD"}]}', 200),
        (b'{"instruments":[7]}', 200),
        (b"\xff", 200),
    ],
)
def test_without_a_usable_list_there_is_nothing_to_trade(body: bytes, status: int) -> None:
    with pytest.raises(WireError, match="Kraken Futures"):
        read_instruments(HttpAnswer(status=status, body=body))


def test_instruments_are_asked_for_without_a_signature() -> None:
    call = instruments_call()
    assert (call.method, call.path) == ("GET", "/derivatives/api/v3/instruments")
    assert (call.body, call.authorized, call.headers) == (None, False, ())


@pytest.mark.parametrize(
    ("body", "status", "is_so"),
    [
        ('{"result":"error","error":"apiLimitExceeded","serverTime":"2026-11-28T10:00:00.000Z"}', 200, True),
        ('{"result":"error","error":"apiLimitExceeded"}', 429, True),
        ('{"result":"error","errors":["apiLimitExceeded"]}', 200, True),
        ('{"result":"error","error":"apiLimitExceeded"}', 503, False),
        ('{"result":"error","error":"invalidArgument: apiLimitExceeded"}', 200, False),
        ('{"result":"success","note":"apiLimitExceeded"}', 200, False),
        ("<html>apiLimitExceeded</html>", 200, False),
    ],
)
def test_a_budget_is_used_up_when_the_venue_refuses_a_call_for_it(body: str, status: int, is_so: bool) -> None:
    assert is_over_budget(HttpAnswer(status=status, body=body.encode())) is is_so
