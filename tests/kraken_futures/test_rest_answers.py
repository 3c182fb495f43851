"""Answers of Kraken Futures over REST: the envelope, changes and cancels (spec B.11, B.12)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.facts import CancelAllAfterSet, OrderCanceled, OrderRemoved, Outcome, RequestRefused, Unreadable
from protocol.requests import CancelAllOrders, ListOrderHistory, Request, SetCancelAllAfter
from protocol.values import OrderStatus, OrderType, Side, TriggerType

from .answers import (
    EXECUTION,
    HEARD,
    HEARD_AT,
    OPEN_ORDERS,
    PLACED,
    TRIGGER,
    D,
    answered,
    cancel,
    cancel_status,
    canceled,
    fills,
    gone,
    number,
    order,
    place,
    query,
    read,
    refused,
    replace,
    traded,
    view,
)


def history(**changes: Any) -> ListOrderHistory:
    terms: dict[str, Any] = {"request_id": 1, "start": 0, "end": 2**62}
    return ListOrderHistory(**(terms | changes))


CANCEL_ALL = CancelAllOrders(request_id=number(1), symbol=None)
TIMER = SetCancelAllAfter(request_id=number(1), seconds=60)

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
    # An order that exists is not lost over an unknown code: the next query shows it.
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
