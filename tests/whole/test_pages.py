"""A web page where a venue would speak JSON is a failure on the way: no verdict about credentials, orders or
instruments, whatever its status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.ax.venue import AxSettings, AxVenue
from protocol.errors import WireError
from protocol.facts import Outcome, RequestRefused
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.reasons import RejectReason
from protocol.requests import ListFills, PlaceOrder
from protocol.values import ClientOrderId, OrderType, RequestId, Side, TimeInForce
from protocol.venue import HttpAnswer

SECRET = "dHJpby1vcmRlcnMgc2ltdWxhdGVk"
VENUES: dict[str, Any] = {
    "ax": AxVenue(AxSettings(api_key="key", api_secret=SECRET)),
    "kraken-spot": KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET)),
    "kraken-futures": KrakenFuturesVenue(KrakenFuturesSettings(api_key="key", api_secret=SECRET)),
}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Access denied</title></head><body>Unauthorized: invalid key</body></html>"
STATUSES = [200, 400, 401, 403, 404, 429, 502, 503, 520]
FILLS = ListFills(request_id=RequestId(7), start=0, end=1, symbol=None)
ORDER = PlaceOrder(
    request_id=RequestId(8),
    symbol="BTC/USD",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=Decimal(1),
    price=Decimal(1),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=False,
    wire_id=ClientOrderId("mine-1"),
    tag=None,
)


def page(status: int) -> HttpAnswer:
    return HttpAnswer(status=status, body=PAGE, headers={"content-type": "text/html; charset=UTF-8"})


# What a page is


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "text/html"),
        (PAGE, "application/json"),
        (PAGE, ""),
        (b"\xef\xbb\xbf\r\n\t " + PAGE, ""),
        (b"\n" * 500 + b"<?xml version='1.0'?><html/>", "application/xhtml+xml"),
        (b"", "text/html"),
        (b"error code: 1020", "TEXT/HTML; charset=utf-8"),
    ],
)
def test_a_page_shows_by_its_first_sign_or_its_label(body: bytes, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert HttpAnswer(status=200, body=body, headers=headers).is_page


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"error":"no"}', "application/json"),
        (b' {"error":"<b>no</b>"}', "text/html"),
        (b"[]", "text/html"),
        (b"", ""),
        (b"", "application/json"),
        (b"keep out", "text/plain"),
    ],
)
def test_json_under_a_wrong_label_and_plain_text_are_no_pages(body: bytes, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = HttpAnswer(status=403, body=body, headers=headers)
    assert not answer.is_page
    assert answer.page_problem is None


def test_a_page_is_told_in_a_sentence() -> None:
    assert page(403).page_problem == (
        "A web page came in place of the venue's answer (HTTP status 403): something between us and the venue answered"
        " for it."
    )


# What venues make of one


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("venue", ["ax", "kraken-spot"])
def test_a_page_does_not_refuse_the_credentials(venue: str, status: int) -> None:
    with pytest.raises(WireError):
        VENUES[venue].read_token(page(status))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("venue", list(VENUES))
def test_a_page_is_no_list_of_instruments(venue: str, status: int) -> None:
    with pytest.raises(WireError):
        VENUES[venue].read_instruments(page(status))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("venue", ["kraken-spot", "kraken-futures"])
def test_a_page_leaves_open_what_became_of_an_order(venue: str, status: int) -> None:
    refusal = VENUES[venue].read_answer(ORDER, page(status))[0]
    assert isinstance(refusal, RequestRefused)
    assert (refusal.request_id, refusal.outcome) == (8, Outcome.AMBIGUOUS)
    assert refusal.why in (RejectReason.OTHER, RejectReason.UNAVAILABLE)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("venue", list(VENUES))
def test_a_page_answers_no_question(venue: str, status: int) -> None:
    refusal = VENUES[venue].read_answer(FILLS, page(status))[0]
    assert isinstance(refusal, RequestRefused)
    assert refusal.outcome in (
        Outcome.DEFINITE,
        Outcome.AMBIGUOUS,
    )  # the question failed; nothing was found or not found
    assert refusal.request_id == 7
