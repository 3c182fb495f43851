"""What a client order id may be, and its form on a wire that takes short ones."""

from __future__ import annotations

from typing import Final

from .values import ClientOrderId

__all__ = ["LONGEST_ANYWHERE", "is_name", "is_name_in_ascii", "is_short", "short_form"]

LONGEST: Final = 36
"""Characters, where a venue says nothing else."""
LONGEST_ANYWHERE: Final = 100
"""At Kraken Futures."""
LONGEST_FREE_TEXT: Final = 18
HEX: Final = frozenset("0123456789abcdefABCDEF")


def is_name(name: str, longest: int = LONGEST) -> bool:
    """True for 1 to 36, or to `longest`, printable characters."""
    return 1 <= len(name) <= longest and name.isprintable()


def is_name_in_ascii(name: str, longest: int = LONGEST) -> bool:
    return is_name(name, longest) and name.isascii()


def is_short(name: str) -> bool:
    """True for what Kraken Spot takes as it is: a UUID, 32 hex digits or up to 18 characters (spec Kraken A.13)."""
    length = len(name)
    if length <= LONGEST_FREE_TEXT or (length == 36 and name.count("-") == 4):
        return True
    return length == 32 and HEX.issuperset(name)


def short_form(client_order_id: ClientOrderId) -> str:
    """The id as Kraken Spot takes it: of anything too long the last 17 characters behind an O. Dispatch finds the
    order by it; two that become alike are told apart there."""
    return client_order_id if is_short(client_order_id) else "O" + client_order_id[-17:]
