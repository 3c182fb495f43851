"""What a journal knows of fills and names that memory has forgotten."""

from __future__ import annotations

from typing import Final, Protocol

__all__ = ["NOTHING_KNOWN", "Known"]


class Known(Protocol):
    """Asked only for what has slid out of memory, because each question costs a look into an index. As
    `protocol.journal.Known` has it."""

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        """Of a fill that was published: whether its fee is known. None: it was never published."""
        ...

    def is_used(self, client_order_id: str) -> bool:
        """Whether an order of the session ever had this name."""
        ...


class _NothingKnown:
    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        return None

    def is_used(self, client_order_id: str) -> bool:
        return False


NOTHING_KNOWN: Final[Known] = _NothingKnown()
"""Where there is no journal."""
