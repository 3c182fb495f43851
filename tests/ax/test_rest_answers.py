"""AX's HTTP calls and their answers, each typed out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol.ax.rest_answers import read_answer
from protocol.ax.rest_order_entry import encode_rest
from protocol.facts import FillsListed, Outcome, PricePreviewed, RequestRefused, Unreadable
from protocol.reasons import RejectReason
from protocol.requests import ListFills, ListOrderHistory, PreviewPrice
from protocol.structs import evolve
from protocol.values import Money, RequestId, Side
from protocol.venue import HttpAnswer, HttpCall

from .messages import ELSEWHERE, ORIGIN, TRADE, answer

PREVIEW = PreviewPrice(request_id=RequestId(21), symbol="GBPUSD-PERP", side=Side.BUY, quantity=Decimal(8))
FILLS = ListFills(request_id=RequestId(22), start=1795000000_000000000, end=1795000900_000000001, symbol=None)
PAST = ListOrderHistory(request_id=RequestId(23), start=1795000000_000000000, end=1795000900_000000001)


def test_a_preview_is_asked_for_over_http() -> None:
    call = encode_rest(PREVIEW, ORIGIN)
    assert call == HttpCall(
        method="POST",
        path="/api/preview-aggressive-limit-order",
        body=b'{"symbol":"GBPUSD-PERP","quantity":8,"side":"B"}',
    )


def test_a_preview_names_a_price_or_none() -> None:
    text = '{"limit_price":"1.2722","vwap":"1.2715","filled_quantity":8,"remaining_quantity":0}'
    facts = read_answer(PREVIEW, answer(200, text))
    assert facts == (
        PricePreviewed(request_id=RequestId(21), price=Decimal("1.2722"), filled=Decimal(8), remaining=Decimal(0)),
    )
    text = '{"limit_price":null,"vwap":null,"filled_quantity":0,"remaining_quantity":8}'
    facts = read_answer(PREVIEW, answer(200, text))
    assert facts == (PricePreviewed(request_id=RequestId(21), price=None, filled=Decimal(0), remaining=Decimal(8)),)


def test_history_is_asked_for_oldest_first_and_page_by_page() -> None:
    call = encode_rest(evolve(FILLS, symbol="GBPUSD-PERP", cursor="1795000100:T-3"), ELSEWHERE)
    assert call == HttpCall(
        method="GET",
        path="/api/fills",
        query=(
            ("symbol", "GBPUSD-PERP"),
            ("start_timestamp_ns", "1795000000000000000"),
            ("end_timestamp_ns", "1795000900000000001"),
            ("sort_ts", "asc"),
            ("cursor", "1795000100:T-3"),
            ("account_id", "A-9"),
        ),
    )
    first = encode_rest(FILLS, ORIGIN)
    assert isinstance(first, HttpCall)
    assert [key for key, _ in first.query] == ["start_timestamp_ns", "end_timestamp_ns", "sort_ts"]


ROW = """{"trade_id":"T-88","order_id":"O-7A1","user_id":"U-5","account_id":"A-5",
    "timestamp":"2026-11-18T11:10:00.000000007Z","symbol":"GBPUSD-PERP","price":"1.2704","quantity":22,"is_taker":false,"fee":"0.31","side":"B","realized_pnl":"0"}"""
BLOCK = """{"trade_id":"T-90","account_id":"A-5","timestamp":"2026-11-18T11:10:01Z","symbol":"GBPUSD-PERP",
    "price":"1.3","quantity":1,"is_taker":true,"fee":"0","side":"S"}"""
LISTED = evolve(TRADE, fee=Money(Decimal("0.31"), "USD"), time=1795000200_000000007)


def test_history_holds_fees_and_leaves_out_what_belongs_to_no_order() -> None:
    facts = read_answer(FILLS, answer(200, f'{{"fills":[{ROW},{BLOCK}],"limit":100,"total_count":2}}'))
    assert facts == (FillsListed(request_id=RequestId(22), trades=(LISTED,), cursor=None),)


def test_a_rebate_is_negative_and_a_missing_fee_is_unknown() -> None:
    rebate = ROW.replace('"0.31"', '"-0.02"')
    untold = ROW.replace('"0.31"', "null")
    (fact,) = read_answer(FILLS, answer(200, f'{{"fills":[{rebate},{untold}]}}'))
    assert isinstance(fact, FillsListed)
    assert [trade.fee for trade in fact.trades] == [Money(Decimal("-0.02"), "USD"), None]


def test_history_goes_on_while_there_is_another_page() -> None:
    page = f'{{"fills":[{ROW}],"next_cursor":"1795000200:T-88"}}'
    (fact,) = read_answer(FILLS, answer(200, page))
    assert isinstance(fact, FillsListed)
    assert fact.cursor == "1795000200:T-88"
    for request, text in (
        (evolve(FILLS, cursor="1795000200:T-88"), page),  # leads back to itself
        (FILLS, '{"fills":[],"next_cursor":"1795000200:T-88"}'),
        (FILLS, f'{{"fills":[{BLOCK}],"next_cursor":""}}'),
    ):
        (fact,) = read_answer(request, answer(200, text))
        assert isinstance(fact, FillsListed)
        assert fact.cursor is None


@pytest.mark.parametrize("bad", ["5", '{"trade_id":"T-1"}', ROW.replace('"quantity":22', '"quantity":0')])
def test_one_bad_row_of_history_does_not_cost_its_neighbours(bad: str) -> None:
    listed, skipped = read_answer(FILLS, answer(200, f'{{"fills":[{bad},{ROW}],"next_cursor":"next"}}'))
    assert isinstance(skipped, Unreadable)
    assert listed == FillsListed(request_id=RequestId(22), trades=(LISTED,), cursor="next")


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason", "why"),
    [
        (400, '{"error":"range too long"}', Outcome.DEFINITE, "range too long", RejectReason.INVALID),
        (400, '{"message":"range too long"}', Outcome.DEFINITE, "range too long", RejectReason.INVALID),
        (400, '{"error":"Bad","message":"x","status":400}', Outcome.DEFINITE, "Bad", RejectReason.INVALID),
        (401, '{"error":"expired"}', Outcome.DEFINITE, "The venue refused the token: expired", RejectReason.PERMISSION),
        (401, "", Outcome.DEFINITE, "The venue refused the token.", RejectReason.PERMISSION),
        (403, "keep out", Outcome.DEFINITE, "keep out", RejectReason.PERMISSION),
        (404, "{}", Outcome.NOT_FOUND, "The venue gave no reason (HTTP status 404).", RejectReason.UNKNOWN_ORDER),
        (429, "", Outcome.THROTTLED, "The venue gave no reason (HTTP status 429).", RejectReason.RATE_LIMIT),
        (502, "bad\n gateway", Outcome.AMBIGUOUS, "bad gateway", RejectReason.UNAVAILABLE),
        (302, "", Outcome.AMBIGUOUS, "The venue gave no reason (HTTP status 302).", RejectReason.OTHER),
    ],
)
def test_an_http_error_refuses_the_request(
    status: int, body: str, outcome: Outcome, reason: str, why: RejectReason
) -> None:
    for request in (PREVIEW, FILLS, PAST):
        (fact,) = read_answer(request, answer(status, body))
        assert fact == RequestRefused(request_id=request.request_id, outcome=outcome, reason=reason, why=why)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", b'{"fills":5,"orders":{},"filled_quantity":"many"}', b"[" * 100_000]
)
def test_an_http_answer_that_cannot_be_read_ends_the_request(body: bytes) -> None:
    for request in (PREVIEW, FILLS, PAST):
        refusal, unreadable = read_answer(request, HttpAnswer(status=200, body=body))
        assert isinstance(refusal, RequestRefused)
        assert refusal.request_id == request.request_id
        assert isinstance(unreadable, Unreadable)
