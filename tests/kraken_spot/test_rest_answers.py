"""Answers of Kraken Spot over REST, and what they mean (spec A.2, D.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.facts import (
    CancelAllAfterSet,
    Fact,
    FillsListed,
    Notice,
    OrderHistoryListed,
    OrderView,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.kraken_spot.rest_answers import read_answer
from protocol.reasons import RejectReason
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    QueryOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import (
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import HttpAnswer

from .messages import (
    AMBIGUOUS,
    BATCH,
    DEFINITE,
    JSON,
    LEGS,
    NOT_FOUND,
    D,
    cancel,
    descr,
    http,
    place,
    replace,
    row,
    trade_row,
)

OPENED = 1782907090000200000


def rest_view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "OSIM00-OLDER-ORDR00",
        "wire_id": "sim-0000",
        "symbol": "ETH/USD",
        "side": Side.SELL,
        "price": D("3020.10"),
        "quantity": D("2.5"),
        "cumulative": D("0.5"),
        "status": OrderStatus.PARTIALLY_FILLED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "time": OPENED,
        "average_price": D("3020.1"),
    }
    return OrderView(**(fields | changes))


def open_orders(*rows: str) -> tuple[Fact, ...]:
    listed = ",".join(f'"O-{place}":{text}' for place, text in enumerate(rows))
    return read_answer(ListOpenOrders(request_id=RequestId(1)), http('{"error":[],"result":{"open":{' + listed + "}}}"))


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "open in part": ({}, {}),
    "open": (
        {"vol_exec": '"0"', "cost": '"0"'},
        {"status": OrderStatus.ACCEPTED, "cumulative": D(0), "average_price": None},
    ),
    "pending": ({"status": '"pending"'}, {"status": OrderStatus.SUBMITTED}),
    "closed": ({"status": '"closed"'}, {"status": OrderStatus.FILLED}),
    "canceled": (
        {"status": '"canceled"', "reason": '"User requested"', "closetm": "1782907260.5"},
        {"status": OrderStatus.CANCELED, "reason": "User requested", "ended": 1_782_907_260_500_000_000},
    ),
    "expired": ({"status": '"expired"'}, {"status": OrderStatus.EXPIRED}),
    "in a state that we do not know": ({"status": '"odd"'}, {"status": None, "reason": "odd"}),
    "GTD": ({"expiretm": "1782993600"}, {"time_in_force": TimeInForce.GTD}),
    "IOC": ({"oflags": '"fciq,ioc"'}, {"time_in_force": TimeInForce.IOC}),
    "post-only": ({"oflags": '"post,fciq"'}, {"post_only": True}),
    "an average of its own": ({"avg_price": '"3000"'}, {"average_price": D(3000)}),
    "a market order": (
        {"descr": descr(ordertype='"market"', price='"0"')},
        {"type": OrderType.MARKET, "price": None},
    ),
    "a stop": (
        {"descr": descr(ordertype='"stop-loss"', price='"2900"'), "trigger": '"index"'},
        {
            "type": OrderType.STOP_MARKET,
            "price": None,
            "trigger_price": D(2900),
            "trigger_type": TriggerType.INDEX,
        },
    ),
    "a stop with a limit": (
        {"descr": descr(ordertype='"stop-loss-limit"', price='"2900"', price2='"2890"'), "stopprice": '"2901"'},
        {
            "type": OrderType.STOP_LIMIT,
            "price": D(2890),
            "trigger_price": D(2901),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a trailing stop": (
        {"descr": descr(ordertype='"trailing-stop"', price='"+2.0%"')},
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": None,
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a trailing stop with a limit at a distance": (
        {"descr": descr(ordertype='"trailing-stop-limit"', price='"+100.0"', price2='"+5.0"'), "stopprice": '"3100"'},
        {
            "type": OrderType.TRAILING_STOP_LIMIT,
            "price": None,
            "trigger_price": D(3100),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop at a distance": (
        {"descr": descr(ordertype='"stop-loss-limit"', price='"#5"', price2='"-1.5%"')},
        {"type": OrderType.STOP_LIMIT, "price": None, "trigger_price": None, "trigger_type": TriggerType.DEFAULT},
    ),
    "by amount": (
        {"oflags": '"viqc,fciq"', "vol": '"100"', "descr": descr(ordertype='"market"', price='"0"')},
        {"quantity": None, "quote_amount": D(100), "type": OrderType.MARKET, "price": None},
    ),
    "without a client id": ({"cl_ord_id": None}, {"wire_id": None}),
    "a child": ({"refid": '"OPARENT"'}, {"parent": "OPARENT"}),
    "in legacy names": ({"descr": descr(pair='"XXBTZUSD"')}, {"symbol": "BTC/USD"}),
    "without a description": (
        {"descr": None},
        {"symbol": "", "side": None, "price": None, "type": None},
    ),
    "numbers as numbers": ({"vol": "2.5", "vol_exec": "0.5", "cost": "1510.05", "price": "3020.1"}, {}),
    "an unusable time": ({"opentm": '"noon"'}, {"time": 0}),
}


@pytest.mark.parametrize("kind", ROWS)
def test_an_order_is_read_over_rest(kind: str) -> None:
    changes, expected = ROWS[kind]
    (fact,) = open_orders(row(**changes))
    assert isinstance(fact, RequestAnswered)
    assert fact.orders == (rest_view(venue_order_id="O-0", **expected),)


def test_an_order_that_cannot_be_read_never_costs_its_neighbours() -> None:
    answered, lost = open_orders(row(), '"nothing"', row())
    assert isinstance(answered, RequestAnswered)
    assert answered.orders is not None
    assert [one.venue_order_id for one in answered.orders] == ["O-0", "O-2"]
    assert isinstance(lost, Unreadable)


def query(text: str, **ids: Any) -> Any:
    request = QueryOrder(request_id=RequestId(7), **({"venue_order_id": None, "wire_id": None} | ids))
    return read_answer(request, http(text))[0]


def test_one_order_is_found_by_its_id() -> None:
    text = '{"error":[],"result":{"OSIM00-OLDER-ORDR00":' + row(status='"canceled"') + "}}"
    fact = query(text, venue_order_id="OSIM00-OLDER-ORDR00")
    assert fact == RequestAnswered(request_id=RequestId(7), order=rest_view(status=OrderStatus.CANCELED))


@pytest.mark.parametrize(
    "text",
    [
        '{"error":[],"result":{}}',
        '{"error":[],"result":{"O-OTHER":' + row() + "}}",
        '{"error":["EOrder:Unknown order"]}',
        '{"error":["EOrder:Invalid order"]}',
    ],
)
def test_an_order_that_the_venue_does_not_know_is_not_found(text: str) -> None:
    assert query(text, venue_order_id="OSIM00-OLDER-ORDR00").outcome is NOT_FOUND


TRADED_AT = 1782907170700000000


def history(*rows: str, count: int = 1, **options: Any) -> Any:
    listed = ",".join(f'"T-{place}":{text}' for place, text in enumerate(rows))
    options = {"start": 1782900000 * 10**9, "end": 1782908000 * 10**9, "symbol": None} | options
    body = '{"error":[],"result":{"trades":{' + listed + f'}},"count":{count}' + "}}"
    return read_answer(ListFills(request_id=RequestId(5), **options), http(body))


def test_a_fill_is_read_over_rest() -> None:
    (fact,) = history(trade_row())
    expected = Trade(
        venue_order_id=VenueOrderId("OSIM00-OLDER-ORDR00"),
        trade_id=TradeId("T-0"),
        symbol="ETH/USD",
        side=Side.SELL,
        price=D("3020.10"),
        quantity=D("0.5"),
        liquidity=LiquiditySide.MAKER,
        time=TRADED_AT,
        fee=Money(D("2.41608"), "USD"),
    )
    assert fact == FillsListed(request_id=RequestId(5), trades=(expected,), cursor=None)


@pytest.mark.parametrize(
    ("maker", "liquidity"), [("false", LiquiditySide.TAKER), (None, LiquiditySide.NONE), ("7", LiquiditySide.NONE)]
)
def test_who_was_resting_is_read_over_rest(maker: str | None, liquidity: LiquiditySide) -> None:
    (fact,) = history(trade_row(maker=maker))
    assert fact.trades[0].liquidity is liquidity


def test_fills_come_newest_first_and_page_by_page() -> None:
    newer, older = trade_row(time="1782907171"), trade_row()
    (fact,) = history(newer, older, count=120)
    assert ([one.trade_id for one in fact.trades], fact.cursor) == (["T-1", "T-0"], "2/120")
    (fact,) = history(newer, older, count=52, cursor="50")
    assert fact.cursor is None
    (fact,) = history(count=52, cursor="50")
    assert (fact.trades, fact.cursor) == ((), None)


def test_fills_that_were_not_asked_for_are_left_out() -> None:
    early, late = trade_row(time="1782899999.999"), trade_row(time="1782908000")
    (fact,) = history(late, trade_row(), early)
    assert [one.trade_id for one in fact.trades] == ["T-1"]
    (fact,) = history(late, latest=True)
    assert [one.trade_id for one in fact.trades] == ["T-0"]
    (fact,) = history(trade_row(), symbol="BTC/USD")
    assert fact.trades == ()


def test_fills_of_a_pair_with_a_name_of_its_own_are_not_left_out() -> None:
    for pair, symbol in (("USDTZUSD", "USDT/USD"), ("ADATRY", "ADA/TRY"), ("XXBTZUSD", "BTC/USD")):
        (fact,) = history(trade_row(pair=f'"{pair}"'), symbol=symbol)
        assert [(one.trade_id, one.symbol) for one in fact.trades] == [("T-0", symbol)]
    listed, lost = history(trade_row(pair='"WHATEVER"'), symbol="BTC/USD")
    assert (listed.trades, type(lost)) == ((), Unreadable)


def test_a_fill_that_cannot_be_counted_is_shown_to_be_missing() -> None:
    listed, lost = history(trade_row(price='"0"'), trade_row())
    assert [one.trade_id for one in listed.trades] == ["T-1"]
    assert isinstance(lost, Unreadable)


def test_the_history_of_orders_is_oldest_first() -> None:
    newer, older = row(status='"closed"', closetm="1782907300"), row(status='"canceled"', closetm="1782907260.5")
    body = '{"error":[],"result":{"closed":{"O-2":' + newer + ',"O-1":' + older + '},"count":60}}'
    (fact,) = read_answer(ListOrderHistory(request_id=RequestId(6), start=0, end=1), http(body))
    assert isinstance(fact, OrderHistoryListed)
    assert ([one.venue_order_id for one in fact.orders], fact.cursor) == (["O-1", "O-2"], "2/60")


REST_ANSWERS: dict[str, tuple[Request, str, list[Any]]] = {
    "a placement": (
        place(),
        '{"error":[],"result":{"descr":{"order":"sell"},"txid":["OSIM00-OLDER-ORDR00"]}}',
        [RequestAnswered(request_id=RequestId(100), venue_order_id=VenueOrderId("OSIM00-OLDER-ORDR00"))],
    ),
    "a placement that names no order": (
        place(),
        '{"error":[],"result":{"descr":{"order":"sell"}}}',
        [RequestAnswered(request_id=RequestId(100))],
    ),
    "an amendment": (
        replace(),
        '{"error":[],"result":{"amend_id":"TSIMAM-ENDID-000003"}}',
        [RequestAnswered(request_id=RequestId(110), venue_order_id=VenueOrderId("OSIM01-AAAAA-BBBB01"))],
    ),
    "a cancel": (cancel(1, "O"), '{"result":{"count":1}}', [RequestAnswered(request_id=RequestId(1))]),
    "a cancel under way": (
        cancel(1, "O"),
        '{"error":[],"result":{"count":0,"pending":true}}',
        [RequestAnswered(request_id=RequestId(1))],
    ),
    "a cancel of nothing": (
        cancel(1, "O"),
        '{"error":[],"result":{"count":0}}',
        [
            RequestRefused(
                request_id=RequestId(1),
                outcome=NOT_FOUND,
                reason="The venue knows no such order.",
                why=RejectReason.UNKNOWN_ORDER,
            )
        ],
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=RequestId(1), symbol=None),
        '{"error":[],"result":{"count":3}}',
        [RequestAnswered(request_id=RequestId(1), canceled=3)],
    ),
    "a cancel of everything that finds nothing": (
        CancelAllOrders(request_id=RequestId(1), symbol=None),
        '{"error":[],"result":{"count":0}}',
        [RequestAnswered(request_id=RequestId(1), canceled=0)],
    ),
    "the cancel timer": (
        SetCancelAllAfter(request_id=RequestId(1), seconds=60),
        '{"error":[],"result":{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"2026-07-01T12:01:14Z"}}',
        [CancelAllAfterSet(request_id=RequestId(1), cancels_at=1782907274000000000)],
    ),
    "a batch of orders": (
        BatchOrders(request_id=RequestId(9), legs=LEGS),
        '{"error":[],"result":{"orders":[{"txid":"O-1","descr":{}},{"error":"EOrder:Insufficient funds"}]}}',
        [
            RequestAnswered(request_id=RequestId(1), venue_order_id=VenueOrderId("O-1")),
            RequestRefused(
                request_id=RequestId(2),
                outcome=DEFINITE,
                reason="EOrder:Insufficient funds",
                why=RejectReason.INSUFFICIENT_FUNDS,
            ),
            RequestRefused(
                request_id=RequestId(3),
                outcome=AMBIGUOUS,
                reason="The answer to the batch does not say what became of this part.",
            ),
            RequestAnswered(request_id=RequestId(9)),
        ],
    ),
    "a batch of cancels": (
        BatchOrders(request_id=RequestId(9), legs=(cancel(1, "O-1"), cancel(2, "O-2"))),
        '{"error":[],"result":{"count":2}}',
        [
            RequestAnswered(request_id=RequestId(1)),
            RequestAnswered(request_id=RequestId(2)),
            RequestAnswered(request_id=RequestId(9)),
        ],
    ),
    "an error": (
        place(),
        '{"error":["EOrder:Post only order"]}',
        [
            RequestRefused(
                request_id=RequestId(100), outcome=DEFINITE, reason="EOrder:Post only order", why=RejectReason.POST_ONLY
            )
        ],
    ),
    "an error that leaves it open": (
        place(),
        '{"error":["EService:Unavailable"],"result":null}',
        [
            RequestRefused(
                request_id=RequestId(100),
                outcome=AMBIGUOUS,
                reason="EService:Unavailable",
                why=RejectReason.UNAVAILABLE,
            )
        ],
    ),
    "a question that fails has done nothing": (
        ListOpenOrders(request_id=RequestId(1)),
        '{"error":["EService:Unavailable"]}',
        [
            RequestRefused(
                request_id=RequestId(1), outcome=DEFINITE, reason="EService:Unavailable", why=RejectReason.UNAVAILABLE
            )
        ],
    ),
    "an error for a batch": (
        BatchOrders(request_id=RequestId(9), legs=LEGS[:2]),
        '{"error":["EGeneral:Invalid arguments"]}',
        [
            RequestRefused(
                request_id=RequestId(number),
                outcome=DEFINITE,
                reason="EGeneral:Invalid arguments",
                why=RejectReason.INVALID,
            )
            for number in (1, 2, 9)
        ],
    ),
    "a warning": (
        cancel(1, "O"),
        '{"error":["WGeneral:Sample advisory"],"result":{"count":1}}',
        [
            RequestAnswered(request_id=RequestId(1)),
            Notice(text="The venue warns about request 1: WGeneral:Sample advisory"),
        ],
    ),
}


@pytest.mark.parametrize("kind", REST_ANSWERS)
def test_a_rest_answer_is_read(kind: str) -> None:
    request, body, expected = REST_ANSWERS[kind]
    assert list(read_answer(request, http(body))) == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [("<html>", 502), ("", 200), ("[]", 200), ('{"error":[]}', 200), ('{"error":[],"result":{"count":1}}', 503)],
)
def test_an_answer_that_says_nothing_leaves_a_command_open_and_a_question_unasked(body: str, status: int) -> None:
    for request, outcome in ((cancel(1, "O"), AMBIGUOUS), (ListOpenOrders(request_id=RequestId(1)), DEFINITE)):
        refusal, complaint = read_answer(request, http(body, status))
        assert isinstance(refusal, RequestRefused)
        assert (refusal.outcome, type(complaint)) == (outcome, Unreadable)


@pytest.mark.parametrize("text", ["EGeneral:Invalid arguments", "EOrder:Unknown order", "EAPI:Invalid token"])
def test_a_server_that_fails_may_have_carried_a_command_out(text: str) -> None:
    body = f'{{"error":["{text}"]}}'
    for command in (place(), replace(), cancel(1, "O"), BatchOrders(request_id=RequestId(9), legs=LEGS)):
        facts: Any = read_answer(command, http(body, 502))
        assert {fact.outcome for fact in facts} == {AMBIGUOUS}
        assert facts[-1].reason == text
    (refused,) = read_answer(
        ListOpenOrders(request_id=RequestId(1)), http('{"error":["EGeneral:Invalid arguments"]}', 502)
    )
    assert isinstance(refused, RequestRefused)
    assert refused.outcome is DEFINITE


def test_an_order_beside_an_error_proves_nothing_over_rest() -> None:
    (fact,) = read_answer(place(), http('{"error":["EOrder:Invalid price"],"result":{"txid":["O-1"]}}'))
    assert isinstance(fact, RequestRefused)
    assert fact.outcome is AMBIGUOUS
    legs = '[{"txid":"O-1","error":"EOrder:Insufficient funds"},{"txid":"O-2"},{"txid":"O-3"}]'
    facts: Any = read_answer(BATCH, http('{"error":[],"result":{"orders":' + legs + "}}"))
    assert (facts[0].outcome, facts[1].venue_order_id, facts[2].venue_order_id) == (AMBIGUOUS, "O-2", "O-3")


ASKED = [
    place(),
    replace(),
    cancel(1, "O"),
    ListOpenOrders(request_id=RequestId(1)),
    BATCH,
    SetCancelAllAfter(request_id=RequestId(1), seconds=1),
]


@given(st.sampled_from(ASKED), st.binary() | JSON.map(lambda tree: json.dumps({"error": [], "result": tree}).encode()))
def test_no_answer_makes_the_reader_raise(request_: Request, body: bytes) -> None:
    assert read_answer(request_, HttpAnswer(status=200, body=body))
