"""Kraken Spot's REST calls and answers as the venue's documentation writes them (spec A.2, A.3, A.17, D.3).

Every body here is typed from there; the calls are compared byte for byte as they are signed and sent.
"""

# Ids and request numbers are written as plain text and numbers here.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from protocol.facts import (
    CancelAllAfterSet,
    FillsListed,
    OrderHistoryListed,
    OrderNotListed,
    OrderView,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.reasons import RejectReason
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
    LiquiditySide,
    Money,
    OffsetUnit,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TriggerType,
)
from protocol.venue import HttpAnswer, SignedCall

# The key of the vectors in the specification.
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
SPOT = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET, rest_entry=True))
SECOND = 10**9
PLACED_AT = 1782907201 * SECOND


def place(**changes: Any) -> PlaceOrder:
    fields: dict[str, Any] = {
        "request_id": 1,
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("0.02"),
        "price": D(59000),
        "trigger_price": None,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "wire_id": "sim-0033",
        "tag": None,
    }
    return PlaceOrder(**(fields | changes))


CLOSE = KrakenSpotOptions(conditional=ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=58000, price=57000))
LEG = {"quantity": D("0.01")}


def by_name(cursor: str | None = None, wire_id: str = "sim-0038", since: int = PLACED_AT) -> QueryOrder:
    return QueryOrder(request_id=7, venue_order_id=None, wire_id=wire_id, since=since, cursor=cursor)


# Calls, as they are sent

NONCE = 1782907200000000205
FORMS: dict[str, tuple[Request, str, str]] = {
    "an order with a close": (
        place(options=CLOSE),
        "/0/private/AddOrder",
        "nonce=1782907200000000205&type=buy&ordertype=limit&volume=0.02&price=59000&cl_ord_id=sim-0033"
        "&close%5Bordertype%5D=stop-loss-limit&close%5Bprice%5D=58000&close%5Bprice2%5D=57000&pair=XBTUSD",
    ),
    "a trailing stop": (
        place(
            side=Side.SELL,
            type=OrderType.TRAILING_STOP_MARKET,
            price=None,
            trailing_offset=D("1.5"),
            trailing_unit=OffsetUnit.PERCENT,
        ),
        "/0/private/AddOrder",
        "nonce=1782907200000000205&type=sell&ordertype=trailing-stop&volume=0.02&price=%2B1.5%25&cl_ord_id=sim-0033"
        "&trigger=last&pair=XBTUSD",
    ),
    "a close at a distance": (
        place(
            options=KrakenSpotOptions(
                conditional=ConditionalClose(
                    type=OrderType.MARKET_IF_TOUCHED, trigger_price=2, trigger_price_type="pct"
                ),
                unnamed=True,
            )
        ),
        "/0/private/AddOrder",
        "nonce=1782907200000000205&type=buy&ordertype=limit&volume=0.02&price=59000"
        "&close%5Bordertype%5D=take-profit&close%5Bprice%5D=%232%25&pair=XBTUSD",
    ),
    "fill or kill": (
        place(time_in_force=TimeInForce.FOK, process_before=1782907230 * SECOND),
        "/0/private/AddOrder",
        "nonce=1782907200000000205&type=buy&ordertype=limit&volume=0.02&price=59000&cl_ord_id=sim-0033"
        "&timeinforce=FOK&pair=XBTUSD&deadline=2026-07-01T12%3A00%3A30.000Z",
    ),
    "an amendment": (
        ReplaceOrder(
            request_id=1,
            venue_order_id="OSIM00-OLDER-ORDR00",
            quantity=D("2.4"),
            price=None,
            time_in_force=None,
            post_only=None,
            symbol="ETH/USD",
        ),
        "/0/private/AmendOrder",
        "nonce=1782907200000000205&txid=OSIM00-OLDER-ORDR00&order_qty=2.4",
    ),
    "a cancel": (
        CancelOrder(request_id=1, venue_order_id="OSIM00-OLDER-ORDR00", wire_id=None),
        "/0/private/CancelOrder",
        "nonce=1782907200000000205&txid=OSIM00-OLDER-ORDR00",
    ),
    "a cancel by client id": (
        CancelOrder(request_id=1, venue_order_id=None, wire_id="sim-0038"),
        "/0/private/CancelOrder",
        "nonce=1782907200000000205&cl_ord_id=sim-0038",
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=1, symbol=None),
        "/0/private/CancelAll",
        "nonce=1782907200000000205",
    ),
    "the dead man's switch": (
        SetCancelAllAfter(request_id=1, seconds=60),
        "/0/private/CancelAllOrdersAfter",
        "nonce=1782907200000000205&timeout=60",
    ),
    "what is open": (ListOpenOrders(request_id=1), "/0/private/OpenOrders", "nonce=1782907200000000205"),
    "an order by its id": (
        QueryOrder(request_id=1, venue_order_id="OSIM00-OLDER-ORDR00", wire_id=None),
        "/0/private/QueryOrders",
        "nonce=1782907200000000205&txid=OSIM00-OLDER-ORDR00&consolidate_taker=false",
    ),
    "an order by its client id": (
        by_name(),
        "/0/private/OpenOrders",
        "nonce=1782907200000000205&cl_ord_id=sim-0038",
    ),
    "an order by its client id, once more": (
        by_name("closed"),
        "/0/private/ClosedOrders",
        "nonce=1782907200000000205&cl_ord_id=sim-0038&consolidate_taker=false",
    ),
    "fills": (
        ListFills(request_id=1, start=1782900001 * SECOND, end=0, symbol=None, cursor="50", latest=True),
        "/0/private/TradesHistory",
        "nonce=1782907200000000205&start=1782900000&ofs=50&consolidate_taker=false",
    ),
    "what became of orders": (
        ListOrderHistory(request_id=1, start=1782900001 * SECOND, end=1782907200 * SECOND),
        "/0/private/ClosedOrders",
        "nonce=1782907200000000205&start=1782900000&end=1782907200&closetime=both&consolidate_taker=false",
    ),
}


def signed(request: Request) -> Any:
    call = SPOT.encode(request)
    assert isinstance(call, SignedCall)
    return call.sign(NONCE)


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_is_sent_as_documented(kind: str) -> None:
    request, path, body = FORMS[kind]
    call = signed(request)
    assert (call.method, call.path, call.body.decode()) == ("POST", path, body)
    assert dict(call.headers)["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"


def test_the_token_is_asked_for_as_documented() -> None:
    call = SPOT.login_call().sign(1767225600000000001)
    assert (call.method, call.path) == ("POST", "/0/private/GetWebSocketsToken")
    assert call.body == b"nonce=1767225600000000001"
    assert dict(call.headers)["API-Sign"] == (
        "XCI6K2eNONDHL9Yq/gNUz8wChUbji5SCvbkwGbDXV90lMBGJwvreG65IboJYW11KpDMe73QKFmRYgznHzxcUoA=="
    )


BODIES: dict[str, tuple[Request, str, str]] = {
    "orders": (
        BatchOrders(
            request_id=9,
            legs=(
                place(**LEG, wire_id="sim-0034", options=CLOSE),
                place(**LEG, request_id=2, wire_id="sim-0035", price=D("58500.5")),
            ),
            process_before=1782907230 * SECOND,
        ),
        "/0/private/AddOrderBatch",
        '{"nonce":"1782907200000000205","pair":"XBTUSD","orders":['
        '{"type":"buy","ordertype":"limit","volume":"0.01","price":"59000","cl_ord_id":"sim-0034",'
        '"close":{"ordertype":"stop-loss-limit","price":"58000","price2":"57000"}},'
        '{"type":"buy","ordertype":"limit","volume":"0.01","price":"58500.5","cl_ord_id":"sim-0035"}],'
        '"deadline":"2026-07-01T12:00:30.000Z"}',
    ),
    "cancels": (
        BatchOrders(
            request_id=9,
            legs=(
                CancelOrder(request_id=1, venue_order_id="OSIM30-RESTB-ORDR01", wire_id=None),
                CancelOrder(request_id=2, venue_order_id="OSIM30-RESTB-ORDR02", wire_id=None),
            ),
        ),
        "/0/private/CancelOrderBatch",
        '{"nonce":"1782907200000000205","orders":["OSIM30-RESTB-ORDR01","OSIM30-RESTB-ORDR02"]}',
    ),
    "cancels by client id": (
        BatchOrders(
            request_id=9,
            legs=(
                CancelOrder(request_id=1, venue_order_id=None, wire_id="sim-0034"),
                CancelOrder(request_id=2, venue_order_id=None, wire_id="sim-0035"),
            ),
        ),
        "/0/private/CancelOrderBatch",
        '{"nonce":"1782907200000000205","cl_ord_ids":["sim-0034","sim-0035"]}',
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_batch_is_sent_as_json_with_its_closes_nested(kind: str) -> None:
    request, path, body = BODIES[kind]
    call = signed(request)
    assert (call.path, call.body.decode()) == (path, body)
    assert dict(call.headers)["Content-Type"] == "application/json"
    assert "close[" not in call.body.decode()


# Answers


def answered(request: Request, body: str, status: int = 200) -> Any:
    return SPOT.read_answer(request, HttpAnswer(status=status, body=body.encode()))


PAIRS = (
    '{"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","aclass_base":"currency","base":"XXBT",'
    '"aclass_quote":"currency","quote":"ZUSD","lot":"unit","cost_decimals":5,"pair_decimals":1,"lot_decimals":8,'
    '"lot_multiplier":1,"leverage_buy":[2,3,4,5],"leverage_sell":[2,3,4,5],"fees":[],"fees_maker":[],'
    '"fee_volume_currency":"ZUSD","margin_call":80,"margin_stop":40,"ordermin":"0.00005","costmin":"0.5",'
    '"tick_size":"0.1","status":"online","execution_venue":"international","long_position_limit":350,'
    '"short_position_limit":250}}}'
)


def test_the_list_of_pairs_is_read_with_all_that_it_has_today() -> None:
    (bitcoin,) = SPOT.read_instruments(HttpAnswer(status=200, body=PAIRS.encode()))
    assert (str(bitcoin.id), bitcoin.price_increment, bitcoin.quantity_increment) == (
        "BTC/USD.KRAKEN",
        D("0.1"),
        D("0.00000001"),
    )
    assert (bitcoin.minimum_quantity, bitcoin.quote_currency) == (D("0.00005"), "USD")


ROW = (
    '{"refid":null,"userref":null,"cl_ord_id":"sim-0038","status":"open","opentm":1782907201.25,"starttm":0,'
    '"expiretm":0,"descr":{"pair":"XBTUSD","aclass":"forex","type":"buy","ordertype":"limit","price":"59000.0",'
    '"price2":"0","leverage":"none","order":"buy 0.02000000 XBTUSD @ limit 59000.0","close":""},"vol":"0.02000000",'
    '"vol_exec":"0.00000000","cost":"0.00000","fee":"0.00000","price":"0.00000","stopprice":"0.00000",'
    '"limitprice":"0.00000","misc":"","oflags":"fciq"}'
)
CLOSED_ROW = (
    '{"refid":null,"userref":null,"cl_ord_id":"sim-0038","status":"closed","opentm":1782907201.25,"starttm":0,'
    '"expiretm":0,"descr":{"pair":"XBTUSD","aclass":"forex","type":"buy","ordertype":"limit","price":"59000.0",'
    '"price2":"0","leverage":"none","order":"buy 0.02000000 XBTUSD @ limit 59000.0","close":""},"vol":"0.02000000",'
    '"vol_exec":"0.02000000","cost":"1179.98000","fee":"-0.23600","price":"58999.0","stopprice":"0.00000",'
    '"limitprice":"0.00000","misc":"","oflags":"fciq","closetm":1782907202.5,"reason":null}'
)


def shown(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "OSIM38-FOUND-ORDR38",
        "wire_id": "sim-0038",
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "price": D("59000.0"),
        "quantity": D("0.02"),
        "cumulative": D(0),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "time": 1782907201250000000,
    }
    return OrderView(**(fields | changes))


ENDED_AT = 1782907202_500_000_000
COMPLETED = shown(status=OrderStatus.FILLED, cumulative=D("0.02"), average_price=D(58999), ended=ENDED_AT)


def opened(*rows: str) -> str:
    return '{"error":[],"result":{"open":{' + ",".join(rows) + "}}}"


def closed(*rows: str) -> str:
    return '{"error":[],"result":{"closed":{' + ",".join(rows) + f'}},"count":{len(rows)}' + "}}"


def test_what_is_open_is_read() -> None:
    facts = answered(ListOpenOrders(request_id=7), opened(f'"OSIM38-FOUND-ORDR38":{ROW}'))
    assert facts == (RequestAnswered(request_id=7, orders=(shown(),)),)


def test_what_became_of_orders_is_read() -> None:
    asked = ListOrderHistory(request_id=7, start=0, end=PLACED_AT)
    facts = answered(asked, closed(f'"OSIM38-FOUND-ORDR38":{CLOSED_ROW}'))
    assert facts == (OrderHistoryListed(request_id=7, orders=(COMPLETED,)),)


def test_an_order_is_read_by_its_id() -> None:
    asked = QueryOrder(request_id=7, venue_order_id="OSIM38-FOUND-ORDR38", wire_id=None)
    facts = answered(asked, '{"error":[],"result":{"OSIM38-FOUND-ORDR38":' + CLOSED_ROW + "}}")
    assert facts == (RequestAnswered(request_id=7, order=COMPLETED),)


# A lookup by client id: what is open, then what is closed


def test_an_order_that_is_open_is_found_by_its_client_id() -> None:
    facts = answered(by_name(), opened(f'"OSIM38-FOUND-ORDR38":{ROW}'))
    assert facts == (RequestAnswered(request_id=7, order=shown()),)


def test_an_order_that_is_not_open_is_looked_up_among_those_that_are_closed() -> None:
    assert answered(by_name(), opened()) == (OrderNotListed(request_id=7, cursor="closed"),)
    facts = answered(by_name("closed"), closed(f'"OSIM38-FOUND-ORDR38":{CLOSED_ROW}'))
    assert facts == (RequestAnswered(request_id=7, order=COMPLETED),)


def test_an_order_in_neither_list_is_not_found() -> None:
    (refused,) = answered(by_name("closed"), closed())
    assert (refused.request_id, refused.outcome) == (7, Outcome.NOT_FOUND)


def test_of_several_orders_of_one_name_the_one_that_was_placed_now_is_meant() -> None:
    older = CLOSED_ROW.replace("1782907201.25", "1782820000.5")
    oldest = CLOSED_ROW.replace("1782907201.25", "1782810000.5")
    facts = answered(
        by_name("closed"), closed(f'"O-2":{older}', f'"OSIM38-FOUND-ORDR38":{CLOSED_ROW}', f'"O-1":{oldest}')
    )
    assert facts == (RequestAnswered(request_id=7, order=COMPLETED),)
    (refused,) = answered(by_name("closed"), closed(f'"O-2":{older}', f'"O-1":{oldest}'))
    assert refused.outcome is Outcome.NOT_FOUND
    assert answered(by_name(), opened(f'"O-1":{ROW.replace("1782907201.25", "1782820000.5")}')) == (
        OrderNotListed(request_id=7, cursor="closed"),
    )


def test_the_venues_clock_may_be_behind_ours() -> None:
    slow = ROW.replace("1782907201.25", "1782907142.0")  # 59 s before we placed it
    (found,) = answered(by_name(), opened(f'"OSIM38-FOUND-ORDR38":{slow}'))
    assert found.order.venue_order_id == "OSIM38-FOUND-ORDR38"


def test_an_order_of_which_nobody_knows_when_it_was_placed_may_be_of_any_age() -> None:
    (found,) = answered(by_name(since=0), opened(f'"OSIM38-FOUND-ORDR38":{ROW}'))
    assert found.order == shown()
    (found,) = answered(by_name(), opened(f'"OSIM38-FOUND-ORDR38":{ROW.replace("1782907201.25", "0")}'))
    assert found.order == shown(time=0)


@pytest.mark.parametrize("name", ['"another"', "null", '""'])
def test_an_order_without_the_name_is_never_meant(name: str) -> None:
    row = ROW.replace('"sim-0038"', name)
    assert answered(by_name(), opened(f'"O-1":{row}')) == (OrderNotListed(request_id=7, cursor="closed"),)


@pytest.mark.parametrize("cursor", [None, "closed"])
@pytest.mark.parametrize(
    "body",
    [
        '{"error":["EAPI:Rate limit exceeded"]}',
        '{"error":["EService: Throttled: 1782907260"]}',
        '{"error":["EService:Unavailable"]}',
        '{"error":["EAPI:Invalid nonce"]}',
        '{"error":["EOrder:Unknown order"]}',
        '{"error":["EOrder:Invalid order"]}',
        '{"error":["EGeneral:Invalid arguments:txid"]}',
        '{"error":[],"result":{}}',
        '{"error":[],"result":null}',
        '{"error":[]}',
        "<html><title>502</title></html>",
        "",
    ],
)
def test_a_list_that_was_not_given_proves_nothing(cursor: str | None, body: str) -> None:
    refused, *told = answered(by_name(cursor), body)
    assert isinstance(refused, RequestRefused)
    assert refused.outcome in (Outcome.DEFINITE, Outcome.THROTTLED)
    assert all(isinstance(each, Unreadable) for each in told)


# Rows


def row_with(changes: dict[str, str]) -> str:
    row = ROW
    for old, new in changes.items():
        assert old in row
        row = row.replace(old, new)
    return row


STOP = {'"ordertype":"limit"': '"ordertype":"stop-loss-limit"'}
ROWS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "the text None for no parent": ({'"refid":null': '"refid":"None"'}, {"parent": None}),
    "a parent": ({'"refid":null': '"refid":"OSIM33-CLOSE-ORDR33"'}, {"parent": "OSIM33-CLOSE-ORDR33"}),
    "a tag of nothing": ({'"userref":null': '"userref":0'}, {}),
    "a limit at a distance": ({'"price":"59000.0"': '"price":"-2%"'}, {"price": None}),
    "a limit at a distance, with places": ({'"price":"59000.0"': '"price":"+50.0000%"'}, {"price": None}),
    "a distance whose sign the venue chose": ({'"price":"59000.0"': '"price":"#1000"'}, {"price": None}),
    "a stop and its limit": (
        STOP | {'"price2":"0"': '"price2":"57000.0"'},
        {
            "type": OrderType.STOP_LIMIT,
            "price": D("57000.0"),
            "trigger_price": D("59000.0"),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop and its limit at a distance": (
        STOP | {'"price2":"0"': '"price2":"+1000"', '"stopprice":"0.00000"': '"stopprice":"59000.00000"'},
        {
            "type": OrderType.STOP_LIMIT,
            "price": None,
            "trigger_price": D(59000),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a trailing stop, whose trigger has moved": (
        {
            '"ordertype":"limit"': '"ordertype":"trailing-stop"',
            '"price":"59000.0"': '"price":"+1.5000%"',
            '"stopprice":"0.00000"': '"stopprice":"58120.50000"',
        },
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": D("58120.5"),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop that has fired": (
        STOP | {'"price2":"0"': '"price2":"57000.0"', '"misc":""': '"misc":"stopped"'},
        {
            "type": OrderType.STOP_LIMIT,
            "status": OrderStatus.TRIGGERED,
            "price": D(57000),
            "trigger_price": D(59000),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "an order that was touched, and amended": (
        {'"ordertype":"limit"': '"ordertype":"take-profit"', '"misc":""': '"misc":"amended,touched"'},
        {
            "type": OrderType.MARKET_IF_TOUCHED,
            "status": OrderStatus.TRIGGERED,
            "price": None,
            "trigger_price": D(59000),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop that has fired and filled in part": (
        STOP
        | {
            '"price2":"0"': '"price2":"57000.0"',
            '"misc":""': '"misc":"stopped"',
            '"vol_exec":"0.00000000"': '"vol_exec":"0.01000000"',
        },
        {
            "type": OrderType.STOP_LIMIT,
            "status": OrderStatus.PARTIALLY_FILLED,
            "cumulative": D("0.01"),
            "price": D(57000),
            "trigger_price": D(59000),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "an order that ended after its trigger fired": (
        STOP | {'"price2":"0"': '"price2":"57000.0"', '"misc":""': '"misc":"stopped"', '"open"': '"canceled"'},
        {
            "type": OrderType.STOP_LIMIT,
            "status": OrderStatus.CANCELED,
            "price": D(57000),
            "trigger_price": D(59000),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_is_read(kind: str) -> None:
    changes, expected = ROWS[kind]
    facts = answered(ListOpenOrders(request_id=7), opened(f'"OSIM38-FOUND-ORDR38":{row_with(changes)}'))
    assert facts == (RequestAnswered(request_id=7, orders=(shown(**expected),)),)


FILLS = (
    '{"error":[],"result":{"trades":{"TSIM38-FOUND-FILL02":{"ordertxid":"OSIM38-FOUND-ORDR38",'
    '"postxid":"TSIM38-POSXX-000000","pair":"XXBTZUSD","time":1782907202.5,"type":"buy","ordertype":"limit",'
    '"price":"58998.00000","cost":"589.98000","fee":"-0.11800","vol":"0.01000000","margin":"0.00000","leverage":"0",'
    '"misc":"","trade_id":910002,"maker":true},"TSIM38-FOUND-FILL01":{"ordertxid":"OSIM38-FOUND-ORDR38",'
    '"postxid":"TSIM38-POSXX-000000","pair":"XXBTZUSD","time":1782907202.4,"type":"buy","ordertype":"limit",'
    '"price":"59000.00000","cost":"590.00000","fee":"0.94400","vol":"0.01000000","margin":"0.00000","leverage":"0",'
    '"misc":"","trade_id":910001}},"count":2}}'
)


def test_fills_are_read_with_the_sign_of_their_fees() -> None:
    SPOT.read_instruments(HttpAnswer(status=200, body=PAIRS.encode()))
    asked = ListFills(request_id=7, start=0, end=2 * PLACED_AT, symbol=None)
    common: dict[str, Any] = {
        "venue_order_id": "OSIM38-FOUND-ORDR38",
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "quantity": D("0.01"),
    }
    first = Trade(
        **common,
        trade_id="TSIM38-FOUND-FILL01",
        price=D(59000),
        liquidity=LiquiditySide.NONE,
        time=1782907202400000000,
        fee=Money(D("0.94400"), "USD"),
    )
    second = Trade(
        **common,
        trade_id="TSIM38-FOUND-FILL02",
        price=D(58998),
        liquidity=LiquiditySide.MAKER,
        time=1782907202500000000,
        fee=Money(D("-0.11800"), "USD"),
    )
    assert answered(asked, FILLS) == (FillsListed(request_id=7, trades=(first, second)),)


# Order entry

ANSWERS: dict[str, tuple[Request, str, Any]] = {
    "an order": (
        place(),
        '{"error":[],"result":{"descr":{"order":"buy 0.02000000 XBTUSD @ limit 59000.0","close":'
        '"close position @ stop loss 58000.0 -> limit 57000.0"},"txid":["OSIM33-CLOSE-ORDR33"]}}',
        RequestAnswered(request_id=1, venue_order_id="OSIM33-CLOSE-ORDR33"),
    ),
    "an amendment": (
        ReplaceOrder(
            request_id=1,
            venue_order_id="OSIM00-OLDER-ORDR00",
            quantity=D("2.4"),
            price=None,
            time_in_force=None,
            post_only=None,
        ),
        '{"error":[],"result":{"amend_id":"TSIMAM-ENDID-000003"}}',
        RequestAnswered(request_id=1, venue_order_id="OSIM00-OLDER-ORDR00"),
    ),
    "a cancel": (
        CancelOrder(request_id=1, venue_order_id="OSIM00-OLDER-ORDR00", wire_id=None),
        '{"error":[],"result":{"count":1}}',
        RequestAnswered(request_id=1),
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=1, symbol=None),
        '{"error":[],"result":{"count":3}}',
        RequestAnswered(request_id=1, canceled=3),
    ),
    "the dead man's switch": (
        SetCancelAllAfter(request_id=1, seconds=60),
        '{"error":[],"result":{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"2026-07-01T12:01:14Z"}}',
        CancelAllAfterSet(request_id=1, cancels_at=1782907274 * SECOND),
    ),
    "the dead man's switch, by a clock with an offset": (
        SetCancelAllAfter(request_id=1, seconds=60),
        '{"error":[],"result":{"currentTime":"2026-07-01T14:00:14+02:00","triggerTime":"2026-07-01T14:01:14+02:00"}}',
        CancelAllAfterSet(request_id=1, cancels_at=1782907274 * SECOND),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_to_order_entry_is_read(kind: str) -> None:
    request, body, expected = ANSWERS[kind]
    assert answered(request, body) == (expected,)


def test_the_answers_to_a_batch_are_read_in_the_order_of_its_parts() -> None:
    request, _, _ = BODIES["orders"]
    body = (
        '{"error":[],"result":{"orders":[{"txid":"OSIM30-RESTB-ORDR01","descr":{"order":'
        '"buy 0.01000000 XBTUSD @ limit 59000.0","close":"close position @ stop loss 58000.0 -> limit 57000.0"}},'
        '{"error":"EOrder:Insufficient funds"}]}}'
    )
    assert answered(request, body) == (
        RequestAnswered(request_id=1, venue_order_id="OSIM30-RESTB-ORDR01"),
        RequestRefused(
            request_id=2,
            outcome=Outcome.DEFINITE,
            reason="EOrder:Insufficient funds",
            why=RejectReason.INSUFFICIENT_FUNDS,
        ),
        RequestAnswered(request_id=9),
    )


@pytest.mark.parametrize("kind", ["cancels", "cancels by client id"])
@pytest.mark.parametrize("words", ["EOrder:Invalid order", "EOrder:Unknown order"])
def test_cancels_of_orders_that_are_not_there_find_none(kind: str, words: str) -> None:
    request, _, _ = BODIES[kind]
    facts = answered(request, f'{{"error":["{words}"]}}')
    assert [(fact.request_id, fact.outcome) for fact in facts] == [
        (1, Outcome.NOT_FOUND),
        (2, Outcome.NOT_FOUND),
        (9, Outcome.NOT_FOUND),
    ]


def test_the_same_words_about_a_placement_refuse_its_content() -> None:
    (fact,) = answered(place(), '{"error":["EOrder:Invalid order"]}')
    assert fact == RequestRefused(
        request_id=1, outcome=Outcome.DEFINITE, reason="EOrder:Invalid order", why=RejectReason.INVALID
    )
