"""AX's history over REST as the client asks for it and reads it, typed out from what the venue documents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.ax.venue import AxSettings, AxVenue
from protocol.facts import (
    FillsListed,
    OrderHistoryListed,
    OrderView,
    Outcome,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.requests import ListFills, ListOrderHistory
from protocol.values import LiquiditySide, Money, OrderStatus, RequestId, Side, TimeInForce, TradeId, VenueOrderId
from protocol.venue import HttpAnswer, HttpCall

SECOND = 1_000_000_000
WEEK = 7 * 24 * 3600 * SECOND

VENUE = AxVenue(AxSettings(token="t"))
ELSEWHERE = AxVenue(AxSettings(token="t", account="ACME-2"))

PAST = ListOrderHistory(request_id=RequestId(31), start=1790000000_000000000, end=1790000900_000000001)
FILLS = ListFills(request_id=RequestId(32), start=1790000000_000000000, end=1790000900_000000001, symbol=None)
ITS_FILLS = evolve(FILLS, venue_order_id=VenueOrderId("O-01KX0000000000000000000001"))


def answer(text: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status=status, body=text.encode())


def orders_of(text: str, request: ListOrderHistory = PAST) -> OrderHistoryListed:
    (fact,) = VENUE.read_answer(request, answer(text))
    assert isinstance(fact, OrderHistoryListed)
    return fact


def row(oid: str, state: str, **terms: Any) -> dict[str, Any]:
    """One order as `/orders` has it."""
    known = {
        "oid": oid,
        "u": "01KTESTUSR-0000",
        "aid": "01KTESTUSR-0000",
        "s": "XAU-PERP",
        "p": "2411.5",
        "q": 40,
        "xq": 0,
        "rq": 0,
        "o": state,
        "d": "S",
        "tif": "GTC",
        "cid": 501,
        "tag": "demo1",
        "po": False,
        "ts": 1790000001,
        "tn": 900,
    }
    return known | terms


# What became of orders


def test_what_became_of_orders_is_asked_for_oldest_first_between_two_moments() -> None:
    assert VENUE.encode(PAST) == HttpCall(
        method="GET",
        path="/orders/orders",
        query=(
            ("start_timestamp_ns", "1790000000000000000"),
            ("end_timestamp_ns", "1790000900000000001"),
            ("sort_ts", "asc"),
        ),
    )
    call = ELSEWHERE.encode(evolve(PAST, cursor="1790000001000000900:O-01KX0000000000000000000001"))
    assert isinstance(call, HttpCall)
    assert call.query[3:] == (
        ("cursor", "1790000001000000900:O-01KX0000000000000000000001"),
        ("account_id", "ACME-2"),
    )


def test_a_page_of_orders_names_each_and_where_the_next_page_begins() -> None:
    text = (
        '{"orders":[{"oid":"O-01KX0000000000000000000001","u":"01KTESTUSR-0000","aid":"01KTESTUSR-0000",'
        '"s":"XAU-PERP","p":"2411.5","q":40,"xq":15,"rq":0,"o":"REPLACED","d":"S","tif":"GTC","cid":501,"tag":"demo1",'
        '"po":false,"ts":1790000001,"tn":900}],"limit":100,'
        '"next_cursor":"1790000001000000900:O-01KX0000000000000000000001"}'
    )
    assert orders_of(text) == OrderHistoryListed(
        request_id=RequestId(31),
        orders=(
            OrderView(
                venue_order_id=VenueOrderId("O-01KX0000000000000000000001"),
                wire_id=501,
                symbol="XAU-PERP",
                side=Side.SELL,
                price=Decimal("2411.5"),
                quantity=Decimal(40),
                cumulative=Decimal(15),
                status=None,
                time_in_force=TimeInForce.GTC,
                post_only=False,
                reason="REPLACED",
                time=1790000001_000000900,
                replaced=True,
                tag="demo1",
            ),
        ),
        cursor="1790000001000000900:O-01KX0000000000000000000001",
    )


def test_a_replaced_chain_comes_as_one_row_for_each_venue_order_id() -> None:
    rows = [
        row("O-3", "FILLED", q=5, xq=5, p="2410.9", ts=1790000007),
        row("O-2", "REPLACED", q=25, xq=20, ts=1790000005),
        row("O-1", "REPLACED", xq=15),
    ]
    listed = orders_of(json.dumps({"orders": rows, "limit": 100}))
    told = [(v.venue_order_id, v.wire_id, v.quantity, v.cumulative, v.status, v.replaced) for v in listed.orders]
    assert told == [
        ("O-1", 501, Decimal(40), Decimal(15), None, True),
        ("O-2", 501, Decimal(25), Decimal(20), None, True),
        ("O-3", 501, Decimal(5), Decimal(5), OrderStatus.FILLED, False),
    ]
    assert listed.cursor is None


@pytest.mark.parametrize(
    ("state", "more", "status", "reason"),
    [
        ("PENDING", {"rq": 40}, OrderStatus.SUBMITTED, ""),
        ("ACCEPTED", {"rq": 40}, OrderStatus.ACCEPTED, ""),
        ("PARTIALLY_FILLED", {"xq": 1, "rq": 39}, OrderStatus.PARTIALLY_FILLED, ""),
        ("FILLED", {"xq": 40}, OrderStatus.FILLED, ""),
        ("CANCELED", {"xq": 3}, OrderStatus.CANCELED, ""),
        ("REJECTED", {"r": "CLOSE_ONLY", "txt": "only less"}, OrderStatus.REJECTED, "CLOSE_ONLY"),
        ("REJECTED", {"r": None, "txt": "post-only order would cross the book"}, OrderStatus.REJECTED, "post-only"),
        ("EXPIRED", {}, OrderStatus.EXPIRED, ""),
        ("DONE_FOR_DAY", {}, OrderStatus.EXPIRED, ""),
    ],
)
def test_ended_and_live_orders_say_where_they_stand(
    state: str, more: dict[str, Any], status: OrderStatus, reason: str
) -> None:
    (view,) = orders_of(json.dumps({"orders": [row("O-1", state, **more)]})).orders
    assert (view.status, view.replaced) == (status, False)
    assert view.reason.startswith(reason)
    assert view.cumulative == more.get("xq", 0)


def test_one_bad_row_does_not_cost_its_neighbours() -> None:
    text = json.dumps({"orders": [{"oid": ""}, row("O-2", "FILLED"), 5], "next_cursor": "9:O-2"})
    listed, *skipped = VENUE.read_answer(PAST, answer(text))
    assert isinstance(listed, OrderHistoryListed)
    assert [view.venue_order_id for view in listed.orders] == ["O-2"]
    assert listed.cursor == "9:O-2"
    assert [type(fact) for fact in skipped] == [Unreadable, Unreadable]


def test_the_last_page_names_no_other() -> None:
    page = json.dumps({"orders": [row("O-1", "FILLED")], "next_cursor": "9:O-1", "total_count": 300})
    assert orders_of(page).cursor == "9:O-1"
    assert orders_of(page, evolve(PAST, cursor="9:O-1")).cursor is None  # it leads back to itself
    assert orders_of('{"orders":[],"next_cursor":"9:O-1"}').cursor is None
    assert orders_of('{"orders":[],"limit":100,"total_count":300}').cursor is None


def test_pages_of_an_older_venue_count_rows() -> None:
    def page(offset: int, rows: int) -> str:
        return json.dumps({"orders": [row("O-1", "FILLED")] * rows, "total": 250, "limit": 100, "offset": offset})

    second = evolve(PAST, cursor=orders_of(page(0, 100)).cursor)
    call = VENUE.encode(second)
    assert isinstance(call, HttpCall)
    assert call.query[3:] == (("offset", "100"),)
    assert orders_of(page(100, 100), second).cursor == "offset:200"
    assert orders_of(page(200, 50), evolve(PAST, cursor="offset:200")).cursor is None


def test_a_row_that_cannot_be_read_counts_as_one_of_the_page() -> None:
    text = json.dumps({"orders": [5, row("O-2", "FILLED"), {}], "total": 9, "limit": 3, "offset": 3})
    listed, *skipped = VENUE.read_answer(PAST, answer(text))
    assert isinstance(listed, OrderHistoryListed)
    assert (len(listed.orders), len(skipped), listed.cursor) == (1, 2, "offset:6")
    of_nothing = json.dumps({"orders": [5], "next_cursor": "9:O-1"})
    assert getattr(VENUE.read_answer(PAST, answer(of_nothing))[0], "cursor", None) == "9:O-1"


# Executions


def test_fills_come_with_fees_and_without_client_ids() -> None:
    text = (
        '{"fills":[{"trade_id":"T-9","order_id":"O-01KX0000000000000000000001","user_id":"01KTESTUSR-0000",'
        '"account_id":"01KTESTUSR-0000","timestamp":"2026-09-21T14:13:23.000000000Z","symbol":"XAU-PERP",'
        '"price":"2411.5","quantity":15,"is_taker":false,"fee":"0.72","side":"S","realized_pnl":"0"},'
        '{"trade_id":"T-B1","account_id":"01KTESTUSR-0000","timestamp":"2026-09-21T15:00:00Z","symbol":"XAU-PERP",'
        '"price":"2411","quantity":3,"is_taker":true,"fee":"0","side":"B"}],"limit":100,"total_count":2}'
    )
    assert VENUE.read_answer(FILLS, answer(text)) == (
        FillsListed(request_id=RequestId(32), trades=(FILL,), cursor=None),
    )


FILL = Trade(
    venue_order_id=VenueOrderId("O-01KX0000000000000000000001"),
    trade_id=TradeId("T-9"),
    symbol="XAU-PERP",
    side=Side.SELL,
    price=Decimal("2411.5"),
    quantity=Decimal(15),
    liquidity=LiquiditySide.MAKER,
    time=1790000003_000000000,
    fee=Money(Decimal("0.72"), "USD"),
    wire_id=None,
)


def test_a_range_that_reaches_to_the_present_still_has_an_end() -> None:
    assert VENUE.encode(evolve(FILLS, latest=True)) == VENUE.encode(FILLS)


def test_the_fills_of_one_order_are_asked_for_by_its_venue_order_id_alone() -> None:
    ages_ago = evolve(ITS_FILLS, start=0, end=10 * WEEK)
    for venue, request in ((VENUE, ITS_FILLS), (ELSEWHERE, ages_ago)):
        assert venue.encode(request) == HttpCall(
            method="GET", path="/orders/order-fills", query=(("order_id", "O-01KX0000000000000000000001"),)
        )


def test_the_fills_of_one_order_are_its_own() -> None:
    text = (
        '{"fills":[{"trade_id":"T-9","order_id":"O-01KX0000000000000000000001","account_id":"01KTESTUSR-0000",'
        '"timestamp":"2026-09-21T14:13:23Z","symbol":"XAU-PERP","price":"2411.5","quantity":15,"is_taker":false,'
        '"fee":"0.72","side":"S"}]}'
    )
    listed = (FillsListed(request_id=RequestId(32), trades=(FILL,), cursor=None),)
    assert VENUE.read_answer(ITS_FILLS, answer(text)) == listed
    unnamed = text.replace('"order_id":"O-01KX0000000000000000000001",', "")
    assert VENUE.read_answer(ITS_FILLS, answer(unnamed)) == listed
    (of_nobody,) = VENUE.read_answer(FILLS, answer(unnamed))
    assert isinstance(of_nobody, FillsListed)
    assert of_nobody.trades == ()


# Both


@pytest.mark.parametrize("request_", [PAST, FILLS], ids=["orders", "fills"])
def test_seven_days_may_be_asked_for_and_not_a_nanosecond_more(request_: ListOrderHistory | ListFills) -> None:
    assert VENUE.rules.history_span == WEEK
    VENUE.encode(evolve(request_, start=SECOND, end=SECOND + WEEK))
    with pytest.raises(ValueError, match="AX lists 7 days at most"):
        VENUE.encode(evolve(request_, start=SECOND, end=SECOND + WEEK + 1))


@pytest.mark.parametrize("request_", [PAST, FILLS, ITS_FILLS], ids=["orders", "fills", "of one order"])
def test_a_page_of_a_proxy_is_no_answer(request_: ListOrderHistory | ListFills) -> None:
    for status in (200, 403, 502):
        (refusal,) = VENUE.read_answer(request_, answer("<html>try later</html>", status))
        assert isinstance(refusal, RequestRefused)
        assert (refusal.request_id, refusal.outcome) == (request_.request_id, Outcome.AMBIGUOUS)


def test_the_rules_say_what_each_source_shows() -> None:
    rules = VENUE.rules
    assert rules.lists_lag == 5 * SECOND
    assert rules.history_by_placement
    assert rules.chain_history
    assert rules.lists_order_fills
    assert not rules.status_shows_terms
