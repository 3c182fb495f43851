"""How much of an order's executed quantity the venue counts and we have not heard fills for."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..tracking import Window
from ..values import ZERO, ClientOrderId

__all__ = ["Gaps"]

GAP_WINDOW: Final = 10_000


class Gaps:
    """Owns the quantities that were reported missing on the present connection."""

    def __init__(self) -> None:
        self._missing: Window[ClientOrderId, Decimal] = Window(GAP_WINDOW)

    def __len__(self) -> int:
        return len(self._missing)

    def note(self, client_order_id: ClientOrderId, missing: Decimal) -> bool:
        """True if more is missing than was reported before."""
        if missing <= 0:
            if len(self._missing):
                self._missing.pop(client_order_id)
            return False
        if missing <= (self._missing.get(client_order_id) or ZERO):
            return False
        self._missing.put(client_order_id, missing)
        return True

    def shrink(self, client_order_id: ClientOrderId, quantity: Decimal) -> None:
        """A fill that was missing has come."""
        missing = self._missing.get(client_order_id)
        if missing is None:
            return
        if missing > quantity:
            self._missing.put(client_order_id, missing - quantity)
        else:
            self._missing.pop(client_order_id)

    def forget(self) -> None:
        """The connection is gone: what is still missing is reported again after the next login."""
        self._missing = Window(GAP_WINDOW)
