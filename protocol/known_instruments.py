"""What is said of an instrument that a client does not know."""

from __future__ import annotations

from .values import InstrumentId

__all__ = ["not_known"]


def not_known(wanted: InstrumentId, venue: str) -> str:
    """The reason for which nothing is sent for this instrument. venue: whose client was asked."""
    if wanted.venue != venue:
        return f"instrument {wanted} is not in the cache: it is of {wanted.venue}, and this is a client of {venue}."
    return f"instrument {wanted} is not in the cache; cache it first, or check its name."
