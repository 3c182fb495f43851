"""The books of `examples/programs` while fills are missing: they count what the venue counts, and say so."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from trio_orders import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    LiquiditySide,
    Money,
    OrderIdentity,
    OrderStatus,
    OrderType,
    Side,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
    events,
)

MINE = ClientOrderId("mine")
IDENTITY = OrderIdentity(
    trader=TraderId("me"),
    strategy=StrategyId("any"),
    account=AccountId("one"),
    instrument=InstrumentId("XAU-PERP", "AX"),
    client_order_id=MINE,
    side=Side.BUY,
    type=OrderType.LIMIT,
    currency="USD",
    wire_id=None,
    local_time=1,
)


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples" / "programs"))
    return import_module("books").Books()


def filled(cumulative: int, *, side: Side | None = Side.BUY, fee: Money | None = None) -> events.Filled:
    """Two contracts at 100 dollars."""
    return events.Filled(
        local_time=1,
        identity=IDENTITY,
        venue_order_id=VenueOrderId("v"),
        venue_time=5 + cumulative,
        trade_id=TradeId(f"t{cumulative}"),
        fill_venue_order_id=VenueOrderId("v"),
        last_price=Decimal(100),
        last_quantity=Decimal(2),
        cumulative=Decimal(cumulative),
        leaves=Decimal(10 - cumulative),
        overfill=Decimal(0),
        currency="USD",
        commission=fee,
        liquidity=LiquiditySide.MAKER,
        status=OrderStatus.PARTIALLY_FILLED,
        side=side,
    )


def missing(identity: OrderIdentity | None, reported: int) -> events.MissingFills:
    return events.MissingFills(
        local_time=1,
        venue="AX",
        account=AccountId("one"),
        connection=1,
        identity=identity,
        venue_order_id=None,
        known=Decimal(0),
        reported=Decimal(reported),
    )


def test_a_fill_that_the_venue_counts_is_executed_before_it_is_heard(books: Any) -> None:
    books.take(filled(2))
    books.take(missing(IDENTITY, 6))
    assert (books.executed(MINE), books.position, books.certain) == (6, 2, False)
    books.take(filled(4))
    assert not books.certain
    books.take(filled(6))
    assert (books.executed(MINE), books.position, books.certain) == (6, 6, True)


def test_nothing_is_certain_once_the_history_of_the_account_is_not_read(books: Any) -> None:
    books.take(missing(None, 0))
    assert not books.certain


def test_a_fill_without_a_side_is_not_guessed(books: Any) -> None:
    books.take(filled(2, side=None))
    assert (books.position, books.certain) == (0, False)


def test_a_fee_that_comes_later_is_paid_once(books: Any) -> None:
    fee = Money(Decimal("0.3"), "USD")
    books.take(filled(2))
    assert books.unpaid == {"t2"}
    books.take(
        events.FeeReported(
            local_time=1,
            identity=IDENTITY,
            venue_order_id=VenueOrderId("v"),
            venue_time=7,
            trade_id=TradeId("t2"),
            fill_venue_order_id=VenueOrderId("v"),
            commission=fee,
        )
    )
    books.take(filled(4, fee=fee))
    assert (books.unpaid, books.fees) == (set(), {"USD": Decimal("0.6")})
    assert books.profit(Decimal(101)) == Decimal("3.4")
    assert (books.first, books.last) == (7, 9)
