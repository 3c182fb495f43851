"""Decimals as they come over a wire: which of them can be meant, and how they are written."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["amount", "is_plausible", "plain", "positive"]

PLAUSIBLE_DIGITS: Final = 30
FEWEST_DIGITS: Final = -PLAUSIBLE_DIGITS
SMALLEST: Final = Decimal(1).scaleb(-PLAUSIBLE_DIGITS)
LARGEST: Final = Decimal(10).scaleb(PLAUSIBLE_DIGITS)


def is_plausible(number: Decimal) -> bool:
    """False for NaN, infinities, and magnitudes that only a broken message can hold (and that would cost gigabytes in
    plain notation, even of a zero)."""
    return number.is_finite() and FEWEST_DIGITS <= number.adjusted() <= PLAUSIBLE_DIGITS


def positive(number: Decimal | None) -> Decimal | None:
    """`number` if it is more than zero and plausible. A zero price means that there is none (spec E.3)."""
    if number is None:
        return None
    try:
        return number if SMALLEST <= number < LARGEST else None
    except ArithmeticError:  # not a number
        return None


def amount(number: Decimal | None) -> Decimal | None:
    """`number` if it can be a quantity: plausible and not negative."""
    if number:
        try:
            return number if SMALLEST <= number < LARGEST else None
        except ArithmeticError:  # not a number
            return None
    return number if number is not None and is_plausible(number) else None


def plain(number: Decimal) -> str:
    """`number` without exponent and without trailing zeros after the point. Never rounds."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
