"""What goes before what, at every venue; and how what is urgent goes over HTTP where the socket does not take it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.ax.venue import AxSettings, AxVenue
from protocol.facts import Outcome, RequestAnswered, RequestRefused
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.reasons import RejectReason
from protocol.requests import (
    FIRST_INTERNAL_ID,
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
    Urgency,
    adds_risk,
    may_wait,
    urgency_of,
    withdraws,
)
from protocol.values import OrderType, RequestId, Side, TimeInForce
from protocol.venue import HttpAnswer, HttpCall

SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
AX = AxVenue(AxSettings(websocket_url="wss://venue.example/orders/ws", api_key="k", api_secret="s", account="A-5"))
SPOT = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET))
FUTURES = KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret=SECRET))

ids: Any = {"request_id": 1}
PLACE = PlaceOrder(
    **ids,
    symbol="PF_XBTUSD",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=Decimal(1),
    price=Decimal(60000),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=False,
    wire_id="w1",
    tag=None,
)
BY_ID = CancelOrder(**ids, venue_order_id="O-1", wire_id=None)  # type: ignore[arg-type]
BY_NAME = CancelOrder(**ids, venue_order_id=None, wire_id="w1")
CHANGE: Any = ReplaceOrder(
    **ids,
    venue_order_id="O-1",  # type: ignore[arg-type]
    quantity=None,
    price=Decimal(1),
    time_in_force=None,
    post_only=None,
)
TIMER = SetCancelAllAfter(**ids, seconds=60)
STATUS = QueryOrder(**ids, venue_order_id="O-1", wire_id=None)  # type: ignore[arg-type]
LIST = ListOpenOrders(**ids)
OWN: dict[str, Any] = {"request_id": RequestId(FIRST_INTERNAL_ID)}
FILLS = ListFills(**ids, start=0, end=1, symbol=None)


@pytest.mark.parametrize(
    ("request_", "urgency"),
    [
        (BY_ID, Urgency.LESS_RISK),
        (CancelAllOrders(**ids, symbol=None), Urgency.LESS_RISK),
        (TIMER, Urgency.LESS_RISK),
        (BatchOrders(**ids, legs=(BY_ID, BY_NAME)), Urgency.LESS_RISK),
        (STATUS, Urgency.QUESTION),
        (PLACE, Urgency.ORDINARY),
        (CHANGE, Urgency.ORDINARY),
        (BatchOrders(**ids, legs=(BY_ID, PLACE)), Urgency.ORDINARY),
        (BatchOrders(**ids, legs=(BY_ID, CHANGE)), Urgency.ORDINARY),
        (LIST, Urgency.ORDINARY),
        (FILLS, Urgency.ORDINARY),
        (evolve(BY_ID, **OWN), Urgency.LESS_RISK),
        (evolve(STATUS, **OWN), Urgency.QUESTION),
        (evolve(PLACE, **OWN), Urgency.ORDINARY),
        (evolve(LIST, **OWN), Urgency.OWN_LIST),
        (evolve(FILLS, **OWN), Urgency.OWN_HISTORY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_definition_for_every_venue(request_: Request, urgency: Urgency) -> None:
    assert urgency_of(request_) is urgency
    if isinstance(request_, BatchOrders) and urgency is Urgency.ORDINARY:
        return  # not at every venue
    assert FUTURES.encode(request_).urgent == (urgency < Urgency.ORDINARY)
    assert SPOT.encode_rest(request_).urgent == (urgency < Urgency.ORDINARY)


def test_only_questions_of_our_own_may_wait() -> None:
    assert [may_wait(each) for each in (STATUS, LIST, FILLS)] == [False] * 3
    assert [may_wait(evolve(each, **OWN)) for each in (STATUS, LIST, FILLS)] == [True] * 3
    assert not may_wait(evolve(BY_ID, **OWN))
    assert not may_wait(AskTime(**OWN))


def test_a_login_is_urgent_too() -> None:
    ax, spot = AX.login_call(), SPOT.login_call()
    assert ax is not None
    assert (ax.urgent, spot.urgent) == (True, True)


def test_only_what_places_an_order_adds_risk() -> None:
    assert adds_risk(PLACE)
    assert adds_risk(BatchOrders(**ids, legs=(BY_ID, PLACE)))
    assert not adds_risk(CHANGE)
    assert not adds_risk(BatchOrders(**ids, legs=(BY_ID, CHANGE)))


def test_a_later_setting_of_the_switch_withdraws_an_earlier_one() -> None:
    assert withdraws(SetCancelAllAfter(**ids, seconds=0), TIMER)
    assert not withdraws(TIMER, PLACE)
    assert not withdraws(BY_NAME, TIMER)


# AX (spec AX 7.2)


@pytest.mark.parametrize(
    ("request_", "path", "body"),
    [
        (BY_ID, "/orders/cancel-order", b'{"oid":"O-1"}'),
        (
            CancelOrder(**ids, venue_order_id=None, wire_id=9001),
            "/orders/cancel-order",
            b'{"cid":9001,"aid":"A-5"}',
        ),
        (CancelAllOrders(**ids, symbol=None), "/orders/cancel-all-orders", b'{"account_id":"A-5"}'),
        (
            CancelAllOrders(**ids, symbol="GBPUSD-PERP"),
            "/orders/cancel-all-orders",
            b'{"symbol":"GBPUSD-PERP","account_id":"A-5"}',
        ),
    ],
)
def test_a_cancel_at_ax_goes_over_http(request_: Request, path: str, body: bytes) -> None:
    assert AX.encode_over_http(request_) == HttpCall(method="POST", path=path, body=body, urgent=True)


@pytest.mark.parametrize("request_", [PLACE, STATUS, LIST], ids=lambda value: type(value).__name__)
def test_nothing_else_does(request_: Request) -> None:
    assert AX.encode_over_http(request_) is None


@pytest.mark.parametrize(
    ("status", "body", "fact"),
    [
        (200, b'{"cxl_rx":true}', RequestAnswered(**ids)),
        (200, b'{"cxl_rx":false}', RequestAnswered(**ids, refused=True)),
        (
            404,
            b'{"error":"order not found"}',
            RequestRefused(**ids, outcome=Outcome.NOT_FOUND, reason="order not found", why=RejectReason.UNKNOWN_ORDER),
        ),
        (
            409,
            b'{"error":"retry shortly"}',
            RequestRefused(**ids, outcome=Outcome.TOO_EARLY, reason="retry shortly", why=RejectReason.TOO_EARLY),
        ),
    ],
    ids=["taken", "declined", "not found", "too early"],
)
def test_ax_answers_a_cancel(status: int, body: bytes, fact: object) -> None:
    assert AX.read_answer(BY_ID, HttpAnswer(status=status, body=body)) == (fact,)


def test_ax_answers_a_cancel_of_all() -> None:
    request = CancelAllOrders(**ids, symbol=None)
    assert AX.read_answer(request, HttpAnswer(status=200, body=b"{}")) == (RequestAnswered(**ids),)


def test_a_cancel_whose_answer_cannot_be_read_may_have_worked() -> None:
    refusal, _ = AX.read_answer(BY_ID, HttpAnswer(status=200, body=b'{"x":1}'))
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome is Outcome.AMBIGUOUS


# Kraken Spot (spec Kraken A.2, A.17)


@pytest.mark.parametrize(
    ("request_", "path", "body"),
    [
        (BY_ID, "/0/private/CancelOrder", b"txid=O-1"),
        (BY_NAME, "/0/private/CancelOrder", b"cl_ord_id=w1"),
        (CancelAllOrders(**ids, symbol=None), "/0/private/CancelAll", b""),
        (TIMER, "/0/private/CancelAllOrdersAfter", b"timeout=60"),
    ],
)
def test_what_takes_risk_away_at_kraken_spot_goes_over_http(request_: Request, path: str, body: bytes) -> None:
    call = SPOT.encode_over_http(request_)
    assert call is not None
    assert (call.method, call.path, call.body, call.urgent) == ("POST", path, body, True)


def test_what_adds_risk_at_kraken_spot_does_not() -> None:
    assert SPOT.encode_over_http(PLACE) is None


@pytest.mark.parametrize(
    ("status", "body", "is_refused"),
    [
        (200, b'{"error":["EAPI:Invalid nonce"]}', True),
        (200, b'{"error":["EAPI:Invalid nonce"],"result":null}', True),
        (200, b'{"error":["EAPI:Invalid key"]}', False),
        (200, b'{"error":[],"result":{"note":"EAPI:Invalid nonce"}}', False),
        (200, b"<html>EAPI:Invalid nonce</html>", False),
        (502, b'{"error":["EAPI:Invalid nonce"]}', False),
    ],
)
def test_a_refused_nonce_is_told_from_everything_else(status: int, body: bytes, is_refused: bool) -> None:
    assert SPOT.is_number_refused(HttpAnswer(status=status, body=body)) is is_refused
