"""Answers of Kraken Futures to sendorder (spec B.12)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.facts import (
    Fact,
    OrderAcknowledged,
    OrderCanceled,
    OrderFilled,
    OrderRemoved,
    Outcome,
    RequestRefused,
    Unreadable,
)
from protocol.values import OrderStatus, OrderType, Side, TimeInForce

from .answers import (
    EXECUTION,
    HEARD,
    HEARD_AT,
    TRIGGER,
    D,
    answered,
    cancel,
    cancel_status,
    live,
    obj,
    order,
    place,
    read,
    refused,
    traded,
    view,
)


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
    """It never rested, so that no feed need show it."""
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
