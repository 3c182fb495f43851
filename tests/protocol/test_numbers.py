"""Which decimals of a wire can be meant, and how they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.wire.numbers import amount, is_plausible, plain, positive


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "1E+31", "1E-31", "0E-31", "0E+31"])
def test_a_number_out_of_all_proportion_is_none(number: str) -> None:
    """A zero, too: written plainly, it may have a thousand million digits."""
    assert not is_plausible(Decimal(number))
    assert amount(Decimal(number)) is None
    assert positive(Decimal(number)) is None


@pytest.mark.parametrize("number", ["9.99E+30", "1E-30", "0", "-0.0", "0.00000000"])
def test_a_number_in_proportion_is_an_amount(number: str) -> None:
    assert is_plausible(Decimal(number))
    assert amount(Decimal(number)) == Decimal(number)
    assert positive(Decimal(number)) == (Decimal(number) or None)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.10", "1.1"),
        ("2.00", "2"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("-0", "0"),
        ("100", "100"),
        ("0.0", "0"),
    ],
)
def test_numbers_are_written_plainly(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e20", max_value="1e20"))
def test_a_number_written_plainly_is_the_same_number(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text
