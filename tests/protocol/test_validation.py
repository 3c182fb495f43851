"""What is of the wrong type, or makes no sense, is refused in one sentence: field, what is expected, what came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from actors import ApiKey, AxConfig, KrakenFuturesConfig, KrakenSpotConfig, NewOrder
from protocol import commands
from protocol.values import Side

KEY = ApiKey("k", "s")
NOON = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - a naive one is what people hand in


def buy(**terms: Any) -> NewOrder:
    known: dict[str, Any] = {"side": Side.BUY, "quantity": 1, "price": 1}
    return NewOrder.limit("XAU-PERP.AX", **(known | terms))


SENTENCES: dict[str, Callable[[], object]] = {
    "AxConfig: credentials must be an ApiKey, a Password or a Token, or None, not a tuple.": lambda: AxConfig(
        credentials=("a", "b")  # type: ignore[arg-type]
    ),
    "AxConfig: credentials must be an ApiKey, a Password or a Token, or None, not a str.": lambda: AxConfig(
        credentials="my secret"  # type: ignore[arg-type]
    ),
    "ApiKey: secret must be text, not a bytes.": lambda: ApiKey("k", b"s"),  # type: ignore[arg-type]
    "AxConfig: requests_per_second must be a whole number of at least 1, or None, not 2.5.": lambda: AxConfig(
        requests_per_second=2.5  # type: ignore[arg-type]
    ),
    "AxConfig: order_credits must be a whole number of at least 1, not True.": lambda: AxConfig(order_credits=True),
    "AxConfig: strict must be True or False, not 'no'.": lambda: AxConfig(strict="no"),  # type: ignore[arg-type]
    "AxConfig: on_close must be an OnClose, not 'cancel_all'.": lambda: AxConfig(
        on_close="cancel_all"  # type: ignore[arg-type]
    ),
    "AxConfig: instruments must be a tuple of Instrument, not a list.": lambda: AxConfig(
        instruments=[]  # type: ignore[arg-type]
    ),
    "ReadFills: start must be a whole number of nanoseconds since 1970, not a datetime.": lambda: commands.ReadFills(
        NOON,  # type: ignore[arg-type]
        0,
    ),
    "Cancel: client_order_id must be text, not None.": lambda: commands.Cancel(None),  # type: ignore[arg-type]
    "Place: order must be a NewOrder, not 'a'.": lambda: commands.Place("a"),  # type: ignore[arg-type]
    "Batch: legs must be a tuple of Place, Replace and Cancel, not a list.": lambda: commands.Batch(
        []  # type: ignore[arg-type]
    ),
    "Batch: legs must be a tuple of Place, Replace and Cancel, not 'a'.": lambda: commands.Batch(
        ("a",)  # type: ignore[arg-type]
    ),
    "NewOrder: side must be Side.BUY or Side.SELL, not 'buy'.": lambda: buy(side="buy"),
    "NewOrder: post_only must be True or False, not 'yes'.": lambda: buy(post_only="yes"),
    "NewOrder: tag must be text, or None, not 5.": lambda: buy(tag=5),
    "NewOrder: expire_time must be a whole number of nanoseconds since 1970, or None, not a datetime.": lambda: buy(
        expire_time=NOON
    ),
    "NewOrder: options must be a VenueOptions, or None, not a dict.": lambda: buy(options={"tier": "pro"}),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_value_of_the_wrong_type_is_refused_in_a_sentence(sentence: str) -> None:
    with pytest.raises(TypeError) as refusal:
        SENTENCES[sentence]()
    assert str(refusal.value) == sentence


UNLIKELY: dict[str, Callable[[], object]] = {
    "KrakenSpotConfig: tier must be 'starter', 'intermediate' or 'pro', not 'Pro'.": lambda: KrakenSpotConfig(
        credentials=KEY,
        tier="Pro",  # type: ignore[arg-type]
    ),
    "KrakenFuturesConfig: qty_semantics must be 'auto', 'remaining' or 'total', not 'all'.": lambda: (
        KrakenFuturesConfig(credentials=KEY, qty_semantics="all")  # type: ignore[arg-type]
    ),
    "AxConfig: heartbeat must be a number of seconds above 0, not 0.": lambda: AxConfig(heartbeat=0),
    "AxConfig: close_grace must be a number of seconds of at least 0, not nan.": lambda: AxConfig(
        close_grace=float("nan")
    ),
    "AxConfig: cancel_all_after must be a whole number of seconds, from 0 to 86,399, not 86400.": lambda: AxConfig(
        cancel_all_after=86_400
    ),
}


@pytest.mark.parametrize("sentence", UNLIKELY)
def test_a_value_that_makes_no_sense_is_refused_in_a_sentence(sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        UNLIKELY[sentence]()
    assert str(refusal.value) == sentence


def test_a_secret_never_shows_in_a_refusal() -> None:
    for write in (lambda: AxConfig(credentials="hunter2"), lambda: commands.Authenticate(["hunter2"])):  # type: ignore[arg-type]
        with pytest.raises(TypeError) as refusal:
            write()
        assert "hunter2" not in str(refusal.value)


def test_what_is_right_passes() -> None:
    assert buy(post_only=True, tag="a", expire_time=5).quantity == Decimal(1)
    assert commands.CancelAll().instrument is None
    assert KrakenSpotConfig(credentials=KEY, tier="pro").tier == "pro"
