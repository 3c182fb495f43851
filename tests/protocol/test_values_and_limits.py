"""Exact numbers, instruments, back-off and token buckets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.limits import FIRST_CONNECT, RECONNECT, Bucket
from protocol.values import Instrument, InstrumentId, exact

SECOND = 1_000_000_000


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_what_is_no_exact_number_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        exact(value)


def test_a_number_that_is_refused_is_named() -> None:
    with pytest.raises(TypeError, match=r"^The number 0\.1 must be given as text, int or Decimal, not as float\.$"):
        exact(0.1)


@pytest.mark.parametrize("value", ["", "abc", "NaN", "Infinity", Decimal("NaN")])
def test_what_is_no_finite_number_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError):
        exact(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_text_and_decimal_stay_as_they_are(number: Decimal) -> None:
    assert str(exact(str(number))) == str(number)


def test_instruments_are_written_symbol_dot_venue() -> None:
    assert str(InstrumentId.parse("BRK.B.AX")) == "BRK.B.AX"
    assert InstrumentId.parse("BRK.B.AX") == InstrumentId("BRK.B", "AX")
    for wrong in ("EURUSD", ".AX", "EURUSD."):
        with pytest.raises(ValueError, match="SYMBOL"):
            InstrumentId.parse(wrong)


def test_an_instrument_knows_its_grid() -> None:
    euro = Instrument(id="EURUSD.AX", price_increment="0.0005", quantity_increment="10")
    assert (euro.price_precision, euro.quantity_precision) == (4, 0)
    assert euro.price_fits(Decimal("1.1005"))
    assert not euro.price_fits(Decimal("1.1001"))
    assert euro.quantity_fits(Decimal(20))
    assert not euro.price_fits(Decimal("1e40")), "more digits than arithmetic keeps fit nothing"
    with pytest.raises(ValueError, match="greater than zero"):
        Instrument(id="EURUSD.AX", price_increment="0")


def test_the_documented_delays() -> None:
    assert [FIRST_CONNECT.delay(n, 0.0) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert [RECONNECT.delay(n, 0.0) for n in range(1, 6)] == [0.0, 0.5, 0.75, 1.125, 1.6875]
    assert RECONNECT.delay(10_000, 0.0) == 5.0
    assert FIRST_CONNECT.delay(1, 0.5) == 0.625


@given(st.integers(1, 50), st.integers(1, 50), st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 5))))
def test_a_bucket_never_gives_more_than_it_was_filled_with(
    rate: int, capacity: int, steps: list[tuple[int, int]]
) -> None:
    now, spent = 0, 0
    bucket = Bucket.full(rate=rate, capacity=capacity, now=now)
    for pause, cost in steps:
        now += pause
        paid = bucket.take(cost, now)
        if paid is not None:
            bucket, spent = paid, spent + cost
        elif cost <= capacity:
            ready = bucket.ready_at(cost, now)
            assert ready > now
            assert bucket.take(cost, ready) is not None
            assert bucket.take(cost, ready - 1) is None
        assert spent * SECOND <= capacity * SECOND + now * rate
