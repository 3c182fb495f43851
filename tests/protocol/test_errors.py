"""Errors carry data beside their sentence, survive a pickle, and compare by what they say."""

from __future__ import annotations

import copy
import inspect
import pickle
from decimal import Decimal

import pytest

from protocol import errors
from protocol.errors import (
    AuthenticationError,
    ConnectFailed,
    CursorAhead,
    CursorExpired,
    DuplicateOrder,
    JournalError,
    NotSent,
    OrderEnded,
    OrderRejected,
    OutcomeUnknown,
    RequestFailed,
    SessionError,
    SubscriberLagged,
    Throttled,
    TradingError,
    WireError,
)
from protocol.reasons import RejectReason, Why
from protocol.values import ClientOrderId, OrderStatus

MINE = ClientOrderId("mine")
SAMPLES: tuple[TradingError, ...] = (
    TradingError("It failed."),
    NotSent("Wait.", why=Why.THROTTLED, retry_after=0.9, client_order_id=MINE, field="quantity"),
    DuplicateOrder("Again?", client_order_id=MINE),
    OrderRejected("No.", why=RejectReason.INSUFFICIENT_FUNDS, reason="EOrder:Insufficient funds", client_order_id=MINE),
    OrderEnded(
        "Over.",
        client_order_id=MINE,
        status=OrderStatus.CANCELED,
        cumulative=Decimal(1),
        quantity=Decimal(3),
        reason="asked for",
    ),
    OutcomeUnknown("Who knows?", client_order_id=MINE),
    RequestFailed("No.", why=RejectReason.RATE_LIMIT, reason="EAPI:Rate limit exceeded", client_order_id=MINE),
    WireError("What?"),
    Throttled("Later.", 1_000_000_000),
    SubscriberLagged("Too slow.", last_read=7, first_lost=8),
    JournalError("Somebody else writes it.", path="orders.db"),
    CursorAhead("Lost.", path="orders.db", last="00c0ffee00c0ffee-0123456789abcdef-7"),
    CursorExpired("Dropped.", path="orders.db", oldest="00c0ffee00c0ffee-0123456789abcdef-7"),
    ConnectFailed("Nobody there.", venue="AX", url="wss://example.com", attempts=5),
    AuthenticationError("Not you.", venue="AX"),
    SessionError("It ended.", venue="AX"),
)


KINDS = sorted({type(error) for error in SAMPLES}, key=lambda kind: kind.__name__)


def name(error: TradingError) -> str:
    return type(error).__name__


def test_every_error_has_a_sample_here() -> None:
    public = {getattr(errors, each) for each in errors.__all__} - {errors.LinkError}
    assert set(KINDS) == public


@pytest.mark.parametrize("error", SAMPLES, ids=name)
def test_an_error_survives_a_pickle_and_a_copy(error: TradingError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), error.again()):
        assert other is not error
        assert other == error
        assert hash(other) == hash(error)
        assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("error", SAMPLES, ids=name)
def test_an_error_of_other_words_or_data_is_another(error: TradingError) -> None:
    assert error != error.reworded("Something else.")
    assert error != ValueError(str(error))
    for attribute in vars(error):
        other = copy.copy(error)
        setattr(other, attribute, object())
        assert other != error


@pytest.mark.parametrize("error", SAMPLES, ids=name)
def test_a_sentence_alone_makes_an_error(error: TradingError) -> None:
    """So pickle can, and an error of which nothing more is known says so by its defaults."""
    bare = type(error)("One sentence.")
    assert str(bare) == "One sentence."
    assert vars(bare).keys() == vars(error).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_each_attribute_is_documented_in_its_class(kind: type[TradingError]) -> None:
    declared = {each for base in kind.__mro__ for each in inspect.get_annotations(base)}
    assert vars(kind("")).keys() <= declared


def test_other_words_keep_the_data_and_can_name_the_order() -> None:
    error = NotSent("the price is odd.", field="price")
    told = error.reworded("Order mine was not sent: the price is odd.", client_order_id=MINE)
    assert (str(told), told.field, told.why) == ("Order mine was not sent: the price is odd.", "price", Why.INVALID)
    assert (told.client_order_id, error.client_order_id) == (MINE, None)
    assert told.reworded("x", client_order_id=ClientOrderId("b")).client_order_id == MINE, "who named it first knows"
    assert vars(WireError("x").reworded("y", client_order_id=MINE)) == {}


def test_a_duplicate_is_one_by_its_class_and_by_its_reason() -> None:
    duplicate = DuplicateOrder("Again?", client_order_id=MINE)
    assert isinstance(duplicate, NotSent)
    assert (duplicate.why, duplicate.field) == (Why.DUPLICATE_ID, "client_order_id")
