"""What each venue's refusals mean in terms that all venues share (spec AX 4.5, 6.6, 6.7; Kraken A.16, B.7, B.12)."""

from __future__ import annotations

import pytest

from protocol.ax import enumerations as ax
from protocol.kraken_futures import enumerations as futures
from protocol.kraken_spot import enumerations as spot
from protocol.reasons import RejectReason as R

AX_CODES = {
    "CLOSE_ONLY": R.REDUCE_ONLY,
    "INSUFFICIENT_MARGIN": R.INSUFFICIENT_FUNDS,
    "MAX_OPEN_ORDERS_EXCEEDED": R.ORDER_LIMIT,
    "UNKNOWN_SYMBOL": R.UNKNOWN_INSTRUMENT,
    "EXCHANGE_CLOSED": R.MARKET_CLOSED,
    "INCORRECT_QUANTITY": R.QUANTITY,
    "INVALID_PRICE_INCREMENT": R.PRICE,
    "INCORRECT_ORDER_TYPE": R.INVALID,
    "PRICE_OUT_OF_BOUNDS": R.PRICE,
    "NO_LIQUIDITY": R.NO_LIQUIDITY,
    "INSUFFICIENT_CREDIT_LIMIT": R.INSUFFICIENT_FUNDS,
    "ORIGINAL_ORDER_TERMINATED": R.UNKNOWN_ORDER,
    "DUPLICATE_CLIENT_ORDER_ID": R.DUPLICATE_ID,
    "ORDER_NOT_FOUND": R.UNKNOWN_ORDER,
    "UNKNOWN": R.OTHER,
    "NEWER_THAN_THIS_CLIENT": R.OTHER,
    "A Post-Only order would cross the book here": R.POST_ONLY,
    "it may participate but not initiate": R.POST_ONLY,
}


@pytest.mark.parametrize("code", AX_CODES)
def test_a_code_of_ax_says_why(code: str) -> None:
    assert ax.why_refused(code) is AX_CODES[code]
    assert ax.why_refused(None, code) is AX_CODES[code], "or the order's own"


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        (400, "81.20 of margin needed, 12.00 available", R.INSUFFICIENT_FUNDS),
        (400, "post-only order would cross the book", R.POST_ONLY),
        (400, "Unknown symbol TEA-PERP", R.UNKNOWN_INSTRUMENT),
        (400, "q 1 is below the minimum of 5", R.QUANTITY),
        (400, "tif is odd", R.INVALID),
        (401, "the margin of your token", R.PERMISSION),
        (403, "this key may only read", R.PERMISSION),
        (404, "no such open order", R.UNKNOWN_ORDER),
        (409, "not acknowledged yet, try again shortly", R.TOO_EARLY),
        (409, "cid 9 already exists", R.DUPLICATE_ID),
        (429, "too many requests", R.RATE_LIMIT),
        (503, None, R.UNAVAILABLE),
        (418, "teapot", R.OTHER),
    ],
)
def test_an_error_of_ax_says_why(code: int, text: str | None, why: R) -> None:
    assert ax.why_refused(text, code=code) is why


def test_each_status_of_kraken_futures_that_refuses_says_why() -> None:
    words = futures.SEND_REFUSALS | futures.EDIT_REFUSALS.keys() | futures.ERRORS.keys()
    feed = {word for word, kind in futures.REASONS.items() if "REFUSED" in kind.name or kind.name == "CUT_SHORT"}
    assert {word for word in words | feed if futures.why_refused(word) is R.OTHER} == set()


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("insufficientAvailableFunds", R.INSUFFICIENT_FUNDS),
        ("postWouldExecute", R.POST_ONLY),
        ("post_order_failed_because_it_would_be_filled", R.POST_ONLY),
        ("tooManyOrders", R.ORDER_LIMIT),
        ("maxPositionViolation", R.POSITION_LIMIT),
        ("outsidePriceCollar", R.PRICE),
        ("invalidSize", R.QUANTITY),
        ("marketSuspended", R.MARKET_CLOSED),
        ("clientOrderIdAlreadyExist", R.DUPLICATE_ID),
        ("wouldProcessAfterSpecifiedTime", R.DEADLINE),
        ("invalidArgument: size", R.INVALID),
        ("novel; apiLimitExceeded", R.RATE_LIMIT),
        ("accountInactive", R.PERMISSION),
        ("orderForEditNotFound", R.UNKNOWN_ORDER),
        ("somethingNew", R.OTHER),
        ("", R.OTHER),
    ],
)
def test_a_reason_of_kraken_futures_says_why(reason: str, why: R) -> None:
    assert futures.why_refused(reason) is why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("EOrder:Insufficient funds", R.INSUFFICIENT_FUNDS),
        ("EOrder:Post only order", R.POST_ONLY),
        ("Post only order", R.POST_ONLY),
        ("EOrder:Order minimum not met", R.QUANTITY),
        ("EOrder:Cost minimum not met", R.QUANTITY),
        ("EOrder:Tick size check failed", R.PRICE),
        ("EOrder:Invalid price", R.PRICE),
        ("EOrder:Limit price check failed", R.PRICE),
        ("EOrder:Reduce only:No position exists", R.REDUCE_ONLY),
        ("EOrder:Margin allowance exceeded", R.POSITION_LIMIT),
        ("EOrder:Margin level too low", R.INSUFFICIENT_FUNDS),
        ("EOrder:Cannot open position", R.PERMISSION),
        ("EOrder:Orders limit exceeded", R.ORDER_LIMIT),
        ("EOrder:Scheduled orders limit exceeded", R.ORDER_LIMIT),
        ("EOrder:Positions limit exceeded", R.POSITION_LIMIT),
        ("EOrder:Trading agreement required", R.PERMISSION),
        ("EOrder:Invalid order", R.INVALID),
        ("EOrder:Unknown order", R.UNKNOWN_ORDER),
        ("EGeneral:Invalid arguments:ordertype", R.INVALID),
        ("EQuery:Unknown asset pair", R.UNKNOWN_INSTRUMENT),
        ("EGeneral:Permission denied", R.PERMISSION),
        ("EAPI:Invalid token", R.PERMISSION),
        ("EOrder:Rate limit exceeded", R.RATE_LIMIT),
        ("EOrder:Domain rate limit exceeded", R.RATE_LIMIT),
        ("EService: Throttled: 1795000200", R.RATE_LIMIT),
        ("EAPI:Invalid nonce", R.TOO_EARLY),
        ("EService:Unavailable", R.UNAVAILABLE),
        ("EService:Deadline elapsed", R.DEADLINE),
        ("EService:Market in post_only mode", R.MARKET_CLOSED),
        ("EOrder:Something new", R.OTHER),
        ("Something new", R.OTHER),
        (None, R.OTHER),
    ],
)
def test_a_text_of_kraken_spot_says_why(text: str | None, why: R) -> None:
    assert spot.why_refused(text) is why


def test_an_invalid_order_is_an_unknown_one_where_it_was_to_be_canceled_or_replaced() -> None:
    assert spot.why_refused("EOrder:Invalid order", of_known_order=True) is R.UNKNOWN_ORDER


def test_each_text_of_kraken_spot_that_the_spec_lists_says_why() -> None:
    listed = [text for texts in spot.ERRORS.values() for text in texts]
    assert [text for text in listed if spot.why_refused(text) is R.OTHER] == ["EOrder:"]
